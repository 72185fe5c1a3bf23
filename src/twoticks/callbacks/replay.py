"""Reads the journal again, as after the loss of the fact store or after a fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twoticks.callbacks.drain import READ_BLOCKS, Drain, entries_of, stretches
from twoticks.callbacks.writing import CONSUMER
from twoticks.records.journal import Journal

Progress = Callable[[int, int], None]
"""Called with the id of the last block done and that of the last one to do."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay has read."""

    blocks: int
    items: int


async def replay(journal: Journal, drain: Drain, from_block: int = 0, progress: Progress | None = None) -> Replay:
    """Do the blocks from `from_block` up to the cursor again, through the same steps as the first time.

    The cursor is not touched: what lies behind it is the drain's, which goes on between two parts of a replay, so a
    replay that is cancelled or dies leaves nothing to clean up and is simply started again. Facts that are there
    already stay one, and profile changes carry the version of their block: an old one never wins. Blocks that
    retention has removed cannot be read again.
    """
    drain.retried_until = None  # what waited in vain long ago is put back, and must not begin to wait anew
    last = await journal.cursor(CONSUMER)
    after = max(from_block - 1, 0)
    done = items = 0
    while after < last:
        blocks = [block for block in await journal.read(after, READ_BLOCKS) if block.id <= last]
        if not blocks:
            break
        for stretch in stretches(blocks):
            entries = entries_of(stretch)
            async with drain.turn:
                await drain.take(entries)
            after = stretch[-1].id
            done += len(stretch)
            items += len(entries)
            if progress is not None:
                progress(after, last)
    return Replay(done, items)
