"""Writes a template message as the generic contract has it (section "outbound template message")."""

from __future__ import annotations

from typing import Any

from twoticks.providers.base import ButtonValue, HeaderValue, OutgoingMessage

PAYLOAD_VERSION = 0.1
_SUB_TYPES = {
    "dynamic_url": "dynamicUrl",
    "url": "staticUrl",
    "quick_reply": "quickReply",
    "phone_number": "callPhone",
    "copy_code": "copy_code",
}
_MEDIA = {"image": "image", "video": "video", "document": "file"}


def template_message(message: OutgoingMessage, waba_number: str) -> dict[str, Any]:
    """The body of one send. The contract has no field for the template's name but `namespace`: both carry it."""
    return {
        "payloadVersion": PAYLOAD_VERSION,
        "to": message.to.removeprefix("+"),
        "wabaNumber": waba_number,
        "isTemplate": True,
        "msgId": message.reference,
        "template": {"namespace": message.template, "name": message.template, "languageCode": message.language},
        "components": _components(message),
    }


def _components(message: OutgoingMessage) -> list[dict[str, Any]]:
    body = {"text": message.body_text, "parameters": [{"type": "text", "text": text} for text in message.body]}
    components: list[dict[str, Any]] = [{"type": "body", "body": body}]
    if message.header is not None:
        components.insert(0, {"type": "header", "header": _header(message.header)})
    if message.footer:
        components.append({"type": "footer", "footer": message.footer})
    components += [_button(button) for button in message.buttons]
    if message.custom:
        components.append({"customProps": [{name: value} for name, value in message.custom.items()]})
    return components


def _header(header: HeaderValue) -> dict[str, Any]:
    if header.type == "text":
        return {"type": "text", "text": {"text": header.text}}
    if header.type == "location":
        place = {"longitude": header.longitude, "latitude": header.latitude}
        return {"type": "location", "location": place}
    medium = {"mediaURL": header.link}
    if header.type == "document" and header.filename:
        medium["filename"] = header.filename
    name = _MEDIA[header.type]
    return {"type": name, name: medium}


def _button(button: ButtonValue) -> dict[str, Any]:
    kind = "dynamic_url" if button.type == "url" and button.dynamic else button.type
    value: dict[str, Any] = {
        "type": "button",
        "index": button.index,
        "subType": _SUB_TYPES[kind],
        "buttonText": button.text,
    }
    if button.type == "copy_code":
        value["parameters"] = [{"type": "coupon_code", "coupon_code": button.parameter}]
    elif button.type != "quick_reply":
        value["parameters"] = [{"type": "text", "text": button.parameter}]
    return value
