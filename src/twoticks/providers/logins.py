"""Keeps the tokens of adapters that log in: one login at a time each, and one more try for a refused token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

import structlog

from twoticks.providers.base import HttpRequest, HttpResponse, LogsIn, SendError
from twoticks.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5.0
"""After a failed login nobody knocks again for this long: providers lock accounts that fail in quick succession."""

Ask = Callable[[HttpRequest], Awaitable[HttpResponse]]


class _Door:
    """One adapter's way in: who is at it, and what it last said."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.shut_until = float("-inf")
        self.said: SendError | None = None


class Logins:
    """Sends for adapters that log in. It belongs to one event loop."""

    def __init__(self) -> None:
        self._doors: WeakKeyDictionary[LogsIn, _Door] = WeakKeyDictionary()

    async def send(self, adapter: LogsIn, send: Callable[[], Awaitable[HttpResponse]], ask: Ask) -> HttpResponse:
        """The answer to `send`, which is called again with a fresh token when the first one was refused.

        `send` must build its request before it gives way to others. Raises `SendError` where no token is to be had:
        nothing was taken then.
        """
        if not adapter.token:
            await self._renew(adapter, "", ask)
        carried = adapter.token
        response = await send()
        if not adapter.needs_login(response):
            return response
        await self._renew(adapter, carried, ask)
        return await send()

    async def _renew(self, adapter: LogsIn, refused: str, ask: Ask) -> None:
        """Replace a refused token, unless someone has done so meanwhile."""
        door = self._doors.setdefault(adapter, _Door())
        async with door.lock:
            if adapter.token != refused:
                return
            if door.said is not None and time.monotonic() < door.shut_until:
                raise _again(door.said)
            try:
                adapter.logged_in(await ask(adapter.login()))
            except SendError as error:
                door.said, door.shut_until = error, time.monotonic() + RETRY_SECONDS
                log.warning("login_failed", kind=error.kind, code=error.code)
                raise _again(error) from None
            door.said = None


def _again(error: SendError) -> SendError:
    """What a failed login means for a message: it never left, also where nobody knows what became of the login."""
    if error.unknown:
        text = "The provider did not answer the login"
        return SendError(ErrorKind.UNAVAILABLE, code=error.code, text=text, permanent=False, retry_after=RETRY_SECONDS)
    return SendError(
        error.kind, code=error.code, text=error.text, permanent=error.permanent, retry_after=error.retry_after
    )
