"""Twilio: sends, answers, signatures and callbacks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, STATUS_URL, adapter_of, callback, message, read_form
from twoticks.errors import BadInput, Unverified
from twoticks.providers.base import ButtonValue, CallbackRequest, HeaderValue, HttpResponse, SendError, Status, Unusable
from twoticks.providers.registry import Limits, limits, split
from twoticks.providers.twilio import TwilioAdapter
from twoticks.providers.twilio_callbacks import IGNORED, WORDS
from twoticks.providers.twilio_errors import CODES
from twoticks.vocabulary import ErrorKind

EXAMPLE = EXAMPLES["twilio"]
CONTENT = "HX0000000000000000000000000000000a"
SERVICE = "MG00000000000000000000000000000001"
KEY = {"api_key_sid": "SK00000000000000000000000000000001", "api_key_secret": "k3y-secret"}
SID = "SM5af0eeb1db1d4b6bb0b9a2b8b5a30001"


def _sent(**changed: Any) -> dict[str, str]:
    return read_form(adapter_of("twilio").request(message(**changed)).body)


def _variables(**changed: Any) -> Any:
    return msgspec.json.decode(_sent(**changed)["ContentVariables"])


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("twilio").answer(HttpResponse(status, headers, raw))
    return caught.value


def _parse(query: str = "", **fields: str) -> Any:
    body = urlencode(fields).encode()
    found = adapter_of("twilio").parse(CallbackRequest("POST", f"{STATUS_URL}?{query}", query, {}, body))
    return found[0] if found else None


def _signed(
    url: str, fields: dict[str, str] | None = None, *, token: str = EXAMPLE.secret, signed: str = "", **changed: Any
) -> CallbackRequest:
    """A callback to `url`, signed over `signed` where that is another spelling of it."""
    text = (signed or url) + "".join(name + value for name, value in sorted((fields or {}).items()))
    signature = base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
    parts: dict[str, Any] = {
        "method": "POST",
        "url": url,
        "query": url.partition("?")[2],
        "headers": {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"},
        "body": urlencode(fields or {}).encode(),
    }
    return CallbackRequest(**{**parts, **changed})


def test_send_is_a_content_template() -> None:
    request = adapter_of("twilio").request(message(template=CONTENT))
    assert request.url == "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json"
    pair = base64.b64encode(b"AC00000000000000000000000000000001:7wilio-t0ken").decode()
    assert request.headers == {
        "authorization": f"Basic {pair}",
        "content-type": "application/x-www-form-urlencoded",
    }
    fields = read_form(request.body)
    assert msgspec.json.decode(fields.pop("ContentVariables")) == {
        "1": "Zoë 👋",
        "2": "A-1",
        "3": "image.png",
        "4": "c/AbC",
        "5": "SAVE10",
    }
    assert fields == {
        "To": "whatsapp:+919999999999",
        "From": "whatsapp:+14155238886",
        "ContentSid": CONTENT,
        "StatusCallback": f"{STATUS_URL}?ref=12-7-k3x9-12",
    }


def test_status_callback_url_holds_nothing_that_anyone_would_encode_anew() -> None:
    assert all(character.isalnum() or character in "-._~:/?=" for character in _sent()["StatusCallback"])


def test_without_a_callback_url_the_one_set_at_twilio_counts() -> None:
    adapter = adapter_of("twilio")
    assert isinstance(adapter, TwilioAdapter)
    adapter.callback_url = ""
    assert "StatusCallback" not in read_form(adapter.request(message()).body)


def test_template_without_variables_has_none() -> None:
    assert "ContentVariables" not in _sent(header=None, body=(), buttons=())


@pytest.mark.parametrize(
    ("header", "values"),
    [
        (HeaderValue("text", text="Sale"), []),
        (HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",)), ["Zoë"]),
        (HeaderValue("image", link="https://cdn.example/a/b.png?v=1"), ["a/b.png?v=1"]),
        (HeaderValue("document", link="https://cdn.example/a.pdf", filename="a.pdf"), ["a.pdf"]),
        (HeaderValue("location", latitude="1", longitude="2"), []),
    ],
)
def test_variable_of_each_header(header: HeaderValue, values: list[str]) -> None:
    assert list(_variables(header=header, buttons=()).values()) == ["Zoë 👋", "A-1", *values]


def test_only_buttons_with_a_variable_count() -> None:
    buttons = (
        ButtonValue(0, "quick_reply", "Yes"),
        ButtonValue(1, "url", "Shop", "https://shop.example"),
        ButtonValue(2, "url", "Track", "t1", dynamic=True),
        ButtonValue(3, "phone_number", "Call", "+1"),
    )
    assert _variables(header=None, body=("a",), buttons=buttons) == {"1": "a", "2": "t1"}


def test_messaging_service_may_stand_in_the_place_of_a_number() -> None:
    fields = read_form(adapter_of("twilio", from_number=None, messaging_service_sid=SERVICE).request(message()).body)
    assert "From" not in fields
    assert fields["MessagingServiceSid"] == SERVICE


def test_api_key_signs_in_in_the_place_of_the_token() -> None:
    header = adapter_of("twilio", **KEY).request(message()).headers["authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")) == b"SK00000000000000000000000000000001:k3y-secret"


def test_first_of_two_tokens_signs_in() -> None:
    header = adapter_of("twilio", auth_token=["new", "old"]).request(message()).headers["authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")).endswith(b":new")


def test_address_may_be_that_of_a_region() -> None:
    adapter = adapter_of("twilio", api_url="https://api.dublin.ie1.twilio.com/")
    assert adapter.request(message()).url.startswith("https://api.dublin.ie1.twilio.com/2010-04-01/")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"from_number": None}, "settings.from_number"),
        ({"from_number": "whatsapp:+1"}, "settings.from_number"),
        ({"account_sid": "AC1"}, "settings.account_sid"),
        ({"account_sid": "AC0000000000000000000000000000000/"}, "settings.account_sid"),
        ({"auth_token": ""}, "settings.auth_token"),
        ({"auth_token": []}, "settings.auth_token"),
        ({"auth_token": ["a", "b", "c"]}, "settings.auth_token"),
        ({"messaging_service_sid": "x"}, "settings.messaging_service_sid"),
        ({"api_key_sid": KEY["api_key_sid"]}, "settings.api_key_secret"),
        ({"api_key_secret": "x"}, "settings.api_key_sid"),
        ({"api_url": "api.twilio.com"}, "settings.api_url"),
        ({"callback_url": "https://x"}, "settings.callback_url"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("twilio", {**EXAMPLE.settings, **changed})
    assert caught.value.field == field


def test_secret_of_an_api_key_is_secret() -> None:
    public, secrets = split("twilio", {**EXAMPLE.settings, **KEY})
    assert secrets == {"auth_token": "7wilio-t0ken", "api_key_secret": "k3y-secret"}
    assert public["api_key_sid"] == KEY["api_key_sid"]


def test_limits_of_the_kind() -> None:
    assert limits("twilio", {}) == Limits(50, 20, 15.0)


@pytest.mark.parametrize("status", ["queued", "accepted", None])
def test_accepted(status: str | None) -> None:
    body = msgspec.json.encode({"sid": "SM1", "status": status, "error_code": None})
    assert adapter_of("twilio").answer(HttpResponse(201, {}, body)).message_id == "SM1"


def test_failure_inside_a_201_is_a_refusal() -> None:
    error = _refusal(201, {"sid": "SM1", "status": "failed", "error_code": 63016, "error_message": "Outside"})
    assert (error.kind, error.code, error.text) == (ErrorKind.WINDOW_CLOSED, "63016", "Outside")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 20003, ErrorKind.AUTHENTICATION),
        (404, 20404, ErrorKind.AUTHENTICATION),
        (400, 21211, ErrorKind.INVALID_NUMBER),
        (400, 21610, ErrorKind.OPTED_OUT),
        (400, 21654, ErrorKind.INVALID_TEMPLATE),
        (400, 92005, ErrorKind.INVALID_TEMPLATE),
        (400, 63016, ErrorKind.WINDOW_CLOSED),
        (400, 99999, ErrorKind.OTHER),
        (401, 99999, ErrorKind.AUTHENTICATION),
    ],
)
def test_refusal_by_code_is_final(status: int, code: int, kind: ErrorKind) -> None:
    error = _refusal(status, {"code": code, "message": "Words", "status": status})
    assert (error.kind, error.code, error.text) == (kind, str(code), "Words")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize("code", [20429, 20503, 21611, 63018])
@pytest.mark.parametrize("status", [400, 429, 503])
def test_codes_that_ask_to_come_back(code: int, status: int) -> None:
    error = _refusal(status, {"code": code, "message": "m"})
    assert (error.permanent, error.unknown, error.retry_after) == (False, False, CODES[str(code)].wait)


def test_429_is_not_now_whatever_its_code() -> None:
    assert _refusal(429, {"code": 21211}, **{"retry-after": "9"}).retry_after == 9.0


@pytest.mark.parametrize("body", [b"", {"code": 20500, "message": "Internal Server Error"}, {"code": 77777}])
def test_server_error_that_says_nothing_we_know_leaves_it_open(body: object) -> None:
    error = _refusal(500, body)
    assert (error.kind, error.unknown, error.retry_after) == (ErrorKind.BAD_ANSWER, True, None)


def test_twilios_own_example_of_a_signature_holds() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    headers = {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    request = CallbackRequest("POST", url, "foo=1&bar=2", headers, urlencode(fields).encode())
    adapter_of("twilio", auth_token="12345").verify(request)
    with pytest.raises(Unverified):
        adapter_of("twilio", auth_token="12346").verify(request)


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (STATUS_URL, "https://twoticks.example:443/callbacks/1/secret/status"),
        (
            "https://twoticks.example:8443/callbacks/1/s/status?ref=1-2",
            "https://twoticks.example/callbacks/1/s/status?ref=1-2",
        ),
        ("http://twoticks.example/x", "http://twoticks.example:80/x"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]/x"),
    ],
)
def test_signature_may_be_over_the_url_with_or_without_its_port(url: str, signed: str) -> None:
    adapter_of("twilio").verify(_signed(url, {"a": "1"}, signed=signed))


@pytest.mark.parametrize(
    "signed",
    [
        "http://twoticks.example/callbacks/1/secret/status",
        "https://twoticks.example/callbacks/1/secret/inbound",
        "https://twoticks.example/callbacks/1/secret/status?ref=1",
        "https://evil.example/callbacks/1/secret/status",
        "https://twoticks.example:444/callbacks/1/secret/status",
    ],
)
def test_signature_over_another_url_is_refused(signed: str) -> None:
    with pytest.raises(Unverified):
        adapter_of("twilio").verify(_signed(STATUS_URL, {"a": "1"}, signed=signed))


@pytest.mark.parametrize("body", [b"a=2", b"a=1&b=", b"", b"A=1", b"a=1%00", b"b=1", b"a=%FF", b"a=\xff", b"\xff=1"])
def test_signature_over_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(Unverified):
        adapter_of("twilio").verify(_signed(STATUS_URL, {"a": "1"}, body=body))


def test_signature_covers_empty_and_unicode_fields() -> None:
    adapter_of("twilio").verify(_signed(STATUS_URL, {"Body": "Zoë 👋 a+b&c=d", "MediaUrl0": "", "B": " "}))


def test_signature_of_a_get_covers_its_query() -> None:
    request = _signed(f"{STATUS_URL}?MessageStatus=sent", method="GET", body=b"")
    adapter_of("twilio").verify(request)
    with pytest.raises(Unverified):
        adapter_of("twilio").verify(
            _signed(f"{STATUS_URL}?MessageStatus=sent", method="GET", body=b"MessageStatus=read")
        )


def test_json_body_is_proven_by_its_hash_in_the_url() -> None:
    body, headers = b'{"a":1}', {"content-type": "application/json"}
    url = f"{STATUS_URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    good = _signed(url, body=body)
    good = _signed(url, body=body, headers={**good.headers, **headers})
    adapter_of("twilio").verify(good)
    for called, other in ((url, b'{"a":2}'), (STATUS_URL, body), (f"{STATUS_URL}?bodySHA256=", body)):
        bad = _signed(called, body=other)
        with pytest.raises(Unverified):
            adapter_of("twilio").verify(_signed(called, body=other, headers={**bad.headers, **headers}))


def test_either_of_two_tokens_holds() -> None:
    adapter = adapter_of("twilio", auth_token=["new", "old"])
    for token in ("new", "old"):
        adapter.verify(_signed(STATUS_URL, {"a": "1"}, token=token))
    with pytest.raises(Unverified):
        adapter.verify(_signed(STATUS_URL, {"a": "1"}, token="older"))


def test_without_a_token_nothing_holds() -> None:
    adapter = adapter_of("twilio")
    assert isinstance(adapter, TwilioAdapter)
    adapter._tokens = ("",)
    with pytest.raises(Unverified):
        adapter.verify(_signed(STATUS_URL, {"a": "1"}, token=""))


def test_form_with_more_fields_than_any_is_refused() -> None:
    body = b"&".join(b"a%d=1" % number for number in range(2000))
    with pytest.raises(Unverified):
        adapter_of("twilio").verify(_signed(STATUS_URL, body=body))
    assert adapter_of("twilio").parse(callback(body)) == [Unusable("the body is no form", "")]


@pytest.mark.parametrize("word", sorted({*WORDS, *IGNORED}))
def test_every_word_is_a_status_or_is_passed_over(word: str) -> None:
    found = _parse("ref=12-7-k3x9-12", MessageSid=SID, MessageStatus=word)
    assert (None if found is None else found.status) == WORDS.get(word)


@pytest.mark.parametrize(
    "query", ["", "ref=", "ref=x", "ref=12-7-k3x9", "ref=12|7|k3x9|12", "ref=%ff", "a" * 600, "&" * 99]
)
def test_query_without_a_reference_leaves_the_sid(query: str) -> None:
    assert _parse(query, MessageSid=SID, MessageStatus="sent") == Status("sent", None, SID)


def test_reference_alone_is_enough() -> None:
    assert _parse("ref=12-7-k3x9-12", MessageStatus="sent") == Status("sent", REFERENCE)


def test_callback_by_get_is_read_from_its_query() -> None:
    query = urlencode({"MessageSid": SID, "MessageStatus": "read"})
    found = adapter_of("twilio").parse(CallbackRequest("GET", "", query, {}, b""))
    assert found == [Status("viewed", None, SID)]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_a_failed_status(code: str) -> None:
    meaning = CODES[code]
    found = _parse(MessageSid=SID, MessageStatus="failed", ErrorCode=code)
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )


def test_failure_without_a_code_is_still_a_failure() -> None:
    found = _parse(MessageSid=SID, MessageStatus="undelivered")
    assert (found.status, found.kind, found.code) == ("failed", ErrorKind.OTHER, "")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "text"),
        ({"NumMedia": "0"}, "text"),
        ({"NumMedia": "2"}, "media"),
        ({"ButtonText": "Yes"}, "button"),
        ({"Latitude": "1.5"}, "location"),
        ({"MessageType": "Sticker"}, "sticker"),
    ],
)
def test_type_of_a_message(fields: dict[str, str], kind: str) -> None:
    found = _parse(MessageSid=SID, SmsStatus="received", From="whatsapp:+919999999999", Body="", **fields)
    assert found.type == kind


def test_either_body_is_understood_on_either_url() -> None:
    body = urlencode({"MessageSid": SID, "MessageStatus": "read"}).encode()
    assert adapter_of("twilio").parse(callback(body, "inbound")) == [Status("viewed", None, SID)]
