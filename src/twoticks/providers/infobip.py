"""Infobip's WhatsApp API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from twoticks.providers import infobip_callbacks, infobip_errors
from twoticks.providers.base import (
    Accepted,
    ButtonValue,
    CallbackRequest,
    HeaderValue,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
    SendError,
)
from twoticks.providers.bodies import clean, identifier, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object
from twoticks.providers.meanings import refusal
from twoticks.vocabulary import Capabilities

_IN_XML = re.compile(rb"<(messageId|text|errorCode|description)>([^<>]{1,300})</")
_REFUSED = frozenset({"UNDELIVERABLE", "EXPIRED", "REJECTED"})


class InfobipSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account's own address at Infobip, an API key, and a registered WhatsApp sender."""

    base_url: str
    api_key: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,512}$")]
    sender: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{5,20}$")]


class InfobipAdapter:
    """Sends one message per request; our reference travels as `callbackData`."""

    kind: ClassVar[str] = "infobip"
    label: ClassVar[str] = "Infobip"
    capabilities: ClassVar[Capabilities] = Capabilities(pricing=True)
    separate_inbound: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(InfobipSettings, settings, secrets)
        self.callback_url = ""
        self._url = f"{own.base_url.rstrip('/')}/whatsapp/1/message/template"
        self._headers = {
            "authorization": f"App {own.api_key}",
            "content-type": "application/json",
            "accept": "application/json",
        }
        self._sender = own.sender.removeprefix("+")

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message in the list that Infobip's request is."""
        item: dict[str, Any] = {
            "from": self._sender,
            "to": message.to.removeprefix("+"),
            "content": {
                "templateName": message.template,
                "templateData": _template_data(message),
                "language": message.language,
            },
            "callbackData": message.reference,
        }
        if self.callback_url:
            item["notifyUrl"] = self.callback_url
        return HttpRequest("POST", self._url, self._headers, msgspec.json.encode({"messages": [item]}))

    def answer(self, response: HttpResponse) -> Accepted:
        """Infobip's id of the message. A message may be rejected inside a 200: its own status decides."""
        body = answer_object(response)
        messages = body.get("messages")
        first = mapping(messages[0]) if isinstance(messages, list) and messages else {}
        status = mapping(first.get("status"))
        if infobip_callbacks.group(status) in _REFUSED:
            code = optional_text(status, "name", limit=64) or infobip_callbacks.group(status)
            raise refusal(response, infobip_errors.CODES, code=code, text=optional_text(status, "description"))
        message_id = identifier(first, "messageId")
        if 200 <= response.status < 300 and message_id is not None:
            return Accepted(message_id)
        raise _error(response, body)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Infobip asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """Infobip signs nothing: the secret in the URL, checked before this, is the proof."""

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Every result of a report, or every incoming message."""
        return infobip_callbacks.parse(callback.body)


def _error(response: HttpResponse, body: dict[str, Any]) -> SendError:
    """An exception, in Infobip's older form, in its newer one, or as XML (which some of its gateways speak)."""
    exception = mapping(mapping(body.get("requestError")).get("serviceException"))
    if not body:
        exception = {
            name.decode(): clean(text.decode("utf-8", "replace")) for name, text in _IN_XML.findall(response.body)
        }
    code = optional_text(exception, "messageId", "errorCode", limit=64) or optional_text(body, "errorCode", limit=64)
    text = optional_text(exception, "text", "description") or optional_text(body, "description")
    return refusal(response, infobip_errors.CODES, code=code, text=text)


def _template_data(message: OutgoingMessage) -> dict[str, Any]:
    data: dict[str, Any] = {"body": {"placeholders": message.body}}
    header = None if message.header is None else _header(message.header)
    if header is not None:
        data["header"] = header
    buttons = [value for button in message.buttons if (value := _button(button, message.reference)) is not None]
    if buttons:
        data["buttons"] = buttons
    return data


def _header(header: HeaderValue) -> dict[str, Any] | None:
    """Only what varies: a fixed text has no place in a send."""
    if header.type == "text":
        return {"type": "TEXT", "placeholder": header.parameters[0]} if header.parameters else None
    if header.type == "location":
        return {"type": "LOCATION", "latitude": _degrees(header.latitude), "longitude": _degrees(header.longitude)}
    medium = {"type": header.type.upper(), "mediaUrl": header.link}
    if header.type == "document":
        medium["filename"] = header.filename or urlsplit(header.link).path.rpartition("/")[2] or "document.pdf"
    return medium


def _degrees(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _button(button: ButtonValue, reference: str) -> dict[str, str] | None:
    """The buttons that Infobip wants to be told of, in their order: those with something to fill in."""
    if button.type == "quick_reply":
        return {"type": "QUICK_REPLY", "parameter": button.parameter or reference}
    if button.type == "copy_code":
        return {"type": "COPY_CODE", "parameter": button.parameter}
    return {"type": "URL", "parameter": button.parameter} if button.type == "url" and button.dynamic else None
