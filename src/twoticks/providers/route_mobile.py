"""Route Mobile's WhatsApp Business API (OpenAPI 1.8.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from twoticks.providers import route_mobile_callbacks
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
from twoticks.providers.bodies import identifier, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object
from twoticks.providers.meanings import refusal
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import Capabilities, ErrorKind

API_URL = "https://apis.rmlconnect.net"
_TOKEN = re.compile(r"[!-~]{1,8192}")
WORDS: tuple[tuple[str, Meaning], ...] = (
    ("token", Meaning(ErrorKind.AUTHENTICATION, "Route Mobile refused the token")),
    ("template", Meaning(ErrorKind.INVALID_TEMPLATE, "The template or its parameters are not valid")),
    ("phone", Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid")),
    ("balance", Meaning(ErrorKind.ACCOUNT, "The account is out of credit")),
)
"""A refusal has no code: what its reason is about tells its kind."""
_REFUSED = frozenset({"failed", "failure"})


class RouteMobileSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The user whose WhatsApp number sends."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    enable_acculync: bool = False
    """Let Route Mobile shorten and count the links in texts; ours are counted already."""
    api_url: str = API_URL


class RouteMobileAdapter:
    """Logs in for a token that lives an hour; our reference travels as `extra`."""

    kind: ClassVar[str] = "route_mobile"
    label: ClassVar[str] = "Route Mobile"
    capabilities: ClassVar[Capabilities] = Capabilities(pricing=True)
    separate_inbound: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(RouteMobileSettings, settings, secrets)
        self.token = ""
        self._base = own.api_url.rstrip("/")
        self._user = {"username": own.username, "password": own.password}
        self._acculync = own.enable_acculync

    def login(self) -> HttpRequest:
        """The login that gives a token."""
        headers = {"content-type": "application/json"}
        return HttpRequest("POST", f"{self._base}/auth/v1/login/", headers, msgspec.json.encode(self._user))

    def logged_in(self, response: HttpResponse) -> None:
        """Keep the token; a login that is refused is our credentials' fault, any other may be tried again."""
        token = answer_object(response).get("JWTAUTH")
        if 200 <= response.status < 300 and isinstance(token, str) and _TOKEN.fullmatch(token):
            self.token = token
            return
        code = f"login_{response.status}"
        if 400 <= response.status < 500 and response.status != 429:
            text = "Route Mobile refused the user name or password"
            raise SendError(ErrorKind.AUTHENTICATION, code=code, text=text)
        text = "Route Mobile's login gave no token"
        raise SendError(ErrorKind.UNAVAILABLE, code=code, text=text, permanent=False, retry_after=5.0)

    def needs_login(self, response: HttpResponse) -> bool:
        """401 is about the token alone ("jwt token expired")."""
        return response.status == 401

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message; the token stands in its header without "Bearer"."""
        body = {
            "phone": message.to,
            "extra": message.reference,
            "enable_acculync": self._acculync,
            "media": _media(message),
        }
        headers = {"authorization": self.token, "content-type": "application/json"}
        return HttpRequest("POST", f"{self._base}/wba/v1/messages", headers, msgspec.json.encode(body))

    def answer(self, response: HttpResponse) -> Accepted:
        """The id of the request, under which statuses come."""
        body = answer_object(response)
        message_id = identifier(body, "request_id")
        refused = optional_text(body, "status").lower() in _REFUSED
        if 200 <= response.status < 300 and message_id is not None and not refused:
            return Accepted(message_id)
        text = _reason(body)
        meaning = next((meaning for word, meaning in WORDS if word in text.lower()), None)
        clear = refused and response.status < 500
        raise refusal(response, {}, text=text, meaning=meaning if clear else None, clear=clear)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Route Mobile asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """Route Mobile signs nothing: the secret in the URL, checked before this, is the proof."""

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Every status and message of a body."""
        return route_mobile_callbacks.parse(callback.body)


def _reason(body: dict[str, Any]) -> str:
    """The reason, which is a text, or texts by the name of a field."""
    reason = body.get("reason", body.get("error"))
    if isinstance(reason, dict):
        return "; ".join(
            f"{name}: {optional_text({'': _first(value)}, '', limit=200)}" for name, value in reason.items()
        )
    return optional_text({"": reason}, "", limit=300) or optional_text(body, "message", limit=300)


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _media(message: OutgoingMessage) -> dict[str, Any]:
    """The template with what varies in it."""
    media: dict[str, Any] = {
        "type": "media_template",
        "template_name": message.template,
        "lang_code": message.language,
    }
    if message.header is not None and (values := _header(message.header)):
        media["header"] = values
    if message.body:
        media["body"] = [{"text": text} for text in message.body]
    buttons = [value for button in message.buttons if (value := _button(button, message.reference)) is not None]
    if buttons:
        media["button"] = buttons
    return media


def _header(header: HeaderValue) -> list[dict[str, Any]]:
    if header.type == "text":
        return [{"text": text} for text in header.parameters]
    if header.type == "location":
        return [{"location": {"longitude": header.longitude, "latitude": header.latitude}}]
    medium = {"link": header.link}
    if header.filename:
        medium["file_name"] = header.filename
    return [{header.type: medium}]


def _button(button: ButtonValue, reference: str) -> dict[str, str] | None:
    number = {"button_no": str(button.index)}
    if button.type == "quick_reply":
        return {**number, "payload": button.parameter or reference}
    if button.type == "copy_code":
        return {**number, "coupon_code": button.parameter}
    return {**number, "url": button.parameter} if button.type == "url" and button.dynamic else None
