"""Fixtures that every folder of tests may ask for."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer, binaries, missing
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey
from twoticks.settings import Settings

_numbers = itertools.count(1)


async def _migrate(dsn: str) -> None:
    await (await Database.open(dsn)).close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy from."""
    path = tmp_path_factory.mktemp("records") / "records.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server with a migrated database `migrated`, to copy from."""
    found = binaries()
    if found is None:
        missing()
        raise AssertionError
    server = PostgresServer(found)
    try:
        server.start()
        server.sql("CREATE DATABASE migrated")
        asyncio.run(_migrate(server.dsn("migrated")))
        yield server
    finally:
        server.remove()


@pytest.fixture
def sqlite_dsn(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The DSN of a fresh migrated SQLite file."""
    path = tmp_path / "records.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_dsn(postgres: PostgresServer) -> Iterator[str]:
    """The DSN of a fresh migrated PostgreSQL database."""
    name = f"test_{next(_numbers)}"
    postgres.sql(f"CREATE DATABASE {name} TEMPLATE migrated")
    yield postgres.dsn(name)
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(sqlite_dsn: str) -> AsyncIterator[Database]:
    """A fresh migrated SQLite database."""
    opened = await Database.open(sqlite_dsn)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def any_dsn(request: pytest.FixtureRequest) -> str:
    """The DSN of a fresh migrated database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_dsn"))


@pytest.fixture
async def any_database(any_dsn: str) -> AsyncIterator[Database]:
    """A fresh migrated database, once on SQLite and once on PostgreSQL."""
    opened = await Database.open(any_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Journal]:
    """A started journal on `database`."""
    started = Journal(database)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def master_key(tmp_path: Path) -> MasterKey:
    """A fresh master key."""
    return MasterKey.load(Settings(data=tmp_path / "key"))


@pytest.fixture(scope="session")
def facts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fact store that the tests of one run share, one after another."""
    return tmp_path_factory.mktemp("facts")


async def _emptied(facts_folder: Path) -> FactStore:
    store = await FactStore.open(Settings(facts=f"chdb://{facts_folder}"))
    filled = await store.query(
        "select name from system.tables where database = currentDatabase() and total_rows > 0"
        " and engine like '%MergeTree' and name != 'schema_migrations'"
    )
    for (name,) in filled:
        await store.command(f"truncate table {name}")
    return store


@pytest.fixture
async def facts_dsn(facts_folder: Path) -> str:
    """DSN of a migrated, empty fact store that is not open: chDB serves one folder per process at a time."""
    await (await _emptied(facts_folder)).close()
    return f"chdb://{facts_folder}"


@pytest.fixture
async def facts(facts_folder: Path) -> AsyncIterator[FactStore]:
    """An open, migrated, empty fact store."""
    opened = await _emptied(facts_folder)
    yield opened
    await opened.close()
