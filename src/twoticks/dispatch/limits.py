"""How fast and how many at once: the pace a provider allows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

BURST_SECONDS = 0.02
"""Tokens of so much time may be taken at once: timers are late by about a millisecond, the rate must not be."""


class TokenBucket:
    """Gives `rate` tokens a second, in the order they were asked for, and none while paused.

    It counts in this process alone: workers in several processes each have their own.
    """

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._next = clock()
        self.paused_until = clock()
        """On the clock given, by default `time.monotonic`."""

    async def take(self, patience: float = float("inf")) -> bool:
        """Wait for a token, at most `patience` seconds; False when there was none in that time."""
        end = self._clock() + patience
        if not await self._queue(patience):
            return False
        try:
            return await self._wait(end)
        finally:
            self._turn.release()

    async def _queue(self, patience: float) -> bool:
        if not self._turn.locked() or patience == float("inf"):
            return await self._turn.acquire()
        try:
            async with asyncio.timeout(patience):
                return await self._turn.acquire()
        except TimeoutError:
            return False

    def pause(self, seconds: float) -> None:
        """Give no tokens for so long; a pause is never cut short by a shorter one."""
        self.paused_until = max(self.paused_until, self._clock() + seconds)

    async def _wait(self, end: float) -> bool:
        while True:
            now = self._clock()
            ready = max(self.paused_until, self._next)
            if ready <= now:
                self._next = max(self._next, now - BURST_SECONDS, self.paused_until) + 1 / self.rate
                return True
            if ready > end:
                await self._sleep(max(end - now, 0))
                return False
            await self._sleep(ready - now)
