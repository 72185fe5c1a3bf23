"""The sandbox's format as its remote side writes and reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from twoticks.providers.base import HttpResponse
from twoticks.providers.sandbox_format import (
    ERRORS,
    SIGNATURE_HEADER,
    WireAnswer,
    WireContext,
    WireError,
    WireItem,
    WireSend,
    account_token,
    signature,
)
from twoticks.providers.wire import Callback, Happening, Received
from twoticks.vocabulary import ErrorKind

_SEND = msgspec.json.Decoder(WireSend)
_ENCODER = msgspec.json.Encoder()
_JSON = {"Content-Type": "application/json"}


class SandboxWire:
    """Plays the sandbox (see `wire.Wire`); accounts are told apart by their bearer token."""

    name = "sandbox"

    def account(self, provider_id: int, secret: str) -> str:
        """The token that the adapter of the same secret sends."""
        return account_token(secret)

    def caller(self, path: str, headers: Mapping[str, str]) -> str:
        """The bearer token."""
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def read(self, body: bytes) -> Received | None:
        """A `WireSend`."""
        try:
            send = _SEND.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        addresses = [button.value for button in send.buttons if button.type == "url"]
        return Received(
            send.to,
            send.reference,
            texts=(*send.body, *(address for address in addresses if "://" in address)),
            endings=tuple(address for address in addresses if "://" not in address),
        )

    def accepted(self, message_id: str) -> HttpResponse:
        """200 with the message's id."""
        return _answer(200, WireAnswer(id=message_id))

    def refused(self, error: ErrorKind) -> HttpResponse:
        """401 for the credentials, 400 for all else, with the error's code and words."""
        status = 401 if error is ErrorKind.AUTHENTICATION else 400
        return _answer(status, WireAnswer(error=_error(error)))

    def throttled(self, seconds: int) -> HttpResponse:
        """429 with Retry-After."""
        answer = _answer(429, WireAnswer(error=_error(ErrorKind.RATE_LIMIT)))
        return HttpResponse(answer.status, {**answer.headers, "Retry-After": str(seconds)}, answer.body)

    def callbacks(self, items: Sequence[Happening], secret: str) -> list[Callback]:
        """One signed batch of all items."""
        body = _ENCODER.encode({"items": [_item(item) for item in items]})
        return [Callback("status", {**_JSON, SIGNATURE_HEADER: signature(secret, body)}, body)]


def _item(item: Happening) -> WireItem:
    if item.kind == "incoming":
        return WireItem(
            "incoming",
            id=f"{item.message_id}.{item.at}",
            at=item.at,
            sender=item.sender,
            kind="text",
            text=item.text,
            context=WireContext(item.message_id, item.reference) if item.answers else None,
        )
    return WireItem(
        item.kind,
        id=item.message_id,
        reference=item.reference,
        at=item.at,
        error=_error(item.error) if item.error else None,
        url=item.url,
        user_agent=item.user_agent,
    )


def _error(error: ErrorKind) -> WireError:
    return WireError(error.value, ERRORS.get(error, ERRORS[ErrorKind.OTHER]).title)


def _answer(status: int, answer: WireAnswer) -> HttpResponse:
    return HttpResponse(status, _JSON, _ENCODER.encode(answer))
