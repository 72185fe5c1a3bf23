"""Tallies compared with their facts and made anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts.conftest import Fill
from twoticks.errors import TwoticksError
from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.facts.tallies import Mismatch, rebuild, slices, verify
from twoticks.settings import Settings
from twoticks.vocabulary import FactKind

BUCKET = datetime(2023, 11, 14, 22, 0, tzinfo=UTC)
QUARTER = 15 * 60 * 1000
COUNTS = (
    "select campaign, toString(kind), bitmapCardinality(groupBitmapMergeState(msgs))"
    " from tallies group by all order by all"
)


FORGET = "alter table tallies delete where campaign = 2 settings mutations_sync = 2"
TOTALS = "select campaign, kind, key, bitmapToArray(groupBitmapMergeState(msgs)) from tallies group by all order by all"


async def tables(store: FactStore) -> set[str]:
    return {name for (name,) in await store.query("show tables")}


async def test_tallies_agree_with_facts_as_inserts_leave_them(facts: FactStore, fill: Fill) -> None:
    for campaign in (1, 2**32 - 1):
        await fill(facts, campaign, range(300), step=QUARTER // 7)
        await fill(facts, campaign, range(100), FactKind.VIEWED, step=QUARTER)
    assert await verify(facts) == []


async def test_totals_kept_by_the_engine_agree_with_the_buckets(facts: FactStore, fill: Fill) -> None:
    for first in range(0, 100, 20):
        for campaign in (1, 2):
            await fill(facts, campaign, range(first, first + 30), step=QUARTER // 7)
        assert await facts.query(TOTALS) == await facts.query(TOTALS, settings={"optimize_use_projections": 0})
    await rebuild(facts)
    await facts.command("optimize table tallies final")
    kept = await facts.query(TOTALS)
    assert kept == [(campaign, "sent", 0, list(range(110))) for campaign in (1, 2)]
    assert kept == await facts.query(TOTALS, settings={"optimize_use_projections": 0})


async def test_verify_names_a_tally_that_lacks_messages(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(50))
    await fill(facts, 2, range(50), FactKind.FAILED)
    await facts.command(FORGET)
    assert await verify(facts) == [Mismatch(2, "failed", 0, BUCKET, missing=50, surplus=0)]


async def test_verify_names_a_tally_with_messages_of_no_fact(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(50))
    await facts.command(
        "insert into tallies select 1, 'sent', 0, toDateTime('2023-11-14 22:00:00', 'UTC'),"
        " groupBitmapState(toUInt32(number + 45)) from numbers(10)"
    )
    assert await verify(facts) == [Mismatch(1, "sent", 0, BUCKET, missing=0, surplus=5)]


async def test_verify_is_not_fooled_by_another_set_of_the_same_size(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(50))
    await facts.command("truncate table tallies")
    await facts.command(
        "insert into tallies select 1, 'sent', 0, toDateTime('2023-11-14 22:00:00', 'UTC'),"
        " groupBitmapState(toUInt32(number + 1)) from numbers(50)"
    )
    assert await verify(facts) == [Mismatch(1, "sent", 0, BUCKET, missing=1, surplus=1)]


@pytest.mark.parametrize("slice_size", [1, 70, 10_000])
async def test_rebuild_heals_every_tally(facts: FactStore, fill: Fill, slice_size: int) -> None:
    for campaign in (1, 2, 9):
        await fill(facts, campaign, range(50), step=QUARTER // 3)
    right = await facts.query(COUNTS)
    await facts.command(FORGET)
    await facts.command(
        "insert into tallies select 5, 'viewed', 7, toDateTime(0, 'UTC'), groupBitmapState(toUInt32(1)) from numbers(1)"
    )
    assert len(await verify(facts, slice_size=slice_size)) > 1
    await rebuild(facts, slice_size=slice_size)
    assert await verify(facts, slice_size=slice_size) == []
    assert await facts.query(COUNTS) == right


async def test_facts_after_a_rebuild_still_reach_the_tallies(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(10))
    await rebuild(facts)
    await fill(facts, 1, range(10, 30))
    assert await facts.query(COUNTS) == [(1, "sent", 30)]


async def test_no_fact_is_lost_that_arrives_during_a_rebuild(facts: FactStore, fill: Fill) -> None:
    rebuilt = asyncio.Event()
    inserted = 0

    async def insert() -> None:
        nonlocal inserted
        while not rebuilt.is_set():
            await fill(facts, 1 + inserted % 7, range(inserted, inserted + 20))
            inserted += 20

    inserting = asyncio.create_task(insert())
    for _ in range(3):
        await rebuild(facts, slice_size=10)
    rebuilt.set()
    await inserting
    assert inserted > 60
    assert sum(count for *_, count in await facts.query(COUNTS)) == inserted
    assert await verify(facts) == []


async def test_reports_see_full_tallies_during_a_rebuild(facts: FactStore, fill: Fill) -> None:
    for campaign in range(5):
        await fill(facts, campaign, range(100))
    right = await facts.query(COUNTS)
    rebuilding = asyncio.create_task(rebuild(facts, slice_size=1))
    looked = 0
    while not rebuilding.done():
        assert await facts.query(COUNTS) == right
        looked += 1
    await rebuilding
    assert looked > 1


async def test_a_cancelled_rebuild_leaves_the_tallies_as_they_were(facts: FactStore, fill: Fill) -> None:
    for campaign in range(1, 6):
        await fill(facts, campaign, range(10))
    before, right = await tables(facts), await facts.query(COUNTS)
    begun = asyncio.Event()
    rebuilding = asyncio.create_task(rebuild(facts, lambda done, total: begun.set() if done else None, slice_size=10))
    await begun.wait()
    rebuilding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rebuilding
    assert await tables(facts) == before
    assert await facts.query(COUNTS) == right
    await rebuild(facts)
    assert await verify(facts) == []


async def leave_unfinished_tallies(store: FactStore) -> None:
    for name in ("tallies_new", "tallies_new_view"):
        await store.command(statement("twoticks.facts", name))


async def test_a_rebuild_clears_what_a_killed_one_left(facts: FactStore, fill: Fill) -> None:
    before = await tables(facts)
    await leave_unfinished_tallies(facts)
    await fill(facts, 1, range(10))
    await rebuild(facts)
    assert await tables(facts) == before
    assert await verify(facts) == []


async def test_opening_clears_what_a_killed_rebuild_left(facts_dsn: str) -> None:
    store = await FactStore.open(Settings(facts=facts_dsn))
    before = await tables(store)
    await leave_unfinished_tallies(store)
    await store.close()
    store = await FactStore.open(Settings(facts=facts_dsn))
    assert await tables(store) == before
    await store.close()


async def test_an_insert_begun_elsewhere_before_the_rebuild_is_waited_for(facts: FactStore, facts_dsn: str) -> None:
    other = await FactStore.open(Settings(facts=facts_dsn))
    inserting = asyncio.create_task(
        other.command(
            "insert into facts (campaign, kind, seq, at) select 1, 'sent', number, now() + sleep(1) from numbers(10)"
        )
    )
    while not await facts.query(statement("twoticks.facts", "running_inserts")):
        assert not inserting.done()
    await rebuild(facts)
    assert inserting.done()
    assert sum(count for *_, count in await facts.query(COUNTS)) == 10
    await other.close()


async def test_rebuilds_take_turns(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(10))
    await asyncio.gather(rebuild(facts), rebuild(facts))
    assert await verify(facts) == []


async def test_a_failed_rebuild_leaves_the_tallies_as_they_were(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(10))

    def fail(done: int, total: int) -> None:
        raise TwoticksError("no more")

    with pytest.raises(TwoticksError, match="no more"):
        await rebuild(facts, fail)
    assert await facts.query(COUNTS) == [(1, "sent", 10)]
    assert "tallies_new" not in await tables(facts)


async def test_progress_runs_from_nothing_to_all_facts(facts: FactStore, fill: Fill) -> None:
    for campaign in (1, 2, 3):
        await fill(facts, campaign, range(10))
    seen: list[tuple[int, int]] = []
    await rebuild(facts, lambda done, total: seen.append((done, total)), slice_size=10)
    assert seen[0] == (0, 30)
    assert seen[-1] == (30, 30)
    assert seen == sorted(seen)


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.integers(1, 1000)), st.integers(1, 3000))
def test_slices_cover_every_campaign_number_once(campaigns: dict[int, int], size: int) -> None:
    pieces = list(slices(sorted(campaigns.items()), size))
    assert pieces[0].first == 0
    assert pieces[-1].last == 2**32 - 1
    assert all(after.first == before.last + 1 for before, after in pairwise(pieces))
    assert sum(piece.facts for piece in pieces) == sum(campaigns.values())
    for piece in pieces:
        assert piece.facts == sum(n for campaign, n in campaigns.items() if piece.first <= campaign <= piece.last)
