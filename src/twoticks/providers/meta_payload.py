"""Writes a template message as Meta's Cloud API has it."""

from __future__ import annotations

from typing import Any

from twoticks.providers.base import ButtonValue, HeaderValue, OutgoingMessage


def template_message(message: OutgoingMessage) -> dict[str, Any]:
    """The body of ``POST /{phone_number_id}/messages``; our reference comes back as `biz_opaque_callback_data`."""
    template: dict[str, Any] = {
        "name": message.template,
        "language": {"policy": "deterministic", "code": message.language},
    }
    components = _components(message)
    if components:
        template["components"] = components
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to.removeprefix("+"),
        "type": "template",
        "template": template,
        "biz_opaque_callback_data": message.reference,
    }


def _components(message: OutgoingMessage) -> list[dict[str, Any]]:
    """Only what varies: Meta refuses parameters for parts that have no variable (132000)."""
    components: list[dict[str, Any]] = []
    if message.header is not None and (values := _header(message.header)):
        components.append({"type": "header", "parameters": values})
    if message.body:
        components.append({"type": "body", "parameters": [_text(text) for text in message.body]})
    parameters = ((button, _button(button, message.reference)) for button in message.buttons)
    components += [
        {"type": "button", "sub_type": button.type, "index": str(button.index), "parameters": [parameter]}
        for button, parameter in parameters
        if parameter is not None
    ]
    return components


def _header(header: HeaderValue) -> list[dict[str, Any]]:
    if header.type == "text":
        return [_text(text) for text in header.parameters]
    if header.type == "location":
        place = {"latitude": header.latitude, "longitude": header.longitude}
        return [{"type": "location", "location": place}]
    medium = {"link": header.link}
    if header.type == "document" and header.filename:
        medium["filename"] = header.filename
    return [{"type": header.type, header.type: medium}]


def _button(button: ButtonValue, reference: str) -> dict[str, Any] | None:
    """The one parameter of a button, or None where it has none.

    A quick reply without a payload of its own carries our reference: Meta leaves `context` out of some button
    replies, and then the payload alone tells which message was answered.
    """
    if button.type == "quick_reply":
        return {"type": "payload", "payload": button.parameter or reference}
    if button.type == "copy_code":
        return {"type": "coupon_code", "coupon_code": button.parameter}
    return _text(button.parameter) if button.type == "url" and button.dynamic else None


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}
