"""The sandbox: a provider like any other over HTTP, whose remote side is our own simulator."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

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
from twoticks.providers.profile import Profile
from twoticks.providers.retry import retry_after
from twoticks.providers.sandbox_callbacks import meaning, parse
from twoticks.providers.sandbox_format import SIGNATURE_HEADER, WireButton, WireHeader, WireSend, account_token
from twoticks.providers.signatures import verify_sha256
from twoticks.vocabulary import Capabilities, ErrorKind

_ENCODER = msgspec.json.Encoder()


class SandboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user may set. The endpoint is not among it: the sandbox is exempt from the private-address guard."""

    profile: Profile = Profile()
    signing_secret: Annotated[str, msgspec.Meta(min_length=16, max_length=256)] | None = None


class SandboxAdapter:
    """Speaks `sandbox_format` to the simulator, which sends nothing to anybody.

    The setting ``endpoint`` comes from the running process: the simulator has a new port each time that it starts.
    """

    kind: ClassVar[str] = "sandbox"
    label: ClassVar[str] = "Sandbox (simulated)"
    capabilities: ClassVar[Capabilities] = Capabilities(click_callbacks=True, pricing=True)
    separate_inbound: ClassVar[bool] = False
    trusted_endpoint: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(SandboxSettings, {name: value for name, value in settings.items() if name != "endpoint"}, secrets)
        self.endpoint = str(settings.get("endpoint", ""))
        self.profile = own.profile
        self.signing_secret = own.signing_secret or ""
        self._headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {account_token(self.signing_secret)}",
        }

    @staticmethod
    def made_up() -> dict[str, Any]:
        """Secrets for a provider whose user gave none."""
        return {"signing_secret": randomness.token_urlsafe(32)}

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One `WireSend`; raises `SendError` (try again later) while no simulator runs."""
        if not self.endpoint:
            text = "The simulator does not run"
            raise SendError(ErrorKind.UNAVAILABLE, text=text, permanent=False, retry_after=5.0)
        header = message.header
        body = WireSend(
            to=message.to.removeprefix("+"),
            reference=message.reference,
            template=message.template,
            language=message.language,
            header=WireHeader(header.type, header.text, header.link) if header else None,
            body=message.body,
            buttons=tuple(WireButton(b.index, b.type, b.text, b.parameter) for b in message.buttons),
            custom=message.custom,
        )
        return HttpRequest("POST", self.endpoint, self._headers, _ENCODER.encode(body))

    def answer(self, response: HttpResponse) -> Accepted:
        """200 with an id takes the message; 429 and 503 may be asked again; any other answer is final."""
        try:
            body = mapping(decode(response.body))
        except UnusableError:
            body = {}
        if response.status == 200 and (message_id := optional_text(body, "id", limit=256)):
            return Accepted(message_id)
        error = mapping(body.get("error"))
        code = optional_text(error, "code", limit=64)
        if response.status in (429, 503):
            kind = ErrorKind.RATE_LIMIT if response.status == 429 else ErrorKind.UNAVAILABLE
            wait = retry_after(response.headers)
            raise SendError(kind, code=code or f"http_{response.status}", permanent=False, retry_after=wait)
        if not code:
            # Whatever answered here was not the simulator's own logic: nobody knows what became of the message.
            text = "The answer says neither yes nor no"
            raise SendError(ErrorKind.BAD_ANSWER, code=f"http_{response.status}", text=text, unknown=True)
        kind, words = meaning(code)
        text = optional_text(error, "title", limit=300) or words.title
        raise SendError(kind, code=code, text=text, permanent=words.permanent)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """The sandbox needs no set-up."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """The signature must be that of the raw body; no secret or no signature means no."""
        verify_sha256(callback.body, callback.headers.get(SIGNATURE_HEADER.lower()), [self.signing_secret])

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Statuses, clicks and incoming messages, in one batch."""
        return parse(callback.body)
