"""Ends reading a body that does not come: one look a second over all readers, instead of a timer for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

from twoticks.errors import Unavailable

T = TypeVar("T")
LOOK_SECONDS = 1.0
BODY_SECONDS = 30.0
"""A body that is not here by then never will be."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Patience:
    """Waits for readers, each at most `seconds` and a look; a timer for each would cost more than a callback does."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._reading: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._look_planned = False

    async def wait(self, reading: Awaitable[T]) -> T:
        """The result of `reading`; raises `Unavailable` when it takes too long."""
        task = asyncio.current_task()
        if task is None:
            return await reading
        loop = asyncio.get_running_loop()
        self._reading[task] = loop.time()
        if not self._look_planned:
            self._look_planned = True
            loop.call_later(LOOK_SECONDS, self._look, loop)
        try:
            return await reading
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise Unavailable("the body did not come in time") from None
        finally:
            del self._reading[task]
            self._late.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        before = loop.time() - self._seconds
        for task, began in self._reading.items():
            if began < before and task not in self._late:
                self._late.add(task)
                task.cancel()
        self._look_planned = bool(self._reading)
        if self._look_planned:
            loop.call_later(LOOK_SECONDS, self._look, loop)


def in_time(receive: Receive, seconds: float = BODY_SECONDS) -> Receive:
    """`receive`, but raising `Unavailable` when the whole body is not here within `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    whole = False

    async def receive_in_time() -> MutableMapping[str, Any]:
        nonlocal whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise Unavailable("the body did not come in time") from None
        whole = not message.get("more_body", False)
        return message

    return receive_in_time
