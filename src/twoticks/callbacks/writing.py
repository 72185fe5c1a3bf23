"""Writes a round: facts first, then records, the cursor last. A crash in between repeats it, which changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.callbacks.context import Context
from twoticks.callbacks.held import digest_of, encode, fingerprint
from twoticks.callbacks.round import AutomatedHit, Loose, Refused, Round
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.tables import ProviderMessage, Quarantined, Unmatched

CONSUMER = "facts"
_ROWS = 1_000
"""Rows in one transaction: on SQLite the journal, and so every callback, waits for it."""

Store = Callable[[Database, AsyncSession, Sequence[Any]], Awaitable[None]]


class _Part(NamedTuple):
    store: Store
    rows: Sequence[Any]


async def write(context: Context, gathered: Round, cursor: int | None = None) -> None:
    """Make a round durable, and with `cursor` note that the journal is read up to that block."""
    await write_facts(context.facts, gathered)
    if gathered.automated:
        await context.facts.insert("automated_hits", _hits(gathered.automated))
    new = [one for one in gathered.unmatched if not one.row]
    gathered.counts.unmatched += len(new)
    gathered.counts.quarantined += len(gathered.quarantined)
    parts = [
        *_parts(_store_ids, list(gathered.ids.items())),
        *_parts(_store_unmatched, new),
        *_parts(_store_quarantined, gathered.quarantined),
        *_parts(_delete_settled, gathered.settled),
        *_parts(_delete_released, gathered.released),
    ]
    transactions = _packed(parts)
    if cursor is not None:
        transactions[-1].append(_Part(_advance(context, cursor), ()))
    for transaction in transactions:
        if transaction:
            async with context.database.transaction() as session:
                for part in transaction:
                    await part.store(context.database, session, part.rows)


async def write_facts(facts: FactStore, gathered: Round) -> None:
    """Make the facts gathered so far durable, and visible to questions."""
    if len(gathered.facts):
        await facts.insert_facts(gathered.facts)
        gathered.counts.facts += len(gathered.facts)
        gathered.facts.clear()


def _parts(store: Store, rows: Sequence[Any]) -> Iterator[_Part]:
    return (_Part(store, rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS))


def _packed(parts: Sequence[_Part]) -> list[list[_Part]]:
    """The parts in as few transactions as `_ROWS` allows; at least one, which may be empty."""
    transactions: list[list[_Part]] = [[]]
    room = _ROWS
    for part in parts:
        if len(part.rows) > room:
            transactions.append([])
            room = _ROWS
        transactions[-1].append(part)
        room -= len(part.rows)
    return transactions


def _advance(context: Context, cursor: int) -> Store:
    async def advance(_: Database, session: AsyncSession, __: Sequence[Any]) -> None:
        await context.journal.advance(session, CONSUMER, cursor)

    return advance


async def _store_ids(database: Database, session: AsyncSession, ids: Sequence[tuple[bytes, tuple[int, int]]]) -> None:
    insert = database.insert(ProviderMessage).on_conflict_do_nothing()
    rows = [{"digest": digest, "campaign": campaign, "seq": seq} for digest, (campaign, seq) in ids]
    await _execute(session, insert, rows)


async def _store_unmatched(database: Database, session: AsyncSession, waiting: Sequence[Loose]) -> None:
    insert = database.insert(Unmatched)
    # The first receipt counts, in whatever order the two are read.
    changed = {name: getattr(insert.excluded, name) for name in ("item", "block_id", "received_at")}
    upsert = insert.on_conflict_do_update(
        index_elements=["provider_id", "fingerprint"],
        set_=changed,
        where=insert.excluded.received_at < Unmatched.received_at,
    )
    rows = [
        {
            "provider_id": one.source.provider,
            "digest": digest_of(one.held),
            "fingerprint": fingerprint(one.held),
            "item": encode(one.held),
            "block_id": one.source.block,
            "received_at": moment(one.held.at),
        }
        for one in waiting
    ]
    await _execute(session, upsert, rows)


async def _store_quarantined(database: Database, session: AsyncSession, refused: Sequence[Refused]) -> None:
    insert = database.insert(Quarantined).on_conflict_do_nothing()
    rows = [
        {
            "provider_id": one.provider,
            "reason": one.reason,
            "path": one.path,
            "fingerprint": fingerprint(one.item, one.reason),
            "callback": encode(one.item),
            "block_id": one.block,
            "received_at": moment(one.item.at),
        }
        for one in refused
    ]
    await _execute(session, insert, rows)


async def _delete_settled(_: Database, session: AsyncSession, rows: Sequence[int]) -> None:
    await session.execute(delete(Unmatched).where(Unmatched.id.in_(rows)))


async def _delete_released(_: Database, session: AsyncSession, rows: Sequence[int]) -> None:
    await session.execute(delete(Quarantined).where(Quarantined.id.in_(rows)))


async def _execute(session: AsyncSession, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    # Through the connection: the session would build objects of the rows, ten times slower.
    await (await session.connection()).execute(statement, rows)


def moment(milliseconds: int) -> datetime:
    """Unix milliseconds as the records keep times."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _hits(hits: Sequence[AutomatedHit]) -> pa.Table:
    columns = {name: [getattr(hit, name) for hit in hits] for name in AutomatedHit._fields}
    types = {"event": pa.uint64(), "at": pa.timestamp("ms", "UTC"), "reason": pa.string()}
    return pa.table({name: pa.array(values, types.get(name, pa.uint32())) for name, values in columns.items()})
