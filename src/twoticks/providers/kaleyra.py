"""Kaleyra's WhatsApp API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

import msgspec

from twoticks.providers import kaleyra_callbacks
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HeaderValue,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
    SendError,
)
from twoticks.providers.bodies import identifier, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object
from twoticks.providers.meanings import refusal, unsupported
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import Capabilities, ErrorKind

API_URL = "https://api.kaleyra.io"
_TEMPLATE = Meaning(ErrorKind.INVALID_TEMPLATE, "The template or its parameters are not valid")
_MEDIA = Meaning(ErrorKind.MEDIA, "The medium is not valid")
FIELDS: dict[str, Meaning] = {
    "to": Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid"),
    "from": Meaning(ErrorKind.ACCOUNT, "The sender is not a WhatsApp number of this account"),
    "template_name": _TEMPLATE,
    "params": _TEMPLATE,
    "param_url": _TEMPLATE,
    "lang_code": _TEMPLATE,
    "media": _MEDIA,
    "media_url": _MEDIA,
    "api-key": Meaning(ErrorKind.AUTHENTICATION, "Kaleyra refused the API key"),
}
"""A refusal names the field at fault: ``{"error": {"to": "invalid number"}}``."""


class KaleyraSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account, its key and its WhatsApp number."""

    sid: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{3,64}$")]
    api_key: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,512}$")]
    from_number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{5,20}$")]
    api_url: str = API_URL


class KaleyraAdapter:
    """Sends forms, and is called back by GET: with its own ids, without a time, and without our reference."""

    kind: ClassVar[str] = "kaleyra"
    label: ClassVar[str] = "Kaleyra"
    capabilities: ClassVar[Capabilities] = Capabilities(timestamps=False, reference=False)
    separate_inbound: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(KaleyraSettings, settings, secrets)
        self.callback_url = ""
        self._url = f"{own.api_url.rstrip('/')}/v1/{own.sid}/messages"
        self._headers = {"api-key": own.api_key, "content-type": "application/x-www-form-urlencoded"}
        self._sender = {"channel": "whatsapp", "from": own.from_number.removeprefix("+")}

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message; raises `SendError` for parts that Kaleyra has no documented field for."""
        fields = {
            **self._sender,
            "to": message.to.removeprefix("+"),
            "template_name": message.template,
            "lang_code": message.language,
            **_header_fields(message.header),
            **_button_fields(message),
        }
        if message.body:
            fields["params"] = ",".join(msgspec.json.encode(text).decode() for text in message.body)
        if self.callback_url:
            fields["callback_url"] = self.callback_url
        return HttpRequest("POST", self._url, self._headers, urlencode(fields).encode())

    def answer(self, response: HttpResponse) -> Accepted:
        """Kaleyra's id of the message, which ends in ``:0``: the answer has it in one of two places."""
        body = answer_object(response)
        messages = body.get("data")
        first = mapping(messages[0]) if isinstance(messages, list) and messages else {}
        message_id = identifier(first, "message_id") or identifier(body, "id")
        if 200 <= response.status < 300 and message_id is not None and not body.get("error"):
            return Accepted(message_id)
        raise _error(response, body)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Kaleyra asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """Kaleyra signs nothing: the secret in the URL, checked before this, is the proof."""

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """One status or one incoming message."""
        return kaleyra_callbacks.parse(callback)


def _error(response: HttpResponse, body: dict[str, Any]) -> SendError:
    error = mapping(body.get("error"))
    code = optional_text(error, "code", limit=64) or optional_text(body, "code", limit=64)
    field = next((name for name in FIELDS if name in error), "")
    text = optional_text(error, field, "message") or optional_text(body, "message")
    return refusal(
        response,
        {},
        code=code,
        text=f"{field}: {text}" if field and text else text,
        meaning=FIELDS.get(field) if response.status < 500 else None,
        clear=bool(error),
    )


def _header_fields(header: HeaderValue | None) -> dict[str, str]:
    """A template with a medium is a ``mediatemplate``."""
    if header is None or (header.type == "text" and not header.parameters):
        return {"type": "template"}
    if header.type == "text":
        raise unsupported("a variable in the header", "Kaleyra")
    if header.type == "location":
        raise unsupported("a location", "Kaleyra")
    return {"type": "mediatemplate", "media_url": header.link}


def _button_fields(message: OutgoingMessage) -> dict[str, str]:
    """The ending of the one URL button that may vary."""
    if any(button.type == "copy_code" for button in message.buttons):
        raise unsupported("a code to copy", "Kaleyra")
    endings = [button.parameter for button in message.buttons if button.type == "url" and button.dynamic]
    if len(endings) > 1:
        raise unsupported("more than one URL button that varies", "Kaleyra")
    return {"param_url": endings[0]} if endings else {}
