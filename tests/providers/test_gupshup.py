"""Gupshup: sends, answers, set-up calls and callbacks of both versions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, STATUS_URL, adapter_of, callback, message, read_form
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
from twoticks.providers.gupshup_errors import CODES, OWN
from twoticks.providers.registry import Limits, limits, split
from twoticks.vocabulary import ErrorKind

TEMPLATE = "c6aecef6-bcb0-4fb1-8100-28c094e3bc6b"
OWN_ID, WHATSAPPS = "ee4a68a0-1203-4c85-8dc3-49d0b3226a35", "gBEGkYaYVSEEAgnZxQ3JmKK6Wvg"


def _sent(**changed: Any) -> dict[str, str]:
    return read_form(adapter_of("gupshup").request(message(**changed)).body)


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("gupshup").answer(HttpResponse(status, headers, raw))
    return caught.value


def _parse(body: object) -> list[Any]:
    return list(adapter_of("gupshup").parse(callback(msgspec.json.encode(body))))


def _status(kind: str = "delivered", details: object = None, **payload: Any) -> Any:
    item = {"id": WHATSAPPS, "gsId": OWN_ID, "type": kind, "payload": {} if details is None else details, **payload}
    found = _parse({"version": 2, "timestamp": 1580546677791, "type": "message-event", "payload": item})
    return found[0] if found else None


def _handshake(body: bytes, method: str = "POST") -> HttpResponse | None:
    return adapter_of("gupshup").handshake(CallbackRequest(method, STATUS_URL, "", {}, body))


def test_send_is_a_form_of_json_values() -> None:
    request = adapter_of("gupshup").request(message(template=TEMPLATE))
    assert request.url == "https://api.gupshup.io/wa/api/v1/template/msg"
    assert request.headers == {"apikey": "gup-k3y", "content-type": "application/x-www-form-urlencoded"}
    fields = read_form(request.body)
    assert msgspec.json.decode(fields.pop("template")) == {
        "id": TEMPLATE,
        "params": ["Zoë 👋", "A-1", "c/AbC", "SAVE10"],
    }
    assert msgspec.json.decode(fields.pop("message")) == {
        "type": "image",
        "image": {"link": "https://www.example.com/image.png"},
    }
    assert msgspec.json.decode(fields.pop("postbackTexts")) == [{"index": 3, "text": REFERENCE}]
    assert fields == {
        "channel": "whatsapp",
        "source": "919163805873",
        "destination": "919999999999",
        "src.name": "DemoApp",
    }


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (HeaderValue("video", link="https://v"), {"type": "video", "video": {"link": "https://v"}}),
        (
            HeaderValue("document", link="https://d", filename="a.pdf"),
            {"type": "document", "document": {"link": "https://d", "filename": "a.pdf"}},
        ),
        (
            HeaderValue("location", latitude="2.45", longitude="3.5"),
            {"type": "location", "location": {"latitude": "2.45", "longitude": "3.5"}},
        ),
    ],
)
def test_medium_of_each_header(header: HeaderValue, written: object) -> None:
    assert msgspec.json.decode(_sent(header=header)["message"]) == written


def test_variables_follow_the_parts_of_the_template() -> None:
    header = HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",))
    fields = _sent(header=header, body=("a", "b"), buttons=(ButtonValue(0, "url", "Track", "t1", dynamic=True),))
    assert msgspec.json.decode(fields["template"])["params"] == ["Zoë", "a", "b", "t1"]
    assert "message" not in fields
    assert "postbackTexts" not in fields


def test_quick_reply_keeps_a_payload_of_its_own() -> None:
    fields = _sent(buttons=(ButtonValue(0, "quick_reply", "Yes", "Sip"), ButtonValue(1, "quick_reply", "No")))
    assert msgspec.json.decode(fields["postbackTexts"]) == [
        {"index": 0, "text": "Sip"},
        {"index": 1, "text": REFERENCE},
    ]


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("word", ["submitted", "success"])
def test_accepted(status: int, word: str) -> None:
    body = msgspec.json.encode({"status": word, "messageId": OWN_ID})
    assert adapter_of("gupshup").answer(HttpResponse(status, {}, body)).message_id == OWN_ID


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"status": "error", "message": "Invalid Destination"}, ErrorKind.INVALID_NUMBER, "http_400"),
        (401, {"status": "error", "message": "Authentication Failed"}, ErrorKind.AUTHENTICATION, "http_401"),
        (
            401,
            {"status": "error", "message": "Portal User Not Found With APIKey"},
            ErrorKind.AUTHENTICATION,
            "http_401",
        ),
        (400, {"status": "error", "message": "Anything"}, ErrorKind.OTHER, "http_400"),
        (202, {"status": "error", "message": "Anything"}, ErrorKind.OTHER, "http_202"),
        (400, {"status": "error", "code": 1003, "message": "Low"}, ErrorKind.ACCOUNT, "1003"),
        (400, {"status": "error", "code": "4003", "message": "None"}, ErrorKind.INVALID_TEMPLATE, "4003"),
        (400, {"status": "error", "message": "(1005) Template Match Failed"}, ErrorKind.INVALID_TEMPLATE, "1005"),
        (400, {"status": "error", "message": {"message": "Deep"}}, ErrorKind.OTHER, "http_400"),
    ],
)
def test_refusal_is_final(status: int, body: Any, kind: ErrorKind, code: str) -> None:
    error = _refusal(status, body)
    words = body["message"]
    assert (error.kind, error.code) == (kind, code)
    assert error.text == (words if isinstance(words, str) else words["message"])
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize("status", [400, 429])
def test_own_rate_limit_may_be_asked_again(status: int) -> None:
    error = _refusal(status, {"status": "error", "code": 4001, "message": "Oops"})
    assert (error.kind, error.permanent, error.retry_after) == (ErrorKind.RATE_LIMIT, False, 1.0)


@pytest.mark.parametrize("body", [b"", b'{"status":"error","message":"Internal Server Error"}'])
def test_server_error_leaves_it_open(body: bytes) -> None:
    assert _refusal(500, body).unknown


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
@pytest.mark.parametrize("body", [b"", b" \n"])
def test_set_up_call_without_a_body_is_answered(body: bytes, method: str) -> None:
    assert _handshake(body, method) == HttpResponse(200)


def test_sandbox_start_is_answered_with_an_empty_body() -> None:
    ping = {"app": "DemoApp", "timestamp": 1, "type": "user-event", "payload": {"phone": "1", "type": "sandbox-start"}}
    assert _handshake(msgspec.json.encode(ping)) == HttpResponse(200)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "message", "payload": {"payload": {"text": "sandbox-start"}}},
        {"type": "user-event", "payload": {"type": "opted-in", "of": "sandbox-start"}},
        {"type": "user-event", "payload": ["sandbox-start"]},
        ["sandbox-start"],
    ],
)
def test_no_other_callback_passes_for_a_set_up_call(body: object) -> None:
    assert _handshake(msgspec.json.encode(body)) is None
    assert _handshake(b'{"sandbox-start') is None


def test_gsid_goes_before_id() -> None:
    assert _status().message_id == OWN_ID
    assert _status(gsId=None).message_id == WHATSAPPS
    assert _status(gsId="", id=OWN_ID).message_id == OWN_ID


@pytest.mark.parametrize("item_id", [None, 5, "", "é", ["x"]])
def test_status_without_any_id_is_unusable(item_id: object) -> None:
    assert _status(gsId=None, id=item_id).path == "payload.id"


@pytest.mark.parametrize(
    ("details", "at"),
    [
        ({"ts": 1592311836}, 1_592_311_836_000),
        ({"ts": "1592311836"}, 1_592_311_836_000),
        ({"ts": 1592311836070}, 1_592_311_836_070),
        ({"ts": 0}, 1_580_546_677_791),
        ({}, 1_580_546_677_791),
        ("x", 1_580_546_677_791),
    ],
)
def test_time_of_the_status_goes_before_that_of_the_call(details: object, at: int) -> None:
    assert _status(details=details).at == at


@pytest.mark.parametrize("code", sorted(CODES, key=int))
def test_every_code_of_a_failed_status(code: str) -> None:
    meaning = CODES[code]
    found = _status("failed", {"code": int(code)})
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )


def test_own_meaning_of_a_code_holds() -> None:
    assert _status("failed", {"code": 1002}).kind is ErrorKind.NOT_ON_WHATSAPP
    assert _status("failed", {"code": 131049}).kind is ErrorKind.MARKETING_LIMIT


@pytest.mark.parametrize("code", sorted(OWN))
def test_own_code_in_metas_envelope_has_its_own_meaning(code: str) -> None:
    status = {"gs_id": OWN_ID, "id": "wamid.1", "status": "failed", "errors": [{"code": int(code)}]}
    change = {"field": "messages", "value": {"statuses": [status]}}
    found = _parse({"entry": [{"changes": [change]}]})[0]
    assert (found.kind, found.text, found.message_id) == (OWN[code].kind, OWN[code].text, OWN_ID)


def test_words_of_a_failure_in_metas_envelope_stay() -> None:
    status = {"id": "wamid.1", "status": "failed", "errors": [{"code": 1002, "title": "Words"}]}
    found = _parse({"entry": [{"changes": [{"field": "messages", "value": {"statuses": [status]}}]}]})[0]
    assert (found.kind, found.text) == (ErrorKind.NOT_ON_WHATSAPP, "Words")


@pytest.mark.parametrize("payload", [None, 5, [], "x"])
def test_event_without_a_payload_is_unusable(payload: object) -> None:
    found = _parse({"type": "message-event", "payload": payload})
    assert [item.path for item in found] == ["payload"]


@pytest.mark.parametrize("kind", [None, "", 5])
def test_event_without_a_type_is_unusable(kind: object) -> None:
    assert [item.path for item in _parse({"type": kind, "payload": {}})] == ["type"]


def test_sender_may_stand_in_either_place() -> None:
    item = {"id": "A1", "type": "text", "payload": {"text": "Hi"}, "sender": {"phone": "919999999999"}}
    found = _parse({"type": "message", "payload": item})[0]
    assert isinstance(found, Incoming)
    assert found.sender == "919999999999"


def test_nesting_without_end_is_survived_in_metas_envelope() -> None:
    deep = b"[" * 900 + b"]" * 900
    body = (
        b'{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"gs_id":"a","id":"b","status":"read"}]}}]}],'
    )
    found = adapter_of("gupshup").parse(callback(body + b'"x":' + deep + b"}"))
    assert all(isinstance(item, Status | Unusable) for item in found)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"api_key": ""}, "settings.api_key"),
        ({"api_key": "a\nb"}, "settings.api_key"),
        ({"app_name": ""}, "settings.app_name"),
        ({"source": "x"}, "settings.source"),
        ({"api_url": "ftp://x"}, "settings.api_url"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("gupshup", {**EXAMPLES["gupshup"].settings, **changed})
    assert caught.value.field == field


def test_limits_of_the_kind() -> None:
    assert limits("gupshup", {}) == Limits(50, 20, 15.0)
