"""The sandbox's wire format, which both its adapter and the simulator speak.

A send is ``POST {endpoint}`` with a `WireSend` and ``Authorization: Bearer {account_token}``, answered with a
`WireAnswer`. A callback is ``{"items": [WireItem, …]}``, signed in `SIGNATURE_HEADER`. All times are Unix milliseconds.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from twoticks.vocabulary import ErrorKind

SIGNATURE_HEADER = "X-Twoticks-Signature"

ItemType = Literal["sent", "delivered", "viewed", "failed", "clicked", "incoming"]


class Meaning(NamedTuple):
    """The words of an error code, and whether the same message is of no use for ever."""

    title: str
    permanent: bool = True


ERRORS: dict[ErrorKind, Meaning] = {
    ErrorKind.AUTHENTICATION: Meaning("The credentials are not valid"),
    ErrorKind.PERMISSION: Meaning("The account may not do this"),
    ErrorKind.INVALID_TEMPLATE: Meaning("The template is not approved, or its parameters do not fit"),
    ErrorKind.INVALID_NUMBER: Meaning("The phone number is not valid"),
    ErrorKind.NOT_ON_WHATSAPP: Meaning("The recipient is not on WhatsApp"),
    ErrorKind.OPTED_OUT: Meaning("The recipient stopped marketing messages"),
    ErrorKind.BLOCKED: Meaning("The recipient blocked this sender"),
    ErrorKind.MARKETING_LIMIT: Meaning("The recipient has had enough marketing messages for now", permanent=False),
    ErrorKind.WINDOW_CLOSED: Meaning("The recipient last wrote more than 24 hours ago"),
    ErrorKind.MEDIA: Meaning("The medium could not be fetched"),
    ErrorKind.ACCOUNT: Meaning("The account is locked or has a payment problem"),
    ErrorKind.UNDELIVERABLE: Meaning("The message could not be delivered"),
    ErrorKind.RATE_LIMIT: Meaning("Too many requests", permanent=False),
    ErrorKind.UNAVAILABLE: Meaning("The service is not available", permanent=False),
    ErrorKind.OTHER: Meaning("Something else went wrong"),
}
"""The sandbox's error codes are the names of our own kinds."""


class WireError(msgspec.Struct, frozen=True):
    """`code` is one of `ERRORS`, `title` its words."""

    code: str
    title: str


class WireHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    """The header of a message: its text, or the address of its medium."""

    type: str
    text: str = ""
    link: str = ""


class WireButton(msgspec.Struct, frozen=True, omit_defaults=True):
    """A button, with the value of its variable or its fixed address."""

    index: int
    type: str
    text: str = ""
    value: str = ""


class WireSend(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to send; `to` is in digits, `body` holds the values of the template's variables."""

    to: str
    reference: str
    template: str
    language: str
    header: WireHeader | None = None
    body: tuple[str, ...] = ()
    buttons: tuple[WireButton, ...] = ()
    custom: Mapping[str, str] = {}


class WireAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """``200 {"id": …}`` takes the message; ``4xx {"error": {…}}`` does not."""

    id: str | None = None
    error: WireError | None = None


class WireContext(msgspec.Struct, frozen=True):
    """The message that an incoming message answers."""

    id: str
    reference: str


class WireItem(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One item of a callback.

    `error` belongs to ``failed``; `url` and `user_agent` to ``clicked``; `sender`, `kind`, `text` and `context` to
    ``incoming``, whose `id` is its own and which has no `reference`.
    """

    type: ItemType
    id: str
    at: int
    reference: str = ""
    error: WireError | None = None
    url: str = ""
    user_agent: str = ""
    sender: str = msgspec.field(name="from", default="")
    kind: str = ""
    text: str = ""
    context: WireContext | None = None


def account_token(secret: str) -> str:
    """The bearer token of the account that signs with `secret`; it tells nothing about the secret."""
    return hmac.digest(secret.encode(), b"twoticks sandbox account", "sha256").hex()[:32]


def signature(secret: str, body: bytes) -> str:
    """The value of `SIGNATURE_HEADER`: ``sha256=`` and the hex HMAC-SHA256 of a callback's raw body."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
