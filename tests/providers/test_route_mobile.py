"""Route Mobile: sends, answers, login and callbacks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, adapter_of, callback, message
from twoticks.errors import BadInput
from twoticks.providers.base import ButtonValue, HeaderValue, HttpResponse, SendError
from twoticks.providers.meanings import WHATSAPP
from twoticks.providers.registry import Limits, limits, split
from twoticks.providers.route_mobile import RouteMobileAdapter
from twoticks.vocabulary import ErrorKind

REQUEST_ID = "5a9f3040-85ae-11ec-8168-0242ac120002"


def _adapter(**changed: Any) -> RouteMobileAdapter:
    adapter = adapter_of("route_mobile", **changed)
    assert isinstance(adapter, RouteMobileAdapter)
    return adapter


def _media(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(_adapter().request(message(**changed)).body)["media"]
    return found


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        _adapter().answer(HttpResponse(status, headers, raw))
    return caught.value


def _parse(body: object) -> list[Any]:
    return list(_adapter().parse(callback(msgspec.json.encode(body))))


def _status(**item: Any) -> Any:
    return _parse({"statuses": [{"id": REQUEST_ID, "status": "delivered", "type": "message", **item}]})[0]


def test_send_is_a_media_template() -> None:
    adapter = _adapter()
    adapter.token = "header.payload.signature"
    request = adapter.request(message())
    assert request.url == "https://apis.rmlconnect.net/wba/v1/messages"
    assert request.headers == {"authorization": "header.payload.signature", "content-type": "application/json"}
    assert msgspec.json.decode(request.body) == {
        "phone": "+919999999999",
        "extra": REFERENCE,
        "enable_acculync": False,
        "media": {
            "type": "media_template",
            "template_name": "order_update",
            "lang_code": "en_US",
            "header": [{"image": {"link": "https://www.example.com/image.png"}}],
            "body": [{"text": "Zoë 👋"}, {"text": "A-1"}],
            "button": [
                {"button_no": "0", "url": "c/AbC"},
                {"button_no": "3", "payload": REFERENCE},
                {"button_no": "4", "coupon_code": "SAVE10"},
            ],
        },
    }


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (HeaderValue("text", text="Sale"), None),
        (HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",)), [{"text": "Zoë"}]),
        (HeaderValue("video", link="https://v"), [{"video": {"link": "https://v"}}]),
        (
            HeaderValue("document", link="https://d", filename="a.pdf"),
            [{"document": {"link": "https://d", "file_name": "a.pdf"}}],
        ),
        (
            HeaderValue("location", latitude="2.45", longitude="3.5"),
            [{"location": {"latitude": "2.45", "longitude": "3.5"}}],
        ),
    ],
)
def test_header_of_each_type(header: HeaderValue, written: object) -> None:
    assert _media(header=header).get("header") == written


def test_parts_without_variables_are_left_out() -> None:
    fixed = (ButtonValue(0, "url", "Shop", "https://shop"), ButtonValue(1, "phone_number", "Call", "+1"))
    assert _media(header=None, body=(), buttons=fixed).keys() == {"type", "template_name", "lang_code"}


def test_quick_reply_keeps_a_payload_of_its_own() -> None:
    buttons = (ButtonValue(1, "quick_reply", "Yes", "Sip"),)
    assert _media(buttons=buttons)["button"] == [{"button_no": "1", "payload": "Sip"}]


def test_acculync_may_be_switched_on() -> None:
    body = msgspec.json.decode(_adapter(enable_acculync=True).request(message()).body)
    assert body["enable_acculync"] is True


def test_login_is_a_request_of_its_own() -> None:
    request = _adapter(api_url="https://proxy.example/rml/").login()
    assert request.url == "https://proxy.example/rml/auth/v1/login/"
    assert request.headers == {"content-type": "application/json"}
    assert msgspec.json.decode(request.body) == {"username": "shop", "password": "r0ute-pa55"}


@pytest.mark.parametrize("status", [200, 201])
def test_login_gives_the_token(status: int) -> None:
    adapter = _adapter()
    assert adapter.token == ""
    adapter.logged_in(HttpResponse(status, {}, b'{"JWTAUTH":"a.b.c","user_data":{}}'))
    assert adapter.token == "a.b.c"


@pytest.mark.parametrize("token", [None, "", 5, "a\nb", "é", "a b", "x" * 9000, ["a"]])
def test_token_that_no_header_can_carry_is_none(token: object) -> None:
    adapter = _adapter()
    with pytest.raises(SendError) as caught:
        adapter.logged_in(HttpResponse(201, {}, msgspec.json.encode({"JWTAUTH": token})))
    assert (caught.value.kind, caught.value.unknown) == (ErrorKind.UNAVAILABLE, False)
    assert adapter.token == ""


@pytest.mark.parametrize(
    "reason", ["jwt token expired", "Please check the integrity or validity of the token sent.", None]
)
def test_401_is_about_the_token(reason: str | None) -> None:
    response = HttpResponse(401, {}, msgspec.json.encode({"status": "failed", "reason": reason}))
    assert _adapter().needs_login(response)
    assert not _adapter().needs_login(HttpResponse(403, {}, response.body))


@pytest.mark.parametrize("status", [200, 202])
def test_accepted(status: int) -> None:
    body = msgspec.json.encode({"status": "processing", "request_id": REQUEST_ID})
    assert _adapter().answer(HttpResponse(status, {}, body)).message_id == REQUEST_ID


@pytest.mark.parametrize(
    ("status", "reason", "kind", "text"),
    [
        (400, "template not found", ErrorKind.INVALID_TEMPLATE, "template not found"),
        (400, "Invalid Phone number", ErrorKind.INVALID_NUMBER, "Invalid Phone number"),
        (400, {"phone": ["Not a valid string."]}, ErrorKind.INVALID_NUMBER, "phone: Not a valid string."),
        (422, {"media": {"x": 1}}, ErrorKind.OTHER, "media: "),
        (400, "insufficient balance", ErrorKind.ACCOUNT, "insufficient balance"),
        (400, "anything", ErrorKind.OTHER, "anything"),
        (400, None, ErrorKind.OTHER, "unable to process request"),
        (401, "jwt token expired", ErrorKind.AUTHENTICATION, "jwt token expired"),
        (202, "template paused", ErrorKind.INVALID_TEMPLATE, "template paused"),
        (202, "anything", ErrorKind.OTHER, "anything"),
    ],
)
def test_refusal_is_told_by_its_reason(status: int, reason: object, kind: ErrorKind, text: str) -> None:
    error = _refusal(status, {"status": "failed", "message": "unable to process request", "reason": reason})
    assert (error.kind, error.code, error.text) == (kind, f"http_{status}", text)
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


def test_failure_beside_an_id_is_a_failure() -> None:
    assert not _refusal(202, {"status": "failed", "request_id": REQUEST_ID, "reason": "template"}).unknown


@pytest.mark.parametrize("body", [b"", {"status": "failed", "message": "unable to process request"}])
def test_server_error_leaves_it_open(body: object) -> None:
    assert _refusal(500, body).unknown


def test_429_is_not_now() -> None:
    error = _refusal(429, {"status": "failed", "reason": "phone"}, **{"retry-after": "3"})
    assert (error.kind, error.permanent, error.retry_after) == (ErrorKind.RATE_LIMIT, False, 3.0)


@pytest.mark.parametrize("code", sorted(WHATSAPP, key=int))
def test_every_code_of_a_failed_status(code: str) -> None:
    meaning = WHATSAPP[code]
    found = _status(status="failed", errors=[{"code": int(code)}])
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )


@pytest.mark.parametrize("errors", [None, [], {}, "x", [None], [[]], [{"code": [1]}]])
def test_failure_with_unreadable_errors_is_still_a_failure(errors: object) -> None:
    found = _status(status="failed", errors=errors)
    assert (found.status, found.kind, found.code) == ("failed", ErrorKind.OTHER, "")


@pytest.mark.parametrize("extra", [5, "", "é", "a" * 600, None, ["x"]])
def test_extra_that_is_no_reference_leaves_the_id(extra: object) -> None:
    found = _status(extra=extra)
    assert (found.reference, found.message_id) == (None, REQUEST_ID)


def test_id_of_the_request_goes_before_whatsapps() -> None:
    assert _status(message_id="wamid.1").message_id == REQUEST_ID
    assert _status(id=None, message_id="wamid.1").message_id == "wamid.1"


@pytest.mark.parametrize("body", [{}, {"statuses": None}, {"data": {}}, {"data": 5}, {"brand_msisdn": "1"}])
def test_body_of_neither_shape_is_unusable(body: object) -> None:
    found = _parse(body)
    assert [item.reason for item in found] == ["holds neither statuses nor messages"]


def test_statuses_and_messages_of_one_body_are_both_read() -> None:
    item = {"id": "m1", "from": "919999999999", "type": "text", "text": {"body": "Hi"}}
    found = _parse({"statuses": [{"id": REQUEST_ID, "status": "read"}], "messages": [item]})
    assert [type(one).__name__ for one in found] == ["Status", "Incoming"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": ""}, "settings.username"),
        ({"password": ""}, "settings.password"),
        ({"password": None}, "settings.password"),
        ({"enable_acculync": 1}, "settings.enable_acculync"),
        ({"api_url": "rml"}, "settings.api_url"),
        ({"token": "x"}, "settings.token"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("route_mobile", {**EXAMPLES["route_mobile"].settings, **changed})
    assert caught.value.field == field


def test_limits_of_the_kind() -> None:
    assert limits("route_mobile", {}) == Limits(50, 20, 15.0)
