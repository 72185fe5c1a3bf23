"""The contract every provider adapter keeps: build a request, read an answer, verify and parse callbacks.

An adapter is pure: bytes in, values out. It opens no connection, knows no store, and is tested with files alone.
`transport.py` does the HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, runtime_checkable

import msgspec

from twoticks.vocabulary import Capabilities, ErrorKind


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request to a provider. `headers` may hold credentials: never log them."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class HeaderValue(msgspec.Struct, frozen=True):
    """The header of one rendered message: `text`, or the address of a medium."""

    type: Literal["text", "image", "video", "document", "location"]
    text: str = ""
    """With its variables filled in."""
    parameters: tuple[str, ...] = ()
    """Values of the variables of `text`, in order; empty for a fixed text."""
    link: str = ""
    filename: str = ""
    latitude: str = ""
    longitude: str = ""


class ButtonValue(msgspec.Struct, frozen=True):
    """One button of one rendered message; `parameter` is what its variable is replaced by."""

    index: int
    type: Literal["url", "quick_reply", "phone_number", "copy_code"]
    text: str = ""
    parameter: str = ""
    dynamic: bool = False
    """A URL button with a variable; a static one carries its fixed address in `parameter`."""


class OutgoingMessage(msgspec.Struct, frozen=True):
    """One message ready to be sent: recipient, our reference, and a template with its variables filled in."""

    to: str
    """E.164 with the leading plus."""
    reference: str
    """Ours, unique per message, at most 64 ASCII characters of `[0-9a-z|]`; comes back in callbacks."""
    template: str
    language: str
    header: HeaderValue | None = None
    body_text: str = ""
    """The template's body as approved, with its placeholders."""
    body: tuple[str, ...] = ()
    """Values of the body's variables, in order."""
    footer: str = ""
    buttons: tuple[ButtonValue, ...] = ()
    custom: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; `message_id` is its own id for it, where it gives one."""

    message_id: str | None = None


class SendError(Exception):
    """The provider did not take the message, or we do not know.

    `permanent`: never try this message again. `accepted` is None when nobody knows (a time-out): such a message is
    never sent again. `retry_after` (seconds) is set when the provider said it did not accept and asks to come back.
    """

    def __init__(
        self,
        kind: ErrorKind,
        *,
        code: str = "",
        text: str = "",
        permanent: bool = True,
        retry_after: float | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(f"{kind}: {code}")
        self.kind = kind
        self.code = code
        self.text = text
        self.permanent = permanent
        self.retry_after = retry_after
        self.unknown = unknown


class CallbackRequest(msgspec.Struct, frozen=True):
    """A callback as it arrived. `url` is the address the provider was given, `headers` have lower-case names."""

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    endpoint: Literal["status", "inbound"] = "status"


class Status(msgspec.Struct, frozen=True, gc=False):
    """One normalised delivery status. At least one of `reference` and `message_id` is set."""

    status: Literal["sent", "delivered", "viewed", "failed", "clicked"]
    reference: str | None = None
    message_id: str | None = None
    at: int | None = None
    """Provider's time in Unix milliseconds, None where it gave none or an unreadable one."""
    kind: str = ""
    code: str = ""
    text: str = ""
    permanent: bool = True
    url: str = ""
    """For clicks: the address clicked."""
    user_agent: str = ""
    path: str = ""
    """Where in the body this item stood, e.g. ``statuses[3]``."""


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """One normalised message from a person. `reply_to_*` name the message it answers, where the provider says so."""

    sender: str
    """Digits of the phone number, or the provider's user id."""
    message_id: str | None
    type: str
    at: int | None = None
    text: str = ""
    reply_to_reference: str | None = None
    reply_to_message_id: str | None = None
    path: str = ""


class Unusable(msgspec.Struct, frozen=True, gc=False):
    """One item of a body that we cannot use: goes to quarantine, its siblings do not."""

    reason: str
    """For people: what is wrong. Never holds the value itself."""
    path: str
    """The field at fault, e.g. ``statuses[3].status``; empty for the body as a whole."""


ParsedItem = Status | Incoming | Unusable


class Adapter(Protocol):
    """One configured provider."""

    kind: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    separate_inbound: ClassVar[bool]
    """Whether incoming messages have a callback URL of their own."""

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """The documented HTTP request that sends `message`."""
        ...

    def answer(self, response: HttpResponse) -> Accepted:
        """Read the provider's answer; raises `SendError` when it did not accept."""
        ...

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Answer to a set-up request (such as Meta's ``hub.challenge``), or None when this is no such request."""
        ...

    def verify(self, callback: CallbackRequest) -> None:
        """Raise `errors.Unverified` unless the raw bytes are proven to come from the provider. Fails closed."""
        ...

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Read every item of a body. Never raises: what cannot be used becomes `Unusable`; may be empty."""
        ...


@runtime_checkable
class TellsCallbackUrl(Protocol):
    """An adapter that writes its own status callback URL into each send.

    Whoever configures the provider sets it; while it is empty, the URL set at the provider's side counts.
    """

    callback_url: str


@runtime_checkable
class LogsIn(Protocol):
    """An adapter whose requests carry a token that a request of its own fetches, and that expires.

    It stays as pure as the others: the transport makes the exchanges, and asks it for the request and its meaning.
    """

    token: str
    """What requests carry; empty until there is one."""

    def login(self) -> HttpRequest:
        """The request that fetches a token."""
        ...

    def logged_in(self, response: HttpResponse) -> None:
        """Keep the token of an answer to `login`; raises `SendError` (never `unknown`) where there is none."""
        ...

    def needs_login(self, response: HttpResponse) -> bool:
        """Whether an answer to a send refuses the token rather than the message, which was not taken then."""
        ...
