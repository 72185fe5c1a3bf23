"""Netcore: sends, answers and callbacks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.provider_contract import EXAMPLES, REFERENCE, adapter_of, callback, message
from twoticks.errors import BadInput
from twoticks.providers.base import ButtonValue, HeaderValue, HttpResponse, Incoming, SendError
from twoticks.providers.netcore_callbacks import IGNORED, WORDS
from twoticks.providers.netcore_errors import CODES, OWN
from twoticks.providers.registry import Limits, limits, split
from twoticks.vocabulary import ErrorKind

MESSAGE_ID = "4c1f1a52-8f3b-4d0e-9c56-0c2b7a1e0001"


def _item(**changed: Any) -> dict[str, Any]:
    body = msgspec.json.decode(adapter_of("netcore").request(message(**{"buttons": (), **changed})).body)
    found: dict[str, Any] = body["message"][0]
    return found


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("netcore").answer(HttpResponse(status, headers, raw))
    return caught.value


def _parse(body: object) -> list[Any]:
    return list(adapter_of("netcore").parse(callback(msgspec.json.encode(body))))


def _status(**item: Any) -> Any:
    found = _parse({"delivery_status": [{"ncmessage_id": MESSAGE_ID, "status": "delivered", **item}]})
    return found[0] if found else None


def _incoming(**item: Any) -> Any:
    whole = {"from": "919999999999", "message_id": "wamid.1", "message_type": "TEXT", "text_type": {"text": "Hi"}}
    return _parse({"incoming_message": [{**whole, **item}]})[0]


def test_send_is_a_list_of_one_media_template() -> None:
    buttons = (ButtonValue(0, "quick_reply", "Yes"), ButtonValue(1, "url", "Shop", "https://shop"))
    request = adapter_of("netcore").request(message(buttons=buttons))
    assert request.url == "https://cpaaswa.netcorecloud.net/api/v2/message/nc"
    assert request.headers == {"authorization": "Bearer n3t-k3y", "content-type": "application/json"}
    assert msgspec.json.decode(request.body) == {
        "message": [
            {
                "recipient_whatsapp": "919999999999",
                "recipient_type": "individual",
                "x-apiheader": REFERENCE,
                "source": "461089f9-1000-4211-b182-c7f0291f3d45",
                "message_type": "media_template",
                "type_media_template": {"type": "image", "url": "https://www.example.com/image.png"},
                "type_template": [
                    {
                        "name": "order_update",
                        "attributes": ["Zoë 👋", "A-1"],
                        "language": {"locale": "en_US", "policy": "deterministic"},
                    }
                ],
            }
        ]
    }


def test_send_without_a_medium_is_a_template() -> None:
    for header in (None, HeaderValue("text", text="Sale")):
        item = _item(header=header)
        assert item["message_type"] == "template"
        assert "type_media_template" not in item


def test_name_of_a_document_goes_along() -> None:
    header = HeaderValue("document", link="https://d", filename="a.pdf")
    assert _item(header=header)["type_media_template"] == {"type": "document", "url": "https://d", "filename": "a.pdf"}


def test_link_tracking_of_netcores_may_be_switched_on() -> None:
    body = msgspec.json.decode(adapter_of("netcore", cta_link_track=True).request(message(buttons=())).body)
    assert body["message"][0]["cta_link_track"] == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"header": HeaderValue("text", text="Sale for Zoë", parameters=("Zoë",))},
        {"header": HeaderValue("location", latitude="1", longitude="2")},
        {"buttons": (ButtonValue(0, "copy_code", "Copy", "SAVE10"),)},
        {"buttons": (ButtonValue(0, "url", "Track", "c/AbC", dynamic=True),)},
    ],
)
def test_part_whose_field_is_not_known_is_refused_before_it_is_sent(changed: dict[str, Any]) -> None:
    with pytest.raises(SendError) as caught:
        _item(**changed)
    error = caught.value
    assert (error.kind, error.code, error.permanent) == (ErrorKind.INVALID_TEMPLATE, "unsupported", True)
    assert "Netcore" in error.text


@pytest.mark.parametrize("word", ["success", "Success"])
def test_accepted(word: str) -> None:
    body = msgspec.json.encode({"data": {"id": MESSAGE_ID}, "message": "Request received.", "status": word})
    assert adapter_of("netcore").answer(HttpResponse(200, {}, body)).message_id == MESSAGE_ID


@pytest.mark.parametrize("code", sorted(OWN))
@pytest.mark.parametrize("status", [200, 400])
def test_every_code_of_an_answer(status: int, code: str) -> None:
    meaning = OWN[code]
    for body in ({"error": {"code": int(code)}}, {"code": code}, {"error_code": code, "error": "x"}):
        error = _refusal(status, {"status": "failed", **body})
        assert (error.kind, error.code, error.permanent) == (meaning.kind, code, True)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"status": "error", "message": "Words", "data": {"id": MESSAGE_ID}}, ErrorKind.OTHER),
        (401, {"message": "Words", "status": 401}, ErrorKind.AUTHENTICATION),
        (403, {"message": "Words", "error": "Forbidden"}, ErrorKind.PERMISSION),
        (400, {"message": "Words", "code": 400}, ErrorKind.OTHER),
    ],
)
def test_refusal_without_a_code_is_final(status: int, body: object, kind: ErrorKind) -> None:
    error = _refusal(status, body)
    assert (error.kind, error.code, error.text) == (kind, f"http_{status}", "Words")
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)


@pytest.mark.parametrize("body", [b"", {"status": "failed", "message": "Internal"}, {"status": 500, "code": 500}])
def test_server_error_leaves_it_open(body: object) -> None:
    assert _refusal(500, body).unknown


def test_200_without_a_word_of_success_leaves_it_open() -> None:
    assert _refusal(200, {"message": "Request received."}).unknown


@pytest.mark.parametrize("word", sorted({*WORDS, *IGNORED}))
def test_every_word_is_a_status_or_is_passed_over(word: str) -> None:
    for spelling in (word, word.upper()):
        found = _status(status=spelling)
        assert (None if found is None else found.status) == WORDS.get(word)


@pytest.mark.parametrize("code", sorted(code for code in CODES if len(code) >= 3))
def test_code_at_the_beginning_of_a_remark(code: str) -> None:
    meaning = CODES[code]
    found = _status(status="failed", status_remark=code)
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )
    for remark in (f"{code}: Words", f"(#{code}) Words"):
        found = _status(status="failed", status_remark=remark)
        assert (found.kind, found.code, found.text) == (meaning.kind, code, remark)


@pytest.mark.parametrize("remark", ["2 attempts failed", "Failed with 8003 people", "Undelivered", 7, None, ["8003"]])
def test_remark_without_a_code_is_words_alone(remark: object) -> None:
    found = _status(status="failed", status_remark=remark)
    assert (found.kind, found.code) == (ErrorKind.OTHER, "")
    assert found.text


@pytest.mark.parametrize("reference", [5, "", "é", "a" * 600, None, ["x"]])
def test_header_that_is_no_reference_leaves_the_id(reference: object) -> None:
    assert _status(**{"x-apiheader": reference}).reference is None


@pytest.mark.parametrize("body", [{}, {"delivery_status": None}, {"data": []}])
def test_body_of_neither_shape_is_unusable(body: object) -> None:
    assert [item.path for item in _parse(body)] == [""]


def test_empty_texts_in_a_context_name_nothing() -> None:
    found = _incoming(context={"ncmessage_id": "", "message_id": "", "x-apiheader": ""})
    assert isinstance(found, Incoming)
    assert (found.reply_to_message_id, found.reply_to_reference) == (None, None)


def test_netcores_id_goes_before_whatsapps() -> None:
    assert _incoming(context={"ncmessage_id": "n", "message_id": "w"}).reply_to_message_id == "n"
    assert _incoming(context={"ncmessage_id": "", "message_id": "w"}).reply_to_message_id == "w"


def test_foreign_header_does_not_name_the_answered_message() -> None:
    assert _incoming(context={"x-apiheader": "newsletter"}).reply_to_reference is None
    assert _incoming(context={"x-apiheader": REFERENCE}).reply_to_reference == REFERENCE


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"api_key": ""}, "settings.api_key"),
        ({"source": ""}, "settings.source"),
        ({"source": "a b"}, "settings.source"),
        ({"cta_link_track": "yes"}, "settings.cta_link_track"),
        ({"api_url": "netcore"}, "settings.api_url"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("netcore", {**EXAMPLES["netcore"].settings, **changed})
    assert caught.value.field == field


def test_limits_of_the_kind() -> None:
    assert limits("netcore", {}) == Limits(20, 10, 15.0)
