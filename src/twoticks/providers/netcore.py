"""Netcore Cloud's WhatsApp API (formerly Pepipost)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from twoticks.providers import netcore_callbacks, netcore_errors
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HeaderValue,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
)
from twoticks.providers.bodies import identifier, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object
from twoticks.providers.meanings import refusal, unsupported
from twoticks.vocabulary import Capabilities

API_URL = "https://cpaaswa.netcorecloud.net"
_PATH = "/api/v2/message/nc"


class NetcoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key and the id of the sender."""

    api_key: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,1024}$")]
    source: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,128}$")]
    cta_link_track: bool = False
    """Let Netcore shorten and count links; ours are counted already."""
    api_url: str = API_URL


class NetcoreAdapter:
    """Sends one message of a list; our reference travels as `x-apiheader`."""

    kind: ClassVar[str] = "netcore"
    label: ClassVar[str] = "Netcore Cloud"
    capabilities: ClassVar[Capabilities] = Capabilities()
    separate_inbound: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(NetcoreSettings, settings, secrets)
        self._url = f"{own.api_url.rstrip('/')}{_PATH}"
        self._headers = {"authorization": f"Bearer {own.api_key}", "content-type": "application/json"}
        self._sender: dict[str, Any] = {"source": own.source}
        if own.cta_link_track:
            self._sender["cta_link_track"] = 1

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message; raises `SendError` for parts whose field at Netcore is not known to us."""
        _check_buttons(message)
        item = {
            "recipient_whatsapp": message.to.removeprefix("+"),
            "recipient_type": "individual",
            netcore_callbacks.PASSED_THROUGH: message.reference,
            **self._sender,
            **_header_fields(message.header),
            "type_template": [
                {
                    "name": message.template,
                    "attributes": message.body,
                    "language": {"locale": message.language, "policy": "deterministic"},
                }
            ],
        }
        return HttpRequest("POST", self._url, self._headers, msgspec.json.encode({"message": [item]}))

    def answer(self, response: HttpResponse) -> Accepted:
        """Netcore's id of the message; a success is told by the body's own word."""
        body = answer_object(response)
        message_id = identifier(mapping(body.get("data")), "id")
        outcome = optional_text(body, "status").lower()
        if 200 <= response.status < 300 and message_id is not None and outcome in ("success", ""):
            return Accepted(message_id)
        error = mapping(body.get("error"))
        raise refusal(
            response,
            netcore_errors.CODES,
            code=optional_text(error, "code", limit=64) or optional_text(body, "code", "error_code", limit=64),
            text=optional_text(error, "message") or optional_text(body, "message", "error"),
            clear=outcome in ("failed", "failure", "error"),
        )

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Netcore asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """Netcore signs nothing: the secret in the URL, checked before this, is the proof."""

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Every status and message of a body."""
        return netcore_callbacks.parse(callback.body)


def _header_fields(header: HeaderValue | None) -> dict[str, Any]:
    """A template with a medium is a ``media_template``."""
    if header is None or (header.type == "text" and not header.parameters):
        return {"message_type": "template"}
    if header.type == "text":
        raise unsupported("a variable in the header", "Netcore")
    if header.type == "location":
        raise unsupported("a location", "Netcore")
    medium = {"type": header.type, "url": header.link}
    if header.filename:
        medium["filename"] = header.filename
    return {"message_type": "media_template", "type_media_template": medium}


def _check_buttons(message: OutgoingMessage) -> None:
    for button in message.buttons:
        if button.type == "copy_code":
            raise unsupported("a code to copy", "Netcore")
        if button.type == "url" and button.dynamic:
            raise unsupported("a URL button that varies", "Netcore")
