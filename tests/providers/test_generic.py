"""The generic contract: sends, answers and callbacks."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from tests.provider_contract import REFERENCE, adapter_of, callback, message
from twoticks.providers.base import ButtonValue, HeaderValue, HttpResponse, Incoming, SendError, Status, Unusable
from twoticks.providers.generic_errors import ANSWERS, CALLBACKS
from twoticks.vocabulary import ErrorKind


def _sent(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(adapter_of("generic").request(message(**changed)).body)
    return found


def _refusal(status: int, body: object = None, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("generic").answer(HttpResponse(status, headers, raw))
    return caught.value


def _status(**item: Any) -> Any:
    body = msgspec.json.encode({"payloadVersion": "0.1", "statuses": [{"msgId": REFERENCE, **item}]})
    return adapter_of("generic").parse(callback(body))[0]


def _incoming(**body: Any) -> Any:
    whole = {"from": "919999999999", "type": "text", "text": {"body": "Hi"}, **body}
    return adapter_of("generic").parse(callback(msgspec.json.encode(whole), "inbound"))[0]


def test_send_is_the_contracts_template_message() -> None:
    assert _sent() == {
        "payloadVersion": 0.1,
        "to": "919999999999",
        "wabaNumber": "919999999999",
        "isTemplate": True,
        "msgId": REFERENCE,
        "template": {"namespace": "order_update", "name": "order_update", "languageCode": "en_US"},
        "components": [
            {"type": "header", "header": {"type": "image", "image": {"mediaURL": "https://www.example.com/image.png"}}},
            {
                "type": "body",
                "body": {
                    "text": "Hello {{1}}, order {{2}}",
                    "parameters": [{"type": "text", "text": "Zoë 👋"}, {"type": "text", "text": "A-1"}],
                },
            },
            {"type": "footer", "footer": 'Reply "stop" to opt out'},
            {
                "type": "button",
                "index": 0,
                "subType": "dynamicUrl",
                "buttonText": "Track",
                "parameters": [{"type": "text", "text": "c/AbC"}],
            },
            {
                "type": "button",
                "index": 1,
                "subType": "staticUrl",
                "buttonText": "Shop",
                "parameters": [{"type": "text", "text": "https://www.example.com/shop"}],
            },
            {
                "type": "button",
                "index": 2,
                "subType": "callPhone",
                "buttonText": "Call",
                "parameters": [{"type": "text", "text": "+911234567890"}],
            },
            {"type": "button", "index": 3, "subType": "quickReply", "buttonText": "Yes"},
            {
                "type": "button",
                "index": 4,
                "subType": "copy_code",
                "buttonText": "Copy",
                "parameters": [{"type": "coupon_code", "coupon_code": "SAVE10"}],
            },
            {"customProps": [{"Key1": "Value1"}]},
        ],
    }


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (
            HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",)),
            {"type": "text", "text": {"text": "Sale for Zoë"}},
        ),
        (HeaderValue("video", link="https://v"), {"type": "video", "video": {"mediaURL": "https://v"}}),
        (
            HeaderValue("document", link="https://d", filename="a.pdf"),
            {"type": "file", "file": {"mediaURL": "https://d", "filename": "a.pdf"}},
        ),
        (
            HeaderValue("location", latitude="2.45", longitude="3.5"),
            {"type": "location", "location": {"longitude": "3.5", "latitude": "2.45"}},
        ),
    ],
)
def test_header_of_each_type(header: HeaderValue, written: object) -> None:
    assert _sent(header=header)["components"][0] == {"type": "header", "header": written}


def test_parts_that_a_template_lacks_are_left_out() -> None:
    small = _sent(header=None, footer="", buttons=(ButtonValue(0, "quick_reply", "Yes"),), custom={})
    assert [component["type"] for component in small["components"]] == ["body", "button"]


def test_payload_version_is_a_number() -> None:
    assert b'"payloadVersion":0.1,' in adapter_of("generic").request(message()).body


def test_basic_authentication() -> None:
    header = adapter_of("generic").request(message()).headers["authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "ann:pa:ss-wörd"


def test_custom_headers() -> None:
    headers = adapter_of("generic", auth={"headers": {"X-Api-Key": "k3y"}}).request(message()).headers
    assert headers == {"content-type": "application/json; charset=utf-8", "x-api-key": "k3y"}


def test_no_authentication() -> None:
    assert "authorization" not in adapter_of("generic", auth=None).request(message()).headers


@pytest.mark.parametrize("body", [b'{"status":"success"}', b'{"status":"Success","id":5}'])
def test_success_is_acceptance_without_an_id(body: bytes) -> None:
    assert adapter_of("generic").answer(HttpResponse(200, {}, body)).message_id is None


@pytest.mark.parametrize("code", [2000, "2000"])
def test_failure_is_refused_despite_http_200(code: object) -> None:
    error = _refusal(200, {"status": "failure", "error": {"code": code, "message": "Invalid Credentials"}})
    assert (error.kind, error.code, error.text) == (ErrorKind.AUTHENTICATION, "2000", "Invalid Credentials")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("2000", ErrorKind.AUTHENTICATION),
        ("2001", ErrorKind.INVALID_TEMPLATE),
        ("2002", ErrorKind.INVALID_NUMBER),
        ("2003", ErrorKind.OPTED_OUT),
        ("2004", ErrorKind.OTHER),
        ("2999", ErrorKind.OTHER),
    ],
)
def test_every_code_of_an_answer(code: str, kind: ErrorKind) -> None:
    error = _refusal(200, {"status": "failure", "error": {"code": int(code)}})
    assert (error.kind, error.code, error.permanent) == (kind, code, True)
    assert error.text


def test_500_is_a_final_no() -> None:
    error = _refusal(500, {"status": "failure", "error": {"message": "Unable to process the request"}})
    assert (error.code, error.text) == ("http_500", "Unable to process the request")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


def test_500_keeps_the_code_of_its_body() -> None:
    assert _refusal(500, {"status": "failure", "error": {"code": 2002}}).kind is ErrorKind.INVALID_NUMBER


def test_403_is_a_final_no() -> None:
    error = _refusal(403, {"message": "Bad Request"})
    assert (error.code, error.text, error.permanent, error.unknown) == ("http_403", "Bad Request", True, False)


def test_401_is_our_credentials() -> None:
    assert _refusal(401, b"").kind is ErrorKind.AUTHENTICATION


@pytest.mark.parametrize(("status", "kind"), [(429, ErrorKind.RATE_LIMIT), (503, ErrorKind.UNAVAILABLE)])
def test_429_and_503_may_be_asked_again(status: int, kind: ErrorKind) -> None:
    error = _refusal(status, {"message": "Too many requests to process"})
    assert (error.kind, error.permanent, error.unknown, error.retry_after) == (kind, False, False, 1.0)
    assert _refusal(status, {"error": {"code": 2000}}, **{"retry-after": "30"}).retry_after == 30.0


@pytest.mark.parametrize("status", [502, 504])
def test_answer_of_a_gateway_leaves_it_open(status: int) -> None:
    error = _refusal(status, b"<html>Bad Gateway</html>")
    assert (error.kind, error.permanent, error.unknown) == (ErrorKind.NO_ANSWER, False, True)


@pytest.mark.parametrize("body", [b"", b"OK", b"{}", b'{"status":"queued"}', b"[]", b'{"status":null}'])
def test_200_that_says_nothing_leaves_it_open(body: bytes) -> None:
    error = _refusal(200, body)
    assert (error.kind, error.unknown, error.retry_after) == (ErrorKind.BAD_ANSWER, True, None)


def test_every_code_of_a_callback_has_words() -> None:
    assert set(CALLBACKS) == {str(code) for code in range(1000, 1011)}
    assert set(ANSWERS) == {str(code) for code in range(2000, 2005)}
    for code, meaning in CALLBACKS.items():
        found = _status(status="failed", error={"code": int(code)})
        assert (found.kind, found.code, found.text) == (meaning.kind, code, meaning.text)


def test_failure_without_a_reason_is_still_a_failure() -> None:
    assert _status(status="failed") == Status(
        "failed", REFERENCE, kind=ErrorKind.OTHER, text="Other error at the provider", path="statuses[0]"
    )


@pytest.mark.parametrize("word", ["Clicked", "CLICKED", " clicked "])
def test_status_in_any_case(word: str) -> None:
    assert _status(status=word).status == "clicked"


def test_short_url_of_a_click_where_there_is_no_other() -> None:
    assert _status(status="clicked", shortUrl="https://bit.ly/1").url == "https://bit.ly/1"


def test_timestamp_goes_before_ts() -> None:
    assert _status(status="read", timestamp="1647441774", ts=1).at == 1_647_441_774_000


@pytest.mark.parametrize("reference", [5, "", None, "é", "a" * 600, "a\nb", ["x"]])
def test_status_without_a_usable_reference_is_unusable(reference: object) -> None:
    found = _status(msgId=reference, status="read")
    assert isinstance(found, Unusable)
    assert found.path == "statuses[0].msgId"


@pytest.mark.parametrize("endpoint", ["status", "inbound"])
def test_either_body_is_understood_on_either_url(endpoint: Any) -> None:
    adapter = adapter_of("generic")
    status = {"statuses": [{"msgId": REFERENCE, "status": "read"}]}
    message_body = {"from": "919999999999", "type": "text", "text": {"body": "Hi"}}
    assert isinstance(adapter.parse(callback(msgspec.json.encode(status), endpoint))[0], Status)
    assert isinstance(adapter.parse(callback(msgspec.json.encode(message_body), endpoint))[0], Incoming)


@pytest.mark.parametrize(("endpoint", "path"), [("status", "statuses"), ("inbound", "from")])
def test_body_of_neither_shape_names_the_field_of_its_url(endpoint: Any, path: str) -> None:
    assert adapter_of("generic").parse(callback(b"{}", endpoint)) == [Unusable("is missing", path)]


@pytest.mark.parametrize("sender", ["919999999999", "+919999999999", 919999999999])
def test_sender_is_given_in_digits(sender: object) -> None:
    assert _incoming(**{"from": sender}).sender == "919999999999"


@pytest.mark.parametrize("sender", ["ann", "", "12", None, [], "9" * 30, "٩١٩٩٩٩٩٩٩٩"])
def test_sender_that_is_no_number_is_unusable(sender: object) -> None:
    assert _incoming(**{"from": sender}).path == "from"


def test_text_as_plain_text() -> None:
    assert _incoming(text="Hello").text == "Hello"


def test_unknown_type_is_still_a_message() -> None:
    assert _incoming(type="Sticker", sticker={"mediaURL": "x"}).type == "sticker"


@pytest.mark.parametrize("kind", [None, "", 5, "a b", "x" * 99])
def test_message_without_a_type_is_unusable(kind: object) -> None:
    assert _incoming(type=kind).path == "type"


def test_no_set_up_request() -> None:
    assert adapter_of("generic").handshake(callback(b"")) is None
