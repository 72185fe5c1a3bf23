"""The migrations make what tables.py describes, and nothing else."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from twoticks.errors import Misconfigured
from twoticks.records.database import Database
from twoticks.records.migrations import config, head
from twoticks.records.tables import Base


@pytest.fixture
async def empty_dsn(any_dsn: str) -> str:
    """The DSN of a database with the oldest possible schema: none."""
    database = await Database.open(any_dsn, migrate=False)
    async with database.transaction() as session:
        await (await session.connection()).run_sync(_downgrade)
        await session.execute(text("DROP TABLE alembic_version"))
    await database.close()
    return any_dsn


def _downgrade(connection: Connection) -> None:
    made = config()
    made.attributes["connection"] = connection
    command.downgrade(made, "base")


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_migrated_database_is_what_the_tables_say(any_database: Database) -> None:
    async with any_database.session() as session:
        assert await (await session.connection()).run_sync(_differences) == []


async def test_downgrade_removes_every_table(empty_dsn: str) -> None:
    database = await Database.open(empty_dsn, migrate=False)
    async with database.session() as session:
        assert await (await session.connection()).run_sync(_tables) == set()
    await database.close()


async def test_processes_that_start_together_migrate_once(empty_dsn: str) -> None:
    opened = await asyncio.gather(*[Database.open(empty_dsn) for _ in range(4)])
    async with opened[0].session() as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == head()
    for database in opened:
        await database.close()


async def test_a_database_of_a_newer_version_is_refused(any_dsn: str) -> None:
    database = await Database.open(any_dsn)
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(Misconfigured, match="newer version"):
        await Database.open(any_dsn)
