"""What runs by the clock: conversions, retries of unmatched callbacks, retention of the journal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do every `every` seconds."""

    name: str
    every: float
    work: Callable[[], Awaitable[object]]


class Clock:
    """Runs each task in its own loop; a failing task is logged and tried again at its next turn."""

    def __init__(self, tasks: list[Task]) -> None:
        self._tasks = tasks
        self._running: list[asyncio.Task[None]] = []
        self.failures: dict[str, int] = {task.name: 0 for task in tasks}

    async def start(self) -> None:
        """Begin; every task runs at once, then by its period."""
        self._running = [asyncio.create_task(self._repeat(task), name=f"clock-{task.name}") for task in self._tasks]

    async def stop(self) -> None:
        """Cancel the loops and wait for them."""
        for running in self._running:
            running.cancel()
        for running in self._running:
            with contextlib.suppress(asyncio.CancelledError):
                await running
        self._running = []

    async def _repeat(self, task: Task) -> None:
        while True:
            try:
                await task.work()
            except Exception as error:  # a task must not end for ever because it failed once
                self.failures[task.name] += 1
                log.warning("clock_task_failed", task=task.name, error=type(error).__name__)
            await asyncio.sleep(task.every)
