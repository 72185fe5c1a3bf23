"""What we could not use: shown by reason, and read again after a fix. It may hold personal data and is never logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import ColumnElement, func, select

from twoticks.callbacks.context import Context
from twoticks.callbacks.drain import Drain, place_of
from twoticks.callbacks.held import HeldItem, Stored, decode, fingerprint
from twoticks.callbacks.round import Entry, Loose, Round, Source, refused
from twoticks.callbacks.steps import prepare
from twoticks.callbacks.unmatched import NO_MESSAGE
from twoticks.errors import Unavailable
from twoticks.records.database import Database
from twoticks.records.items import CallbackItem
from twoticks.records.tables import Quarantined

log = structlog.get_logger(__name__)

_PAGE = 20
_SHOWN_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Group:
    """Quarantined callbacks of one provider with one reason; provider 0 stands for items of our own."""

    provider_id: int
    reason: str
    count: int
    path: str
    """The field at fault in one of them."""
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One quarantined callback, for display."""

    id: int
    provider_id: int
    reason: str
    path: str
    received_at: datetime
    content: str
    """Its body (or its query, for a GET), cut to 64 KiB; for an item that is no callback, its fields as JSON."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of reading a group again."""

    read: int
    released: int
    """How many left quarantine for this reason."""


async def groups(database: Database) -> list[Group]:
    """All of quarantine by provider and reason, the largest group first."""
    async with database.session() as session:
        rows = await session.execute(
            select(
                Quarantined.provider_id,
                Quarantined.reason,
                func.count(),
                func.min(Quarantined.path),
                func.min(Quarantined.received_at),
                func.max(Quarantined.received_at),
            )
            .group_by(Quarantined.provider_id, Quarantined.reason)
            .order_by(func.count().desc(), Quarantined.provider_id, Quarantined.reason)
        )
        return [Group(*row) for row in rows]


async def cases(
    database: Database, reason: str, provider_id: int | None = None, *, after: int = 0, limit: int = 50
) -> list[Case]:
    """A page of one group, by rising id; `after` is the last id of the page before."""
    async with database.session() as session:
        rows = await session.scalars(
            select(Quarantined)
            .where(*_of_group(reason, provider_id), Quarantined.id > after)
            .order_by(Quarantined.id)
            .limit(limit)
        )
        return [
            Case(row.id, row.provider_id, row.reason, row.path, row.received_at, _content(decode(row.callback)))
            for row in rows
        ]


async def replay_group(drain: Drain, reason: str, provider_id: int | None = None) -> Replayed:
    """Read the callbacks of a group again, as after a fix of ours; what still cannot be used stays.

    Doing it twice changes nothing: the siblings in a callback that were usable become the same facts again.
    """
    read = released = after = 0
    last = await _newest(drain.context.database)
    while True:
        async with drain.turn:
            rows = await _page(drain.context.database, reason, provider_id, after, last)
            if not rows:
                return Replayed(read, released)
            after = rows[-1].id
            read += len(rows)
            released += await _replay(drain, rows)


async def _replay(drain: Drain, rows: Sequence[Quarantined]) -> int:
    try:
        gathered = await _read_again(drain.context, rows)
    except Unavailable:
        raise
    except Exception as error:
        drain.context.campaigns.clear()
        if len(rows) > 1:
            return sum([await _replay(drain, [row]) for row in rows])
        log.error("quarantined_stays", row=rows[0].id, error=place_of(error))
        return 0
    still = {fingerprint(one.item, one.reason) for one in gathered.quarantined}
    gathered.released = [row.id for row in rows if row.fingerprint not in still]
    await drain.write(gathered)
    return len(gathered.released)


async def _read_again(context: Context, rows: Sequence[Quarantined]) -> Round:
    gathered = Round(entries=[])
    stored = [(row, decode(row.callback)) for row in rows]
    gathered.entries = [Entry(row.block_id, 0, item) for row, item in stored if not isinstance(item, HeldItem)]
    held = [await _loose(context, row, item) for row, item in stored if isinstance(item, HeldItem)]
    gathered.loose.extend(held)
    await prepare(context, gathered)
    # What waited in vain before stays in quarantine; only what is new has its time to wait.
    old = {id(one) for one in held}
    for one in gathered.unmatched:
        if id(one) in old:
            gathered.quarantined.append(
                refused(one.source.provider, NO_MESSAGE, one.held.path, one.held, one.source.block)
            )
    gathered.unmatched = [one for one in gathered.unmatched if id(one) not in old]
    return gathered


async def _loose(context: Context, row: Quarantined, held: HeldItem) -> Loose:
    kind = await context.provider_kind(row.provider_id)
    return Loose(Source(row.provider_id, kind, held.at, row.block_id), held)


async def _page(database: Database, reason: str, provider_id: int | None, after: int, last: int) -> list[Quarantined]:
    async with database.session() as session:
        rows = await session.scalars(
            select(Quarantined)
            .where(*_of_group(reason, provider_id), Quarantined.id > after, Quarantined.id <= last)
            .order_by(Quarantined.id)
            .limit(_PAGE)
        )
        return list(rows)


async def _newest(database: Database) -> int:
    async with database.session() as session:
        return await session.scalar(select(func.max(Quarantined.id))) or 0


def _of_group(reason: str, provider_id: int | None) -> list[ColumnElement[bool]]:
    chosen = [Quarantined.reason == reason]
    return chosen if provider_id is None else [*chosen, Quarantined.provider_id == provider_id]


def _content(item: Stored) -> str:
    raw = (item.body or item.query.encode()) if isinstance(item, CallbackItem) else msgspec.json.encode(item)
    return raw[:_SHOWN_BYTES].decode("utf-8", "replace")
