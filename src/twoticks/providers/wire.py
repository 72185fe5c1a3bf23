"""What a wire format must offer to be played by the simulator: reading sends, writing answers and callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from twoticks.providers.base import HttpResponse
from twoticks.vocabulary import ErrorKind


class Received(msgspec.Struct, frozen=True, gc=False):
    """What the simulator needs of a message that it was asked to send."""

    to: str
    """Digits of the recipient's number."""
    reference: str
    """The sender's own reference."""
    texts: tuple[str, ...] = ()
    """Values of the message's variables, where links may stand."""
    endings: tuple[str, ...] = ()
    """Values of URL buttons that are the end of an address whose beginning only the approved template knows."""


class Happening(msgspec.Struct, frozen=True, gc=False):
    """One item of a callback."""

    kind: Literal["sent", "delivered", "viewed", "failed", "clicked", "incoming"]
    message_id: str
    reference: str
    at: int
    """When it happened, in Unix milliseconds."""
    sender: str = ""
    """Of an incoming message: digits of the person's number."""
    text: str = ""
    answers: bool = True
    """Whether an incoming message names the message it answers."""
    error: ErrorKind | None = None
    url: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback ready to be posted."""

    endpoint: Literal["status", "inbound"]
    headers: Mapping[str, str]
    body: bytes


class Wire(Protocol):
    """One provider's format, seen from the provider's side."""

    name: str
    """First part of the path under which sends arrive."""

    def account(self, provider_id: int, secret: str) -> str:
        """What tells this account's requests from others'."""
        ...

    def caller(self, path: str, headers: Mapping[str, str]) -> str:
        """The account that a request speaks for: compared with `account`."""
        ...

    def read(self, body: bytes) -> Received | None:
        """The message to send, or None when the body makes no sense."""
        ...

    def accepted(self, message_id: str) -> HttpResponse:
        """The answer that takes a message."""
        ...

    def refused(self, error: ErrorKind) -> HttpResponse:
        """The answer that refuses a message for good."""
        ...

    def throttled(self, seconds: int) -> HttpResponse:
        """The answer that asks to come back after `seconds`."""
        ...

    def callbacks(self, items: Sequence[Happening], secret: str) -> list[Callback]:
        """The callbacks that tell `items`, proven with the account's secret."""
        ...
