"""Things that are due at a time: one heap and one task, however many there are."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

TICK_S = 0.01
"""Things due within one tick are handled together, so that a wake-up costs little per thing."""
BREATH = 200
"""After so many things in a row the event loop gets its turn."""

T = TypeVar("T")


class Timeline(Generic[T]):
    """Calls `handle` with each thing when it is due, one after the other; a slow `handle` delays the rest."""

    def __init__(self, handle: Callable[[T], Awaitable[None]]) -> None:
        self._handle = handle
        self._heap: list[tuple[float, int, T]] = []
        self._pushed = 0
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._heap)

    def start(self) -> None:
        """Begin to handle what is due."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Handle nothing more; what is not yet due is forgotten."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._heap.clear()

    def push(self, seconds: float, thing: T) -> None:
        """Handle `thing` in `seconds` from now."""
        due = time.monotonic() + seconds
        self._pushed += 1
        heapq.heappush(self._heap, (due, self._pushed, thing))
        if self._heap[0][1] == self._pushed:
            self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            wait = self._heap[0][0] - time.monotonic() if self._heap else None
            if wait is None or wait > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), None if wait is None else max(wait, TICK_S))
                continue
            await self._handle_due(time.monotonic())

    async def _handle_due(self, now: float) -> None:
        handled = 0
        while self._heap and self._heap[0][0] <= now:
            thing = heapq.heappop(self._heap)[2]
            try:
                await self._handle(thing)
            except Exception:
                log.exception("timeline_failed")
            handled += 1
            if handled % BREATH == 0:
                await asyncio.sleep(0)
