"""The generic WhatsApp contract: any provider that takes one POST per message and calls back with `statuses`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NoReturn

import msgspec

from twoticks.errors import BadInput
from twoticks.providers import generic_callbacks, generic_errors, generic_payload
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
    SendError,
)
from twoticks.providers.bodies import UnusableError, decode, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.retry import retry_after
from twoticks.vocabulary import Capabilities, ErrorKind

HeaderName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_|~-]{1,100}$")]
HeaderText = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{0,4096}$")]
OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "upgrade"})
"""Headers that belong to the connection: a custom one would break requests."""


class Basic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """HTTP Basic authentication; a user name holds no colon (RFC 7617)."""

    username: Annotated[str, msgspec.Meta(pattern=r"^[^:\x00-\x1f\x7f]{1,256}$")]
    password: HeaderText


class Auth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the provider knows us: exactly one of the two."""

    basic: Basic | None = None
    headers: dict[HeaderName, HeaderText] | None = None


class GenericSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where messages go, from which number, and how we prove who we are."""

    endpoint: str
    waba_number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{5,20}$")]
    auth: Auth | None = None


class GenericAdapter:
    """A provider that speaks the generic contract. It gives no message ids: our reference is all there is."""

    kind: ClassVar[str] = "generic"
    label: ClassVar[str] = "Generic (HTTP endpoint)"
    capabilities: ClassVar[Capabilities] = Capabilities(click_callbacks=True)
    separate_inbound: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(GenericSettings, settings, secrets)
        self._endpoint = own.endpoint
        self._number = own.waba_number.removeprefix("+")
        self._headers = {"content-type": "application/json; charset=utf-8", **_credentials(own.auth)}

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One POST with the contract's template message."""
        body = msgspec.json.encode(generic_payload.template_message(message, self._number))
        return HttpRequest("POST", self._endpoint, self._headers, body)

    def answer(self, response: HttpResponse) -> Accepted:
        """Only ``{"status": "success"}`` is acceptance: a failure may well come with HTTP 200."""
        body = _body(response)
        if not 200 <= response.status < 300:
            _refuse(response, body)
        outcome = optional_text(body, "status").lower()
        if outcome == "success":
            return Accepted(None)
        if outcome == "failure" or "error" in body:
            _refuse(response, body)
        text = "The provider's answer says neither success nor failure"
        raise SendError(ErrorKind.BAD_ANSWER, code=f"http_{response.status}", text=text, permanent=False, unknown=True)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """The contract knows no set-up request."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """The contract knows no signature: the secret in the URL, checked before this, is the proof."""

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Statuses or one incoming message, on whichever of the two URLs they came."""
        return generic_callbacks.parse(callback.body, callback.endpoint)


def _credentials(auth: Auth | None) -> dict[str, str]:
    if auth is None:
        return {}
    if (auth.basic is None) == (auth.headers is None):
        raise BadInput("needs either basic or headers", field="settings.auth")
    if auth.basic is not None:
        pair = f"{auth.basic.username}:{auth.basic.password}".encode()
        return {"authorization": "Basic " + base64.b64encode(pair).decode()}
    headers = {name.lower(): value for name, value in (auth.headers or {}).items()}
    for name in sorted(headers.keys() & OURS):
        raise BadInput("is set by Twoticks itself", field=f"settings.auth.headers.{name}")
    return headers


def _body(response: HttpResponse) -> dict[str, Any]:
    try:
        return mapping(decode(response.body))
    except UnusableError:
        return {}


def _refuse(response: HttpResponse, body: dict[str, Any]) -> NoReturn:
    """Raise what the provider said: 429 and 503 may be asked again, 502 and 504 are unclear, all else is final."""
    error = mapping(body.get("error"))
    code = optional_text(error, "code")
    http = generic_errors.HTTP.get(response.status)
    retryable = response.status in (429, 503)
    meaning = (http if retryable else generic_errors.ANSWERS.get(code)) or http or generic_errors.OTHER
    unclear = response.status in generic_errors.UNCLEAR and not code
    raise SendError(
        ErrorKind.NO_ANSWER if unclear else meaning.kind,
        code=(code or f"http_{response.status}")[:64],
        text=(optional_text(error, "message", "title") or optional_text(body, "message") or meaning.text)[:300],
        permanent=not (retryable or unclear),
        retry_after=retry_after(response.headers) if retryable else None,
        unknown=unclear,
    )
