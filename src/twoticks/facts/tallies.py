"""Tallies compared with the facts they come from, and made anew from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
"""Called with the facts gone through so far and the facts in all."""

_SLICE = 2_000_000
_LAST = 2**32 - 1
_POLL_SECONDS = 0.1
_MISMATCH_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One tally that is not the set of its facts: `missing` messages have a fact only, `surplus` ones a tally only."""

    campaign: int
    kind: str
    key: int
    bucket: datetime
    missing: int
    surplus: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Campaigns `first` to `last`, both included, and how many facts they have."""

    first: int
    last: int
    facts: int


def slices(campaigns: Iterable[tuple[int, int]], size: int) -> Iterator[Slice]:
    """Cut `(campaign, facts)`, by rising campaign, where `size` facts are reached; together they cover every number."""
    first = facts = 0
    for campaign, count in campaigns:
        facts += count
        if facts >= size:
            yield Slice(first, campaign, facts)
            first, facts = campaign + 1, 0
    if first <= _LAST:
        yield Slice(first, _LAST, facts)


async def rebuild(store: FactStore, progress: Progress | None = None, *, slice_size: int = _SLICE) -> None:
    """Make all tallies anew from the facts; reports and inserts go on meanwhile and no fact is lost.

    A cancelled or failed rebuild leaves the tallies as they were.
    """
    async with store.maintenance:
        await _drop_new(store)
        try:
            await _command(store, "tallies_new")
            await _command(store, "tallies_new_view")
            await _earlier_inserts(store)
            await _fill(store, progress or _silent, slice_size)
            await _command(store, "tallies_exchange")
        finally:
            await _drop_new(store)
    log.info("tallies rebuilt")


async def verify(store: FactStore, progress: Progress | None = None, *, slice_size: int = _SLICE) -> list[Mismatch]:
    """Every tally that differs from its facts, at most 10,000 of them."""
    found: list[Mismatch] = []
    async for piece in _walk(store, progress or _silent, slice_size):
        parameters = {"first": piece.first, "last": piece.last, "limit": _MISMATCH_LIMIT - len(found)}
        rows = await store.query(statement(__package__, "tallies_verify"), parameters)
        if rows:
            # An insert under way is in facts a moment before it is in tallies: look again between two inserts.
            rows = await store.query(statement(__package__, "tallies_verify"), parameters, settled=True)
        found.extend(Mismatch(*row) for row in rows)
        if len(found) >= _MISMATCH_LIMIT:
            break
    return found


async def _fill(store: FactStore, progress: Progress, slice_size: int) -> None:
    async for piece in _walk(store, progress, slice_size):
        await store.command(statement(__package__, "tallies_new_fill"), {"first": piece.first, "last": piece.last})


async def _walk(store: FactStore, progress: Progress, slice_size: int) -> AsyncIterator[Slice]:
    campaigns = await store.query(statement(__package__, "facts_by_campaign"))
    total = sum(count for _, count in campaigns)
    done = 0
    for piece in slices(campaigns, slice_size):
        progress(done, total)
        yield piece
        done += piece.facts
    progress(done, total)


async def _earlier_inserts(store: FactStore) -> None:
    """Wait for inserts of other processes that began before the new view and do not feed it."""
    waiting = await _inserts(store)
    while waiting:
        await asyncio.sleep(_POLL_SECONDS)
        waiting &= await _inserts(store)


async def _inserts(store: FactStore) -> set[str]:
    return {query_id for (query_id,) in await store.query(statement(__package__, "running_inserts"))}


async def _drop_new(store: FactStore) -> None:
    await _command(store, "tallies_new_view_drop")
    await _command(store, "tallies_new_drop")


async def _command(store: FactStore, name: str) -> None:
    await store.command(statement(__package__, name))


def _silent(done: int, total: int) -> None:
    pass
