"""Of several processes one drains."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.callbacks.bench import open_bench
from tests.factories import MINUTE, STARTED
from tests.postgres import PostgresServer
from twoticks.callbacks.leadership import Leadership
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.items import AttemptItem
from twoticks.records.secrets import MasterKey


@pytest.fixture
async def two(postgres_dsn: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' worth of connections to one database."""
    opened = await Database.open(postgres_dsn), await Database.open(postgres_dsn)
    yield opened
    for database in opened:
        await database.close()


async def test_on_sqlite_there_is_nobody_else(database: Database) -> None:
    assert await Leadership(database).held()


async def test_one_of_two_leads_until_it_lets_go(two: tuple[Database, Database]) -> None:
    first, second = Leadership(two[0]), Leadership(two[1])
    assert await first.held()
    assert await first.held()
    assert not await second.held()
    await first.release()
    assert await second.held()
    assert not await first.held()
    await second.release()


async def test_a_lost_connection_is_lost_leadership(two: tuple[Database, Database], postgres: PostgresServer) -> None:
    first, second = Leadership(two[0]), Leadership(two[1])
    assert await first.held()
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid != pg_backend_pid()"
    )
    assert await second.held()
    assert not await first.held()
    await second.release()
    assert await first.held()
    await first.release()


async def test_the_process_that_does_not_lead_knows_how_far_the_other_is(
    two: tuple[Database, Database], facts: FactStore, master_key: MasterKey
) -> None:
    async with open_bench(two[0], facts, master_key) as leading, open_bench(two[1], facts, master_key) as other:
        block = await leading.journal.append(AttemptItem(STARTED + MINUTE, 1, 1))
        await leading.run()
        await other.run()
        assert other.drain.rounds == 0
        assert other.drain.position == leading.drain.position == block
        await other.drain.drained(block)
