"""Lets callbacks be answered while a long piece of work goes on in the same event loop."""

from __future__ import annotations

import asyncio
from time import perf_counter

BREATH_SECONDS = 0.003
"""How long the event loop is kept in one go: less than one body of 1,000 statuses takes."""


class Breath:
    """`if breath.due(): await breath.take()` inside a loop.

    A thread would not do: it holds the interpreter for 5 ms at a time, and the event loop asks for it back at every
    callback.
    """

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = perf_counter()

    def due(self) -> bool:
        """Whether others have waited long enough."""
        return perf_counter() - self._since > BREATH_SECONDS

    async def take(self) -> None:
        """Let them go first."""
        await asyncio.sleep(0)
        self._since = perf_counter()
