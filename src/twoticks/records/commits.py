"""Puts one group of journal items on disk, in the way that is cheapest on each database.

SQLite: a thread with a plain connection. One INSERT through SQLAlchemy and aiosqlite costs five hops between threads
and about a millisecond of the event loop; here it is one hop, and compression and fsync run beside the loop.
PostgreSQL: one statement that is a transaction of its own, so one round trip.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol

import structlog
from sqlalchemy import bindparam, text

from twoticks.errors import Unavailable
from twoticks.records.blocks import compressor, join
from twoticks.records.database import Database
from twoticks.records.engines import sqlite_pragmas
from twoticks.records.tables import JournalBlock, UtcDateTime

log = structlog.get_logger(__name__)

_SQLITE_INSERT = "INSERT INTO journal_blocks (at, count, size, payload) VALUES (?, ?, ?, ?)"

# The lock is taken before the id is drawn and held until the block is visible: ids appear in rising order, so a
# reader that asks for what comes after an id misses nothing.
_POSTGRES_INSERT = text(
    """
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lock))
    INSERT INTO journal_blocks (at, count, size, payload)
    SELECT :at, :count, :size, :payload FROM turn
    RETURNING id
    """
).bindparams(bindparam("at", type_=UtcDateTime()), bindparam("payload", type_=JournalBlock.payload.type))

ADVISORY_LOCK = 0x7477_6A6C
"""Key of the PostgreSQL lock that orders the appends of all processes."""


class Commits(Protocol):
    """What the journal needs of a database."""

    async def write(self, encoded: Sequence[bytes]) -> int:
        """Commit the items as one block and give its id; raises Unavailable, and may be called again after that."""
        ...

    def close(self) -> None:
        """Release thread and connection."""
        ...


def commits(database: Database) -> Commits:
    """The way of this database."""
    return PostgresCommits(database) if database.is_postgres else SqliteCommits(str(database.url.database))


class SqliteCommits:
    """Writes in a thread of its own; the caller holds the database's turn, so nobody waits in SQLite's busy loop."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._compress = compressor().compress
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._connection: sqlite3.Connection | None = None

    async def write(self, encoded: Sequence[bytes]) -> int:
        """See Commits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, encoded)

    def _write(self, encoded: Sequence[bytes]) -> int:
        joined = join(encoded)
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        row = (at, len(encoded), len(joined), self._compress(joined))
        try:
            if self._connection is None:
                self._connection = self._connect()
            return int(self._connection.execute(_SQLITE_INSERT, row).lastrowid or 0)
        except sqlite3.Error as error:
            # After a failed write the state of the connection is not worth guessing: the next commit opens a new one.
            self._drop()
            log.warning("journal_refused", error=str(error))
            raise Unavailable("The journal cannot be written now") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in sqlite_pragmas("write"):
            connection.execute(pragma)
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """See Commits."""
        self._thread.shutdown()
        self._drop()


class PostgresCommits:
    """Writes through the engine's pool; only the compression has a thread of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._compress = compressor().compress
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def write(self, encoded: Sequence[bytes]) -> int:
        """See Commits."""
        joined, payload = await asyncio.get_running_loop().run_in_executor(self._thread, self._pack, encoded)
        row = {
            "lock": ADVISORY_LOCK,
            "at": datetime.now(UTC),
            "count": len(encoded),
            "size": joined,
            "payload": payload,
        }
        async with self._database.autocommit() as connection:
            return int(await connection.scalar(_POSTGRES_INSERT, row))

    def _pack(self, encoded: Sequence[bytes]) -> tuple[int, bytes]:
        joined = join(encoded)
        return len(joined), self._compress(joined)

    def close(self) -> None:
        """See Commits."""
        self._thread.shutdown()
