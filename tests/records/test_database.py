"""Reading, writing and waiting in turn, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from tests.postgres import PostgresServer
from twoticks.errors import Misconfigured, Unavailable
from twoticks.records.database import Database
from twoticks.records.tables import JournalCursor, User

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def user(name: str, at: datetime = NOON) -> User:
    return User(email=f"{name}@example.org", password_hash="x", created_at=at)


async def users(database: Database) -> int:
    async with database.session() as session:
        return await session.scalar(select(func.count(User.id))) or 0


async def test_a_transaction_commits_at_its_end(any_database: Database) -> None:
    async with any_database.transaction() as session:
        session.add(user("asha"))
    assert await users(any_database) == 1


async def test_an_exception_rolls_back(any_database: Database) -> None:
    async def write() -> None:
        async with any_database.transaction() as session:
            session.add(user("asha"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    assert await users(any_database) == 0


async def test_cancellation_rolls_back_and_lets_the_next_writer_in(any_database: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with any_database.transaction() as session:
            session.add(user("asha"))
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with any_database.transaction() as session:
        session.add(user("ravi"))
    assert await users(any_database) == 1


async def test_rows_can_be_used_after_their_transaction(any_database: Database) -> None:
    row = user("asha")
    async with any_database.transaction() as session:
        session.add(row)
    assert row.id >= 1
    assert row.email == "asha@example.org"


async def test_a_reading_session_cannot_write(any_database: Database) -> None:
    async def write() -> None:
        async with any_database.session() as session:
            session.add(user("asha"))
            await session.flush()

    with pytest.raises((DBAPIError, Unavailable)):
        await write()
    assert await users(any_database) == 0
    async with any_database.transaction() as session:
        session.add(user("asha"))


async def test_a_reading_session_sees_one_state(any_database: Database) -> None:
    async with any_database.session() as reader:
        assert await reader.scalar(select(func.count(User.id))) == 0
        async with any_database.transaction() as session:
            session.add(user("asha"))
        assert await reader.scalar(select(func.count(User.id))) == 0


async def test_many_writers_take_turns(any_database: Database) -> None:
    async with any_database.transaction() as session:
        session.add(JournalCursor(consumer="c", block_id=0))

    async def write() -> None:
        async with any_database.transaction() as session:
            row = await session.get_one(JournalCursor, "c", with_for_update=True)
            await asyncio.sleep(0)
            row.block_id += 1

    await asyncio.gather(*[write() for _ in range(40)])
    async with any_database.session() as session:
        assert (await session.get_one(JournalCursor, "c")).block_id == 40


async def test_a_writer_waits_for_another_process(database: Database) -> None:
    other = sqlite3.connect(str(database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.transaction() as session:
            session.add(user("asha"))

    task = asyncio.create_task(write())
    done, _ = await asyncio.wait([task], timeout=0.1)
    assert not done
    other.execute("COMMIT")
    other.close()
    await task
    assert await users(database) == 1


async def test_a_transaction_inside_a_transaction_is_refused(any_database: Database) -> None:
    async with any_database.transaction():
        with pytest.raises(RuntimeError, match="already"):
            async with any_database.transaction():
                pass


async def test_constraints_raise_as_they_are(any_database: Database) -> None:
    async with any_database.transaction() as session:
        session.add(user("asha"))
    with pytest.raises(IntegrityError):
        async with any_database.transaction() as session:
            session.add(user("asha"))


async def test_exceptions_do_not_tell_the_values(any_database: Database) -> None:
    with pytest.raises(IntegrityError) as raised:
        async with any_database.transaction() as session:
            session.add_all([user("asha"), User(email="919812345678", password_hash=None, created_at=NOON)])
    assert "parameters hidden" in str(raised.value)


async def test_foreign_keys_hold(any_database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with any_database.transaction() as session:
            await session.execute(text("INSERT INTO links VALUES (77, 0, 'x', 'https://example.org', true)"))


async def test_times_come_back_aware_and_exact(any_database: Database) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    async with any_database.transaction() as session:
        session.add(user("asha", NOON.astimezone(kolkata)))
    async with any_database.session() as session:
        found = await session.scalar(select(User.created_at))
    assert found == NOON
    assert found is not None
    assert found.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(any_database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        async with any_database.transaction() as session:
            session.add(user("asha", NOON.replace(tzinfo=None)))


async def test_an_insert_may_meet_a_row_that_is_there(any_database: Database) -> None:
    insert = any_database.insert(JournalCursor).values(consumer="c", block_id=1).on_conflict_do_nothing()
    for _ in range(2):
        async with any_database.transaction() as session:
            await session.execute(insert)


async def test_sqlite_syncs_every_commit(database: Database) -> None:
    async with database.transaction() as session:
        assert await session.scalar(text("PRAGMA synchronous")) == 2
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_nobody_else_may_read_the_sqlite_files(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/new/records.db")
    async with database.transaction() as session:
        session.add(user("asha"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert len(list((tmp_path / "new").iterdir())) == 3
    assert modes == {0o600}
    await database.close()


@pytest.mark.parametrize("dsn", ["mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:", "nonsense"])
async def test_other_databases_are_refused(dsn: str) -> None:
    with pytest.raises(Misconfigured):
        await Database.open(dsn)


async def test_an_unreachable_server_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable):
        await Database.open(f"postgresql://twoticks@127.0.0.1:{unused_tcp_port}/x")


async def test_a_server_may_go_and_come_back(postgres: PostgresServer, postgres_dsn: str) -> None:
    database = await Database.open(postgres_dsn)
    assert await users(database) == 0
    postgres.stop()
    try:
        with pytest.raises(Unavailable):
            await users(database)
        with pytest.raises(Unavailable):
            async with database.transaction():
                pass
    finally:
        postgres.start()
    async with database.transaction() as session:
        session.add(user("asha"))
    assert await users(database) == 1
    await database.close()


async def test_a_server_that_goes_in_the_middle_is_unavailable(postgres: PostgresServer, postgres_dsn: str) -> None:
    database = await Database.open(postgres_dsn)

    async def write() -> None:
        async with database.transaction() as session:
            session.add(user("asha"))
            await session.flush()
            postgres.stop()
            session.add(user("ravi"))

    try:
        with pytest.raises(Unavailable):
            await write()
    finally:
        postgres.start()
    assert await users(database) == 0
    await database.close()
