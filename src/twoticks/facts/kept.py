"""Answers that stay right until something is written, so that many readers of one figure cost one query."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

Rows = list[tuple[Any, ...]]
MOST = 1024


class Kept:
    """Rows by question. An answer is kept only if no write was under way at any moment between question and answer.

    It sees the writes of this process alone, which are all there are where the engine is embedded.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, tuple[int, Rows]] = OrderedDict()
        self._version = 0
        self._open = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around every write: what was kept before is asked again."""
        self._version += 1
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            self._version += 1

    async def answer(self, question: Hashable, ask: Callable[[], Awaitable[Rows]]) -> Rows:
        """The kept answer, or that of `ask`."""
        version = self._version
        kept = self._answers.get(question)
        if kept is not None and kept[0] == version:
            return kept[1]
        rows = await ask()
        if version == self._version and not self._open:
            self._answers[question] = (version, rows)
            self._answers.move_to_end(question)
            if len(self._answers) > MOST:
                self._answers.popitem(last=False)
        return rows
