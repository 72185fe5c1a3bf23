"""Keeps what we know of people in the fact store: merges changes, stores their events, and looks profiles up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import structlog

from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.people.columns import from_columns, to_columns
from twoticks.people.merge import Book, State, version_of
from twoticks.people.values import Value
from twoticks.records.items import EventsItem, ProfilesItem

log = structlog.get_logger(__name__)

ASKED_AT_ONCE = 5000
"""Identities of one question to the fact store."""

MONTHS_AT_ONCE = 90
"""The fact store refuses an insert into more than 100 partitions, and `user_events` has one per month."""

_TIME = pa.timestamp("ms", "UTC")
_PACKAGE = "twoticks.people"


@dataclass(frozen=True, slots=True)
class Profile:
    """What we know of a person; `phone` is empty where there is none."""

    identity: str
    phone: str
    opted_out: bool
    props: dict[str, Value]


async def apply_profiles(facts: FactStore, items: Sequence[tuple[int, int, ProfilesItem]]) -> None:
    """Merge changes into the profiles; each item comes with its journal block and its place in the block.

    Blocks are applied in their order the first time. After that any of them may be applied again, alone or together,
    in any order: a profile's version says which changes it already has, so nothing old ever wins over something newer.
    """
    ordered = sorted(items, key=lambda entry: entry[:2])
    book = Book(await _states(facts, [record for _, _, item in ordered for record in item.records]))
    nobody = 0
    for block, index, item in ordered:
        version = version_of(block, index)
        nobody += sum(not book.merge(version, record) for record in item.records)
    if nobody:
        log.info("subscriptions of unknown numbers", count=nobody)
    await facts.insert("profiles", _profile_rows(book.changed()))


async def apply_events(facts: FactStore, items: Sequence[EventsItem]) -> set[str]:
    """Store people's events and say which names they have; a repeated event replaces itself.

    Events of people who were erased are left out: a replay must not bring their data back.
    """
    pairs = [(record, item.at) for item in items for record in item.records]
    gone = await _erased(facts, {str(record["identity"]) for record, _ in pairs})
    kept = [pair for pair in pairs if pair[0]["identity"] not in gone]
    for rows in _by_months(_event_rows(kept)):
        await facts.insert("user_events", rows)
    return {str(record["name"]) for record, _ in kept}


async def load_profiles(facts: FactStore, identities: Iterable[str]) -> dict[str, Profile]:
    """The profiles of those people who have one and were not erased."""
    return {
        state.identity: Profile(state.identity, state.phone, state.opted_out, state.props)
        for state in await _load(facts, identities)
        if not state.erased
    }


async def _states(facts: FactStore, records: Sequence[dict[str, object]]) -> list[State]:
    identities = {str(record["identity"]) for record in records if "identity" in record}
    phones = sorted({str(record["phone_is"]) for record in records if "phone_is" in record})
    if phones:
        found = await facts.query(statement(_PACKAGE, "identities_by_phone"), {"phones": phones})
        identities.update(identity for (identity,) in found)
    return await _load(facts, identities)


async def _load(facts: FactStore, identities: Iterable[str]) -> list[State]:
    sql = statement(_PACKAGE, "profiles_by_identity")
    states = []
    for some in _batches(identities):
        for identity, phone, texts, numbers, flags, version, erased in await facts.query(sql, {"identities": some}):
            props = from_columns(texts, numbers, flags)
            states.append(State(identity, phone, props, stored=version, version=version, erased=erased))
    return states


async def _erased(facts: FactStore, identities: Iterable[str]) -> set[str]:
    sql = statement(_PACKAGE, "erased_identities")
    return {identity for some in _batches(identities) for (identity,) in await facts.query(sql, {"identities": some})}


def _batches(identities: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(sorted(set(identities)))
    while some := list(islice(remaining, ASKED_AT_ONCE)):
        yield some


def _profile_rows(states: Sequence[State]) -> pa.Table:
    return pa.table(
        {
            "identity": pa.array([state.identity for state in states], pa.string()),
            "phone": pa.array([state.phone for state in states], pa.string()),
            "opted_out": pa.array([state.opted_out for state in states], pa.bool_()),
            **to_columns([state.props for state in states]),
            "version": pa.array([state.version for state in states], pa.uint64()),
            "erased": pa.array([False] * len(states), pa.bool_()),
        }
    )


def _event_rows(events: Sequence[tuple[dict[str, object], int]]) -> pa.Table:
    def column(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array([record[name] for record, _ in events], kind)

    return pa.table(
        {
            "name": column("name", pa.string()),
            "identity": column("identity", pa.string()),
            "at": column("at", pa.int64()).cast(_TIME),
            "received": pa.array([received for _, received in events], pa.int64()).cast(_TIME),
            "event_id": column("event_id", pa.uint64()),
            **to_columns([record["props"] for record, _ in events]),  # type: ignore[misc]
        }
    )


def _by_months(rows: pa.Table) -> Iterator[pa.Table]:
    months = rows["at"].to_numpy().astype("datetime64[M]")
    distinct = np.unique(months)
    for start in range(0, len(distinct), MONTHS_AT_ONCE):
        yield rows.filter(pa.array(np.isin(months, distinct[start : start + MONTHS_AT_ONCE])))
