"""Everything that goes to one provider: its adapter, its pace, and the pauses it asks for."""

from __future__ import annotations

import asyncio
import time

from twoticks.campaigns.directory import Configured
from twoticks.dispatch.limits import TokenBucket
from twoticks.providers.base import SendError
from twoticks.vocabulary import ErrorKind

LONGEST_PAUSE = 30.0
"""Seconds between two tries of a provider that cannot be reached."""

IN_A_ROW = 3
"""So many "not now" without any other answer between them are about the provider; fewer are about their messages."""

MOST_CHUNKS = 16


class Lane:
    """One provider's share of this worker. `slots` bounds the messages that are attempted and not answered."""

    def __init__(self, provider: Configured) -> None:
        self.provider = provider
        self.slots = asyncio.Semaphore(provider.limits.concurrency)
        self.bucket = TokenBucket(provider.limits.rate_per_second)
        self.chunks = 0
        """In hand now."""
        self._failures = 0
        self._put_off = 0

    def adjust(self, provider: Configured) -> None:
        """Go on with the provider as it is configured now."""
        if provider.limits.concurrency != self.provider.limits.concurrency:
            # Those under way give their slots back to the old one: for a moment both may be full.
            self.slots = asyncio.Semaphore(provider.limits.concurrency)
        self.bucket.rate = provider.limits.rate_per_second
        self.provider = provider

    def room(self, chunk_size: int) -> int:
        """How many more chunks to lease so that the slots stay busy while the next chunk loads."""
        return min(2 + self.provider.limits.concurrency // chunk_size, MOST_CHUNKS) - self.chunks

    def hold(self, error: SendError) -> float:
        """Seconds until the message that was put off may be tried again.

        A provider may throttle single recipients, so one "not now" stops nobody else. Several in a row pause the lane
        as long as the provider asked for; longer and longer while it cannot be reached at all.
        """
        seconds = error.retry_after or 0.0
        self._put_off += 1
        if self._put_off < IN_A_ROW:
            return seconds
        if error.kind is ErrorKind.UNAVAILABLE and self.bucket.paused_until <= time.monotonic():
            self._failures += 1
        if error.kind is ErrorKind.UNAVAILABLE:
            seconds = max(seconds, min(seconds * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE))
        self.bucket.pause(seconds)
        return seconds

    def answered(self) -> None:
        """The provider took a message or refused it: it can be reached."""
        self._failures = 0
        self._put_off = 0
