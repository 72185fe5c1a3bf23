"""Gupshup's WhatsApp API (the self-serve one; not the Enterprise SMS gateway)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

import msgspec

from twoticks.providers import gupshup_callbacks, gupshup_errors
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HeaderValue,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
)
from twoticks.providers.bodies import UnusableError, identifier, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object, callback_object
from twoticks.providers.meanings import refusal
from twoticks.vocabulary import Capabilities

API_URL = "https://api.gupshup.io"
_CODE_IN_WORDS = re.compile(r"\((\d{3,6})\)")
_PING_SHORTER_THAN = 4096


class GupshupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An app, its WhatsApp number and its key."""

    api_key: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,512}$")]
    app_name: Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,128}$")]
    source: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{5,20}$")]
    api_url: str = API_URL


class GupshupAdapter:
    """A template's name is Gupshup's template id. Gupshup has no field for our reference: its own ids must do."""

    kind: ClassVar[str] = "gupshup"
    label: ClassVar[str] = "Gupshup"
    capabilities: ClassVar[Capabilities] = Capabilities(reference=False)
    separate_inbound: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(GupshupSettings, settings, secrets)
        self._url = f"{own.api_url.rstrip('/')}/wa/api/v1/template/msg"
        self._headers = {"apikey": own.api_key, "content-type": "application/x-www-form-urlencoded"}
        self._sender = {"channel": "whatsapp", "source": own.source.removeprefix("+"), "src.name": own.app_name}

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message; JSON values inside a form."""
        fields = {**self._sender, "destination": message.to.removeprefix("+")}
        fields["template"] = _json({"id": message.template, "params": _parameters(message)})
        if message.header is not None and message.header.type != "text":
            fields["message"] = _json(_medium(message.header))
        postbacks = [
            {"index": button.index, "text": button.parameter or message.reference}
            for button in message.buttons
            if button.type == "quick_reply"
        ]
        if postbacks:
            fields["postbackTexts"] = _json(postbacks)
        return HttpRequest("POST", self._url, self._headers, urlencode(fields).encode())

    def answer(self, response: HttpResponse) -> Accepted:
        """Gupshup's id of the message it took (`submitted`, or `success` in newer answers)."""
        body = answer_object(response)
        message_id = identifier(body, "messageId")
        outcome = optional_text(body, "status").lower()
        if 200 <= response.status < 300 and message_id is not None and outcome != "error":
            return Accepted(message_id)
        text = optional_text(body, "message", limit=300) or optional_text(mapping(body.get("message")), "message")
        found = _CODE_IN_WORDS.match(text)
        raise refusal(
            response,
            gupshup_errors.CODES,
            code=optional_text(body, "code", limit=64) or (found[1] if found else ""),
            text=text,
            meaning=gupshup_errors.WORDS.get(text.lower()),
            clear=outcome == "error",
        )

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Gupshup tries a callback URL with an empty body or a ``sandbox-start``: it wants 2xx and an empty body."""
        if not callback.body.strip():
            return HttpResponse(200)
        if len(callback.body) < _PING_SHORTER_THAN and b"sandbox-start" in callback.body:
            return HttpResponse(200) if _is_ping(callback.body) else None
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """Gupshup signs nothing: the secret in the URL, checked before this, is the proof."""

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """One event, or every item of an envelope of Meta's."""
        return gupshup_callbacks.parse(callback.body)


def _is_ping(body: bytes) -> bool:
    try:
        event = callback_object(body)
    except UnusableError:
        return False
    return event.get("type") == "user-event" and mapping(event.get("payload")).get("type") == "sandbox-start"


def _parameters(message: OutgoingMessage) -> list[str]:
    """The template's variables in the order of its parts: header, body, buttons."""
    header = message.header.parameters if message.header is not None and message.header.type == "text" else ()
    buttons = [
        button.parameter
        for button in message.buttons
        if button.type == "copy_code" or (button.type == "url" and button.dynamic)
    ]
    return [*header, *message.body, *buttons]


def _medium(header: HeaderValue) -> dict[str, Any]:
    if header.type == "location":
        place = {"longitude": header.longitude, "latitude": header.latitude}
        return {"type": "location", "location": place}
    medium = {"link": header.link}
    if header.type == "document" and header.filename:
        medium["filename"] = header.filename
    return {"type": header.type, header.type: medium}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
