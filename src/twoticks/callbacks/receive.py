"""Takes a provider's callback: proves where it comes from, puts it on disk, then says 200."""

from __future__ import annotations

import time
from hmac import compare_digest

from twoticks.campaigns.directory import Configured, Directory
from twoticks.errors import NotFound, Unavailable, Unverified
from twoticks.providers.base import CallbackRequest, HttpResponse
from twoticks.records.items import CallbackItem
from twoticks.records.journal import Journal

OK = HttpResponse(200)


class Receiver:
    """The way in for callbacks. What is in them is not looked at here: a body that makes no sense is stored too.

    The counters say what came in since the start of the process.
    """

    __slots__ = ("_directory", "_peek", "_submit", "refused", "stored", "stored_bytes", "unknown", "unverified")

    def __init__(self, directory: Directory, journal: Journal) -> None:
        self._directory = directory
        self._peek = directory.peek
        self._submit = journal.submit
        self.stored = 0
        """Callbacks answered 200."""
        self.stored_bytes = 0
        self.unknown = 0
        """Requests to an address that is none of ours."""
        self.unverified = 0
        """Requests without a valid proof of their origin; nothing of them is kept."""
        self.refused = 0
        """Callbacks we could not put on disk: the provider is asked to come again."""

    async def receive(self, provider_id: int, secret: str, request: CallbackRequest) -> HttpResponse:
        """The answer to a callback; returns 200 only once it is on disk.

        Raises NotFound for an unknown provider or a wrong secret in the address, Unverified where the provider's own
        proof does not hold, Unavailable (with the time to come back) when the journal cannot take it.
        """
        try:
            handshake = await self._proven(provider_id, secret, request)
            if handshake is not None:
                return handshake
            await self._submit(_item(provider_id, request))
        except NotFound:
            self.unknown += 1
            raise
        except Unverified:
            self.unverified += 1
            raise
        except Unavailable:
            self.refused += 1
            raise
        self.stored += 1
        self.stored_bytes += len(request.body)
        return OK

    async def _proven(self, provider_id: int, secret: str, request: CallbackRequest) -> HttpResponse | None:
        provider = self._peek(provider_id)
        if provider is not None:
            try:
                return _check(provider, secret, request)
            except (NotFound, Unverified):
                # Another process may have changed the provider since; the directory looks again now and then only.
                if await self._directory.get(provider_id) is provider:
                    raise
        return _check(await self._directory.get(provider_id), secret, request)


def _check(provider: Configured, secret: str, request: CallbackRequest) -> HttpResponse | None:
    """The answer to a set-up request, or None for a callback that is proven to be the provider's."""
    if not compare_digest(secret.encode("utf-8", "replace"), provider.callback_secret.encode()):
        raise NotFound("no such callback address")
    handshake = provider.adapter.handshake(request)
    if handshake is None:
        provider.adapter.verify(request)
    return handshake


def _item(provider_id: int, request: CallbackRequest) -> CallbackItem:
    return CallbackItem(
        time.time_ns() // 1_000_000,
        provider_id,
        request.endpoint,
        request.body,
        request.method,
        request.query,
        request.headers.get("content-type", ""),
    )
