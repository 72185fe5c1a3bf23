"""360dialog: Meta's messages, its own answers, tokens and older callbacks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, adapter_of, callback, message
from twoticks.errors import BadInput, Unverified
from twoticks.providers.base import HttpResponse, SendError, Status, Unusable
from twoticks.providers.meanings import ON_PREMISES
from twoticks.providers.meta_errors import CODES
from twoticks.providers.registry import Limits, limits, split
from twoticks.vocabulary import ErrorKind


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("dialog360").answer(HttpResponse(status, headers, raw))
    return caught.value


def _own(words: str) -> dict[str, Any]:
    return {"meta": {"success": False, "http_code": 400, "developer_message": words}}


def _parse(body: object) -> list[Any]:
    return list(adapter_of("dialog360").parse(callback(msgspec.json.encode(body))))


def test_send_is_metas_template_message_to_another_address() -> None:
    request = adapter_of("dialog360").request(message())
    assert request.url == "https://waba-v2.360dialog.io/messages"
    assert request.headers == {"d360-api-key": "d360-k3y", "content-type": "application/json"}
    assert request.body == adapter_of("cloud_api").request(message()).body


def test_marketing_messages_have_a_path_of_their_own() -> None:
    adapter = adapter_of("dialog360", marketing_messages=True, api_url="https://waba-v2.360dialog.io/")
    assert adapter.request(message()).url == "https://waba-v2.360dialog.io/marketing_messages"


@pytest.mark.parametrize("state", ["accepted", "held_for_quality_assessment", "paused", None])
def test_held_and_paused_messages_are_accepted(state: str | None) -> None:
    body = msgspec.json.encode({"messages": [{"id": "wamid.1", "message_status": state}]})
    assert adapter_of("dialog360").answer(HttpResponse(200, {}, body)).message_id == "wamid.1"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize("code", ["131026", "131049", "132001", "190", "470"])
def test_metas_code_decides_whatever_the_http_status(status: int, code: str) -> None:
    error = _refusal(status, {"error": {"message": "Words", "code": int(code)}})
    assert (error.kind, error.code, error.text) == (CODES[code].kind, code, "Words")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize("code", ["130429", "131056", "131016", "80007"])
def test_metas_throttling_may_be_asked_again(code: str) -> None:
    error = _refusal(400, {"error": {"message": "m", "code": int(code)}})
    assert (error.permanent, error.unknown, error.retry_after) == (False, False, CODES[code].wait)


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (401, "Invalid api_key", ErrorKind.AUTHENTICATION),
        (401, "Invalid api_key or token expired", ErrorKind.AUTHENTICATION),
        (400, "Your WhatsApp for Business API has been disabled.", ErrorKind.ACCOUNT),
        (400, "Could not send message due to lack of payment.", ErrorKind.ACCOUNT),
        (403, "This URL *** is blocked.", ErrorKind.PERMISSION),
        (404, "Not found", ErrorKind.OTHER),
        (400, "Anything", ErrorKind.OTHER),
    ],
)
@pytest.mark.parametrize("name", ["developer_message", "developerMessage"])
def test_own_error_is_told_by_its_words(status: int, words: str, kind: ErrorKind, name: str) -> None:
    error = _refusal(status, {"meta": {"success": False, name: words}})
    assert (error.kind, error.code, error.text) == (kind, f"http_{status}", words)
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize(
    "words", ["You have exceeded the endpoint rate limit.", "You have exceeded the limit of 1 request every 2 seconds."]
)
def test_own_rate_limit_may_be_asked_again_although_it_is_a_400(words: str) -> None:
    error = _refusal(400, _own(words), **{"retry-after": "5"})
    assert (error.kind, error.permanent, error.retry_after) == (ErrorKind.RATE_LIMIT, False, 5.0)


@pytest.mark.parametrize("body", [b"", b"Bad Gateway", _own("WhatsApp for Business API not available")])
@pytest.mark.parametrize("status", [500, 502])
def test_server_error_leaves_it_open(status: int, body: object) -> None:
    assert _refusal(status, body).unknown


def test_token_holds() -> None:
    adapter_of("dialog360").verify(callback(b"{}", headers={"authorization": "Bearer c4llback"}))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer c4llbac"},
        {"authorization": "Bearer c4llback "},
        {"authorization": "bearer c4llback"},
        {"authorization": "c4llback"},
        {"authorization": "Bearer \udcff"},
        {"x-token": "Bearer c4llback"},
    ],
)
def test_any_other_token_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        adapter_of("dialog360").verify(callback(b"{}", headers=headers))


def test_either_of_two_tokens_holds() -> None:
    adapter = adapter_of("dialog360", callback_token=["new", "old"])
    for token in ("new", "old"):
        adapter.verify(callback(b"{}", headers={"authorization": f"Bearer {token}"}))
    with pytest.raises(Unverified):
        adapter.verify(callback(b"{}", headers={"authorization": "Bearer older"}))


def test_without_a_token_the_secret_in_the_url_is_the_proof() -> None:
    adapter_of("dialog360", callback_token=None).verify(callback(b"{}"))


@pytest.mark.parametrize("code", sorted(ON_PREMISES.keys() - CODES.keys()))
def test_code_of_the_older_interface_has_its_meaning(code: str) -> None:
    found = _parse({"statuses": [{"id": "gB1", "status": "failed", "errors": [{"code": int(code)}]}]})[0]
    meaning = ON_PREMISES[code]
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )


def test_reference_comes_back() -> None:
    status = {"id": "wamid.1", "status": "read", "biz_opaque_callback_data": REFERENCE}
    found = _parse({"entry": [{"changes": [{"field": "messages", "value": {"statuses": [status]}}]}]})[0]
    assert (found.reference, found.message_id) == (REFERENCE, "wamid.1")


@pytest.mark.parametrize("body", [{}, {"entry": 5}, {"errors": []}, {"statuses": 5}, {"messages": None}])
def test_body_of_neither_shape_is_unusable(body: object) -> None:
    assert [type(item) for item in _parse(body)] == [Unusable]


def test_old_body_with_nesting_without_end_is_survived() -> None:
    body = b'{"statuses":[{"id":"gB1","status":"read"}],"x":' + b"[" * 900 + b"]" * 900 + b"}"
    found = adapter_of("dialog360").parse(callback(body))
    assert all(isinstance(item, Status | Unusable) for item in found)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"api_key": ""}, "settings.api_key"),
        ({"callback_token": []}, "settings.callback_token"),
        ({"callback_token": ["a", "b", "c"]}, "settings.callback_token"),
        ({"marketing_messages": "yes"}, "settings.marketing_messages"),
        ({"api_url": "waba"}, "settings.api_url"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("dialog360", {**EXAMPLES["dialog360"].settings, **changed})
    assert caught.value.field == field


def test_limits_of_the_kind() -> None:
    assert limits("dialog360", {}) == Limits(80, 50, 15.0)
