"""Infobip: sends, answers and callbacks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, STATUS_URL, adapter_of, callback, message
from twoticks.errors import BadInput
from twoticks.providers.base import ButtonValue, HeaderValue, HttpResponse, Incoming, SendError, Status
from twoticks.providers.infobip import InfobipAdapter
from twoticks.providers.infobip_callbacks import GROUPS
from twoticks.providers.infobip_errors import CODES, ERRORS, STATUSES
from twoticks.providers.registry import Limits, limits, split
from twoticks.vocabulary import ErrorKind

MESSAGE_ID = "a28dd97c-1ffb-4fcf-99f1-0b557ed381da"


def _item(**changed: Any) -> dict[str, Any]:
    body = msgspec.json.decode(adapter_of("infobip").request(message(**changed)).body)
    found: dict[str, Any] = body["messages"][0]
    return found


def _data(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = _item(**changed)["content"]["templateData"]
    return found


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("infobip").answer(HttpResponse(status, headers, raw))
    return caught.value


def _answered(**status: Any) -> dict[str, Any]:
    return {"messages": [{"to": "1", "messageId": MESSAGE_ID, "status": status}]}


def _exception(name: str, text: str = "Words") -> dict[str, Any]:
    return {"requestError": {"serviceException": {"messageId": name, "text": text}}}


def _parse(**item: Any) -> Any:
    whole = {"messageId": MESSAGE_ID, "callbackData": REFERENCE, **item}
    found = adapter_of("infobip").parse(callback(msgspec.json.encode({"results": [whole]})))
    return found[0] if found else None


def _failed(**error: Any) -> Any:
    return _parse(status={"groupName": "UNDELIVERABLE", "name": "UNDELIVERABLE_NOT_DELIVERED"}, error=error)


def test_send_is_a_list_of_one_message() -> None:
    request = adapter_of("infobip").request(message())
    assert request.url == "https://xyz123.api.infobip.com/whatsapp/1/message/template"
    assert request.headers == {
        "authorization": "App 1nf0-k3y",
        "content-type": "application/json",
        "accept": "application/json",
    }
    assert msgspec.json.decode(request.body) == {
        "messages": [
            {
                "from": "441134960000",
                "to": "919999999999",
                "content": {
                    "templateName": "order_update",
                    "templateData": {
                        "body": {"placeholders": ["Zoë 👋", "A-1"]},
                        "header": {"type": "IMAGE", "mediaUrl": "https://www.example.com/image.png"},
                        "buttons": [
                            {"type": "URL", "parameter": "c/AbC"},
                            {"type": "QUICK_REPLY", "parameter": REFERENCE},
                            {"type": "COPY_CODE", "parameter": "SAVE10"},
                        ],
                    },
                    "language": "en_US",
                },
                "callbackData": REFERENCE,
                "notifyUrl": STATUS_URL,
            }
        ]
    }


def test_without_a_callback_url_the_one_set_at_infobip_counts() -> None:
    adapter = adapter_of("infobip")
    assert isinstance(adapter, InfobipAdapter)
    adapter.callback_url = ""
    assert b"notifyUrl" not in adapter.request(message()).body


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (HeaderValue("text", text="Sale"), None),
        (HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",)), {"type": "TEXT", "placeholder": "Zoë"}),
        (HeaderValue("video", link="https://v"), {"type": "VIDEO", "mediaUrl": "https://v"}),
        (
            HeaderValue("document", link="https://d/x/b.pdf?v=1", filename="a.pdf"),
            {"type": "DOCUMENT", "mediaUrl": "https://d/x/b.pdf?v=1", "filename": "a.pdf"},
        ),
        (
            HeaderValue("document", link="https://d/x/b.pdf?v=1"),
            {"type": "DOCUMENT", "mediaUrl": "https://d/x/b.pdf?v=1", "filename": "b.pdf"},
        ),
        (
            HeaderValue("document", link="https://d"),
            {"type": "DOCUMENT", "mediaUrl": "https://d", "filename": "document.pdf"},
        ),
        (
            HeaderValue("location", latitude="2.45", longitude="-3.5"),
            {"type": "LOCATION", "latitude": 2.45, "longitude": -3.5},
        ),
        (
            HeaderValue("location", latitude="2.45", longitude="west"),
            {"type": "LOCATION", "latitude": 2.45, "longitude": "west"},
        ),
    ],
)
def test_header_of_each_type(header: HeaderValue, written: object) -> None:
    assert _data(header=header).get("header") == written


def test_parts_without_variables_are_left_out() -> None:
    fixed = (ButtonValue(0, "url", "Shop", "https://shop"), ButtonValue(1, "phone_number", "Call", "+1"))
    assert _data(header=None, body=(), buttons=fixed) == {"body": {"placeholders": []}}


def test_quick_reply_keeps_a_payload_of_its_own() -> None:
    assert _data(buttons=(ButtonValue(0, "quick_reply", "Yes", "Sip"),))["buttons"] == [
        {"type": "QUICK_REPLY", "parameter": "Sip"}
    ]


@pytest.mark.parametrize("group", [{"groupId": 1}, {"groupName": "PENDING"}, {"groupId": 3}, {"groupId": 0}, {}])
def test_message_on_its_way_is_accepted(group: dict[str, Any]) -> None:
    body = msgspec.json.encode(_answered(**group))
    assert adapter_of("infobip").answer(HttpResponse(200, {}, body)).message_id == MESSAGE_ID


@pytest.mark.parametrize("group", [{"groupId": 2}, {"groupId": 4}, {"groupId": 5}, {"groupName": "REJECTED"}])
def test_message_rejected_inside_a_200_is_refused(group: dict[str, Any]) -> None:
    error = _refusal(200, _answered(name="REJECTED_NOT_ENOUGH_CREDITS", description="No credits", **group))
    assert (error.kind, error.code, error.text) == (ErrorKind.ACCOUNT, "REJECTED_NOT_ENOUGH_CREDITS", "No credits")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


def test_rejection_that_nobody_knows_is_a_refusal_too() -> None:
    error = _refusal(200, _answered(groupId=5, name="REJECTED_NEW"))
    assert (error.kind, error.code, error.unknown) == (ErrorKind.OTHER, "REJECTED_NEW", False)
    assert _refusal(200, _answered(groupId=5)).code == "REJECTED"


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_every_status_name_inside_a_200(code: str) -> None:
    error = _refusal(200, _answered(groupId=5, name=code))
    assert (error.kind, error.code, error.text) == (STATUSES[code].kind, code, STATUSES[code].text)


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "BAD_REQUEST", ErrorKind.OTHER),
        (401, "UNAUTHORIZED", ErrorKind.AUTHENTICATION),
        (403, "FORBIDDEN", ErrorKind.PERMISSION),
        (404, "NOT_FOUND", ErrorKind.OTHER),
    ],
)
def test_exception_is_a_final_no(status: int, name: str, kind: ErrorKind) -> None:
    error = _refusal(status, _exception(name))
    assert (error.kind, error.code, error.text) == (kind, name, "Words")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


def test_newer_form_of_an_exception() -> None:
    error = _refusal(400, {"errorCode": "E400", "description": "Request cannot be processed", "action": "Check"})
    assert (error.kind, error.code, error.text) == (ErrorKind.OTHER, "E400", "Request cannot be processed")


def test_exception_as_xml() -> None:
    xml = (
        b'<?xml version="1.0"?><requestError><serviceException><messageId>TOO_MANY_REQUESTS</messageId>'
        b"<text>Too many requests</text></serviceException></requestError>"
    )
    error = _refusal(429, xml, **{"retry-after": "3"})
    assert (error.kind, error.code, error.text) == (ErrorKind.RATE_LIMIT, "TOO_MANY_REQUESTS", "Too many requests")
    assert (error.permanent, error.retry_after) == (False, 3.0)
    refused = _refusal(401, xml.replace(b"TOO_MANY_REQUESTS", b"UNAUTHORIZED"))
    assert (refused.kind, refused.code, refused.permanent) == (ErrorKind.AUTHENTICATION, "UNAUTHORIZED", True)


@pytest.mark.parametrize("xml", [b"<text>\xff\xfe</text>", b"<text><text>" * 1000, b"<messageId>" + b"x" * 9000])
def test_broken_xml_is_told_by_its_http_status(xml: bytes) -> None:
    assert _refusal(400, xml).code == "http_400"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"messages":[]}', b'{"messages":[{"to":"1"}]}', b"[]"])
def test_200_without_an_id_leaves_it_open(body: bytes) -> None:
    error = _refusal(200, body)
    assert (error.kind, error.unknown) == (ErrorKind.BAD_ANSWER, True)


def test_general_error_leaves_it_open() -> None:
    assert _refusal(500, _exception("GENERAL_ERROR")).unknown


@pytest.mark.parametrize(("number", "name"), list(enumerate(GROUPS)))
def test_group_is_known_by_number_and_by_name(number: int, name: str) -> None:
    for status in ({"groupId": number}, {"groupName": name}, {"groupName": name.lower()}):
        found = _parse(status=status)
        assert (None if found is None else found.status) == GROUPS[name]


def test_delivered_to_operator_is_not_delivered() -> None:
    assert _parse(status={"groupId": 3, "name": "DELIVERED_TO_OPERATOR"}).status == "sent"
    assert _parse(status={"groupId": 3, "name": "DELIVERED_TO_HANDSET"}).status == "delivered"


@pytest.mark.parametrize("status", [None, 5, [], {}, {"groupId": 6}, {"groupId": True}, {"groupName": "LOST"}])
def test_status_of_no_group_is_unusable(status: object) -> None:
    assert _parse(status=status).path == "results[0].status"


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_error_of_a_report(code: str) -> None:
    found = _failed(id=int(code), name="EC_X", permanent=not CODES[code].permanent)
    meaning = CODES[code]
    assert (found.kind, found.code, found.text, found.permanent) == (meaning.kind, code, "EC_X", meaning.permanent)


@pytest.mark.parametrize("permanent", [True, False])
def test_error_that_nobody_knows_is_as_permanent_as_infobip_says(permanent: bool) -> None:
    assert _failed(id=12345, name="EC_NEW", permanent=permanent).permanent is permanent


@pytest.mark.parametrize("error", [{}, {"id": 0, "name": "NO_ERROR", "description": "No Error", "permanent": False}])
def test_report_without_an_error_is_told_by_its_status(error: dict[str, Any]) -> None:
    found = _failed(**error)
    assert (found.kind, found.code) == (ErrorKind.UNDELIVERABLE, "UNDELIVERABLE_NOT_DELIVERED")
    assert found.text == CODES["UNDELIVERABLE_NOT_DELIVERED"].text


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"doneAt": "2019-04-09T16:01:56.494-0300"}, 1_554_836_516_494),
        ({"doneAt": "2019-04-09T16:01:56.494+00:00"}, 1_554_825_716_494),
        ({"doneAt": "soon", "sentAt": "2019-04-09T16:01:56.494+0000"}, 1_554_825_716_494),
        ({}, None),
    ],
)
def test_time_of_a_report(changed: dict[str, Any], at: int | None) -> None:
    assert _parse(status={"groupId": 3}, **changed).at == at


def test_seen_report_needs_no_status() -> None:
    assert _parse(seenAt="x", callbackData=None) == Status("viewed", None, MESSAGE_ID, path="results[0]")


@pytest.mark.parametrize("data", [5, "", "é", "a" * 600, None, ["x"]])
def test_callback_data_that_is_no_reference_leaves_the_id(data: object) -> None:
    assert _parse(status={"groupId": 3}, callbackData=data).reference is None


def test_foreign_callback_data_does_not_name_the_answered_message() -> None:
    content = {"type": "TEXT", "text": "Hi"}
    found = _parse(message=content, **{"from": "919999999999"}, callbackData="campaign 5")
    assert isinstance(found, Incoming)
    assert found.reply_to_reference is None
    assert _parse(message=content, **{"from": "919999999999"}).reply_to_reference == REFERENCE


@pytest.mark.parametrize("content", [None, 5, [], "x"])
def test_message_that_is_no_object_is_unusable(content: object) -> None:
    assert _parse(message=content, **{"from": "919999999999"}).path == "results[0].message"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"base_url": "xyz123.api.infobip.com"}, "settings.base_url"),
        ({"base_url": None}, "settings.base_url"),
        ({"api_key": ""}, "settings.api_key"),
        ({"sender": "Shop"}, "settings.sender"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("infobip", {**EXAMPLES["infobip"].settings, **changed})
    assert caught.value.field == field


def test_limits_of_the_kind() -> None:
    assert limits("infobip", {}) == Limits(80, 50, 15.0)
