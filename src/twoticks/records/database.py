"""The records database: one engine, sessions for reading, and transactions that queue fairly."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import DeclarativeBase

from twoticks.errors import Unavailable
from twoticks.records.engines import create_file, make_engine, parse_dsn
from twoticks.records.migrations import migrate as run_migrations

log = structlog.get_logger(__name__)

_OUR_FAULT = (IntegrityError, ProgrammingError, DataError, NotSupportedError)

_POSTGRES_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Database:
    """The records of one deployment, on SQLite or PostgreSQL; made by `open`.

    SQLite has one writer at a time. Transactions of this process wait for each other in an asyncio lock, in the order
    they came: SQLite's own waiting sleeps and retries, which is slow and unfair.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_postgres = url.get_backend_name() == "postgresql"
        self._readers = make_engine(url, "read")
        self._writers = self._readers if self.is_postgres else make_engine(url, "write")
        self._turn = asyncio.Lock()
        self._inside: set[asyncio.Task[Any] | None] = set()

    @classmethod
    async def open(cls, dsn: str, *, migrate: bool = True) -> Self:
        """Connect to `dsn` and bring its schema up to date.

        Raises Misconfigured for a DSN that makes no sense or a database of a newer version, Unavailable when the
        server does not answer.
        """
        url = parse_dsn(dsn)
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(create_file, Path(str(url.database)))
        database = cls(url)
        try:
            if migrate:
                await database.migrate()
        except BaseException:
            await database.close()
            raise
        return database

    async def migrate(self, revision: str = "head") -> None:
        """Move the schema up to `revision`, in one transaction."""
        engine = make_engine(self.url, "migrate")
        try:
            with _unavailable():
                await run_migrations(engine, revision)
        except OSError as error:
            raise Unavailable("The records database cannot be reached") from error
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session for reading one consistent state; the database refuses writes through it."""
        with _unavailable():
            async with AsyncSession(self._readers, expire_on_commit=False) as session:
                await _connect(session, _POSTGRES_READING if self.is_postgres else {})
                yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session for writing: commits at the end, rolls back on an exception.

        Keep it short: on SQLite every other writer, the journal too, waits for it. For that reason a second
        transaction, or an append to the journal, inside of one is a RuntimeError. Raises Unavailable when the
        database cannot be reached or its disk is full.
        """
        async with self.turn():
            with _unavailable():
                async with AsyncSession(self._writers, expire_on_commit=False) as session, session.begin():
                    await _connect(session, {})
                    yield session

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """This task's turn to write: alone on SQLite, beside the others on PostgreSQL."""
        self.refuse_inside_transaction()
        task = asyncio.current_task()
        async with nullcontext() if self.is_postgres else self._turn:
            self._inside.add(task)
            try:
                yield
            finally:
                self._inside.discard(task)

    def refuse_inside_transaction(self) -> None:
        """Raise RuntimeError if this task is in a transaction: waiting for another turn would never end."""
        if self._inside and asyncio.current_task() in self._inside:
            raise RuntimeError("this task already is in a transaction of the records")

    def insert(self, table: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update` for this database."""
        return postgresql.insert(table) if self.is_postgres else sqlite.insert(table)

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncConnection]:
        """A connection on PostgreSQL whose every statement is a transaction of its own: one round trip each."""
        with _unavailable():
            async with AsyncSession(self._writers) as session:
                await _connect(session, {"isolation_level": "AUTOCOMMIT"})
                yield await session.connection()

    async def checkpoint(self) -> bool:
        """Empty SQLite's write-ahead log, where erased bytes would linger; False when a reader stood in the way.

        Nothing to do on PostgreSQL, whose log is the operator's to recycle.
        """
        if self.is_postgres:
            return True
        async with self.turn():
            return await asyncio.to_thread(_checkpoint, str(self.url.database))

    async def close(self) -> None:
        """Close all connections."""
        await self._readers.dispose()
        await self._writers.dispose()


async def _connect(session: AsyncSession, options: dict[str, Any]) -> None:
    try:
        await session.connection(execution_options=options)
    except OSError as error:  # asyncpg lets a refused or timed-out connection through as it is.
        raise Unavailable("The records database cannot be reached") from error


def _checkpoint(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turn what the database's state is to blame for into Unavailable; our own mistakes pass as they are."""
    try:
        yield
    except _OUR_FAULT:
        raise
    except (DBAPIError, PoolTimeout) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        log.warning("records_unavailable", error=reason)
        raise Unavailable(f"The records database cannot be used: {reason}") from error
