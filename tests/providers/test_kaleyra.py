"""Kaleyra: sends, answers, and callbacks by GET."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, STATUS_URL, adapter_of, callback, message, read_form
from twoticks.errors import BadInput
from twoticks.providers.base import (
    ButtonValue,
    CallbackRequest,
    HeaderValue,
    HttpResponse,
    Incoming,
    SendError,
    Status,
    Unusable,
)
from twoticks.providers.kaleyra import FIELDS, KaleyraAdapter
from twoticks.providers.kaleyra_callbacks import IGNORED, WORDS
from twoticks.providers.registry import Limits, limits, split
from twoticks.vocabulary import ErrorKind

MESSAGE_ID = "58f86fab-85c5-4f7c-9b68-9c323248afc4:0"
BUTTON = ButtonValue(0, "url", "Track", "c/AbC", dynamic=True)


def _sent(**changed: Any) -> dict[str, str]:
    return read_form(adapter_of("kaleyra").request(message(**{"buttons": (BUTTON,), **changed})).body)


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("kaleyra").answer(HttpResponse(status, headers, raw))
    return caught.value


def _called(query: str, method: str = "GET", body: bytes = b"") -> list[Any]:
    return list(adapter_of("kaleyra").parse(CallbackRequest(method, "", query, {}, body)))


def test_send_is_a_media_template() -> None:
    request = adapter_of("kaleyra").request(message(buttons=(BUTTON, ButtonValue(1, "quick_reply", "Yes"))))
    assert request.url == "https://api.kaleyra.io/v1/HXAP1693000000IN/messages"
    assert request.headers == {"api-key": "k4l-k3y", "content-type": "application/x-www-form-urlencoded"}
    assert read_form(request.body) == {
        "channel": "whatsapp",
        "from": "919163805873",
        "to": "919999999999",
        "type": "mediatemplate",
        "template_name": "order_update",
        "lang_code": "en_US",
        "media_url": "https://www.example.com/image.png",
        "params": '"Zoë 👋","A-1"',
        "param_url": "c/AbC",
        "callback_url": STATUS_URL,
    }


def test_send_without_a_medium_is_a_template() -> None:
    fields = _sent(header=None, body=(), buttons=())
    assert fields["type"] == "template"
    assert fields.keys().isdisjoint({"media_url", "params", "param_url"})
    assert _sent(header=HeaderValue("text", text="Sale"))["type"] == "template"


def test_quotes_and_commas_stay_inside_their_value() -> None:
    assert _sent(body=('say "hi"', "a,b", "c\nd"))["params"] == '"say \\"hi\\"","a,b","c\\nd"'


def test_without_a_callback_url_the_one_set_at_kaleyra_counts() -> None:
    adapter = adapter_of("kaleyra")
    assert isinstance(adapter, KaleyraAdapter)
    adapter.callback_url = ""
    assert b"callback_url" not in adapter.request(message(buttons=())).body


@pytest.mark.parametrize(
    "changed",
    [
        {"header": HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",))},
        {"header": HeaderValue("location", latitude="1", longitude="2")},
        {"buttons": (ButtonValue(0, "copy_code", "Copy", "SAVE10"),)},
        {"buttons": (BUTTON, BUTTON)},
    ],
)
def test_part_that_kaleyra_has_no_field_for_is_refused_before_it_is_sent(changed: dict[str, Any]) -> None:
    with pytest.raises(SendError) as caught:
        _sent(**changed)
    error = caught.value
    assert (error.kind, error.code, error.permanent) == (ErrorKind.INVALID_TEMPLATE, "unsupported", True)
    assert "Kaleyra" in error.text


@pytest.mark.parametrize(
    "body",
    [
        {"id": MESSAGE_ID},
        {"id": "58f86fab", "data": [{"message_id": MESSAGE_ID, "recipient": "1"}], "error": {}},
        {"data": [{"message_id": MESSAGE_ID}]},
        {"id": MESSAGE_ID, "data": [], "error": None},
    ],
)
@pytest.mark.parametrize("status", [200, 202])
def test_accepted(status: int, body: object) -> None:
    answer = HttpResponse(status, {}, msgspec.json.encode(body))
    assert adapter_of("kaleyra").answer(answer).message_id == MESSAGE_ID


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("status", [202, 400])
def test_field_at_fault_tells_what_is_wrong(status: int, field: str) -> None:
    error = _refusal(status, {"id": MESSAGE_ID, "error": {field: "invalid value"}})
    assert (error.kind, error.code, error.text) == (FIELDS[field].kind, f"http_{status}", f"{field}: invalid value")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"code": "RBC001", "message": "Unauthorized"}, ErrorKind.AUTHENTICATION, "RBC001"),
        (400, {"error": {"code": "E605", "message": "Words"}}, ErrorKind.OTHER, "E605"),
        (400, {"code": 400, "message": "Words"}, ErrorKind.OTHER, "http_400"),
        (402, b"", ErrorKind.ACCOUNT, "http_402"),
        (404, b"", ErrorKind.OTHER, "http_404"),
    ],
)
def test_refusal_is_final(status: int, body: object, kind: ErrorKind, code: str) -> None:
    error = _refusal(status, body)
    assert (error.kind, error.code, error.permanent, error.unknown, error.retry_after) == (
        kind,
        code,
        True,
        False,
        None,
    )
    assert error.text


@pytest.mark.parametrize("body", [b"", {"error": {"to": "x"}}, {"code": 500}])
def test_server_error_leaves_it_open(body: object) -> None:
    assert _refusal(500, body).unknown


def test_429_is_not_now_whatever_its_body() -> None:
    error = _refusal(429, {"error": {"to": "invalid number"}})
    assert (error.kind, error.permanent, error.retry_after) == (ErrorKind.RATE_LIMIT, False, 1.0)


def test_status_is_read_from_the_query() -> None:
    assert _called("id=58f86fab-85c5-4f7c-9b68-9c323248afc4%3A0&status=read") == [Status("viewed", None, MESSAGE_ID)]


@pytest.mark.parametrize("word", sorted({*WORDS, *IGNORED}))
def test_every_word_is_a_status_or_is_passed_over(word: str) -> None:
    found = _called(urlencode({"id": MESSAGE_ID, "status": word.upper()}))
    assert [item.status for item in found] == ([WORDS[word]] if word in WORDS else [])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_body_goes_before_the_query(method: str) -> None:
    for body in (urlencode({"id": "b:0", "status": "sent"}).encode(), b' {"id":"b:0","status":"sent"}'):
        assert _called("id=q%3A0&status=read", method, body) == [Status("sent", None, "b:0")]


@pytest.mark.parametrize(
    "query", ["", "&", "x", "id=&status=", "id=a%0Ab&status=read", "id=%ff&status=read", "&" * 5000]
)
def test_query_that_is_nothing_becomes_one_unusable_item(query: str) -> None:
    assert [type(item) for item in _called(query)] == [Unusable]


def test_query_with_more_fields_than_any_is_unusable() -> None:
    assert _called("&".join(f"a{n}=1" for n in range(2000))) == [Unusable("the body is no form", "")]


def test_repeated_field_counts_once() -> None:
    assert _called("id=a%3A0&id=b%3A0&status=read&status=sent") == [Status("viewed", None, "a:0")]


def test_message_without_a_type_or_number_is_unusable() -> None:
    assert _called("from=919999999999&body=Hi")[0].path == "type"
    assert _called("from=&type=text&body=Hi")[0].path == "from"


def test_message_from_a_user_id() -> None:
    found = _called("from=IN.13491208655302741918&type=text&body=Hi")[0]
    assert isinstance(found, Incoming)
    assert found.sender == "IN.13491208655302741918"


def test_either_callback_is_understood_on_either_url() -> None:
    body = urlencode({"id": MESSAGE_ID, "status": "read"}).encode()
    assert adapter_of("kaleyra").parse(callback(body, "inbound")) == [Status("viewed", None, MESSAGE_ID)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sid": "../x"}, "settings.sid"),
        ({"api_key": ""}, "settings.api_key"),
        ({"from_number": "Shop"}, "settings.from_number"),
        ({"api_url": "kaleyra"}, "settings.api_url"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("kaleyra", {**EXAMPLES["kaleyra"].settings, **changed})
    assert caught.value.field == field


def test_limits_of_the_kind() -> None:
    assert limits("kaleyra", {}) == Limits(20, 10, 15.0)
