from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import pytest
from sqlalchemy import select, update

from tests.campaigns.test_lifecycle import add_campaign, moved
from twoticks.dispatch.chunks import Chunks, Lease, release_all
from twoticks.records.database import Database
from twoticks.records.tables import Chunk, ProviderRow


def worker(database: Database, name: str = "w", seconds: float = 60) -> Chunks:
    return Chunks(database, name, seconds)


async def states(database: Database) -> list[tuple[str, int, str | None]]:
    async with database.session() as session:
        rows = await session.scalars(select(Chunk).order_by(Chunk.id))
        return [(row.state, row.fence, row.lease_owner) for row in rows]


async def run_out(lease: Lease) -> None:
    while lease.valid:
        await asyncio.sleep(0.01)
    # The database's clock and ours run apart by less than this.
    await asyncio.sleep(0.05)


async def test_chunks_are_leased_oldest_first(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=3)
    before = time.monotonic()
    leases = await worker(any_database).lease([campaign], 2)
    assert [(lease.first_seq, lease.last_seq, lease.fence) for lease in leases] == [(0, 9, 1), (10, 19, 1)]
    assert all(lease.valid and 59 < lease.valid_until - before < 61 for lease in leases)
    assert await states(any_database) == [("leased", 1, "w"), ("leased", 1, "w"), ("ready", 0, None)]


async def test_only_running_campaigns_of_providers_that_are_not_paused_are_leased(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=1)
    other = await add_campaign(any_database, chunks=1, status="paused")
    chunks = worker(any_database)
    async with any_database.transaction() as session:
        await session.execute(update(ProviderRow).values(paused_reason="no budget"))
    assert await chunks.lease([campaign, other], 9) == []
    async with any_database.transaction() as session:
        await session.execute(update(ProviderRow).values(paused_reason=None))
    assert await chunks.lease([other], 9) == []
    assert [lease.campaign_id for lease in await chunks.lease([campaign, other], 9)] == [campaign]
    await moved(any_database, other, "stopped")
    assert [lease.campaign_id for lease in await chunks.lease([campaign, other], 9, status="stopped")] == [other]


async def test_no_chunk_is_held_by_two_workers(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=60)
    held: Counter[int] = Counter()
    most: Counter[int] = Counter()
    dice = random.Random(5)

    async def work(name: str) -> None:
        chunks = worker(any_database, name)
        while leases := await chunks.lease([campaign], dice.randint(1, 4)):
            for lease in leases:
                held[lease.chunk_id] += 1
                most[lease.chunk_id] = max(most[lease.chunk_id], held[lease.chunk_id])
            await asyncio.sleep(dice.random() * 0.005)
            for lease in leases:
                held[lease.chunk_id] -= 1
                if dice.random() < 0.2:
                    assert await chunks.release(lease)
                else:
                    assert await chunks.settle(lease)

    await asyncio.gather(*(work(f"w{n}") for n in range(6)))
    assert len(most) == 60
    assert set(most.values()) == {1}
    assert {state for state, _, _ in await states(any_database)} == {"settled"}


async def test_a_lease_that_ran_out_goes_to_another_worker_with_a_higher_fence(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=1)
    [old] = await worker(any_database, "old", 0.2).lease([campaign], 1)
    assert await worker(any_database, "new").lease([campaign], 1) == []
    await run_out(old)
    [new] = await worker(any_database, "new").lease([campaign], 1)
    assert (new.chunk_id, new.fence) == (old.chunk_id, 2)


async def test_who_lost_a_chunk_can_neither_settle_nor_release_nor_renew_it(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=1)
    slow = worker(any_database, "slow", 0.1)
    [old] = await slow.lease([campaign], 1)
    await run_out(old)
    [new] = await worker(any_database, "fast").lease([campaign], 1)
    await slow.renew([old])
    assert not old.valid
    assert not await slow.settle(old)
    assert not await slow.release(old)
    assert await states(any_database) == [("leased", 2, "fast")]
    assert await worker(any_database, "fast").settle(new)
    assert await states(any_database) == [("settled", 2, None)]


async def test_a_renewed_lease_holds(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=1)
    chunks = worker(any_database, "w", 0.4)
    [lease] = await chunks.lease([campaign], 1)
    for _ in range(4):
        await asyncio.sleep(0.15)
        await chunks.renew([lease])
        assert lease.valid
        assert await worker(any_database, "other").lease([campaign], 1) == []


async def test_a_worker_does_not_take_from_itself(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=1)
    chunks = worker(any_database, "w", 0.05)
    [lease] = await chunks.lease([campaign], 1)
    await run_out(lease)
    assert await chunks.lease([campaign], 1, held=[lease.chunk_id]) == []
    assert len(await chunks.lease([campaign], 1)) == 1


@pytest.mark.parametrize("end", ["settle", "release"])
async def test_a_lease_given_up_is_over(any_database: Database, end: str) -> None:
    campaign = await add_campaign(any_database, chunks=1)
    chunks = worker(any_database)
    [lease] = await chunks.lease([campaign], 1)
    assert await getattr(chunks, end)(lease)
    assert not lease.valid
    assert not await chunks.settle(lease)
    assert len(await chunks.lease([campaign], 1)) == (end == "release")


async def test_all_leases_can_be_given_up_at_once(any_database: Database) -> None:
    campaign = await add_campaign(any_database, chunks=3)
    chunks = worker(any_database)
    first, _ = await chunks.lease([campaign], 2)
    await chunks.settle(first)
    await release_all(any_database)
    assert [state for state, _, _ in await states(any_database)] == ["settled", "ready", "ready"]
