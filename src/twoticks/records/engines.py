"""Connections to the records: how SQLite and PostgreSQL are opened so that what is committed is on disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from twoticks.errors import Misconfigured

BUSY_MILLISECONDS = 15_000
"""How long SQLite waits for another process (a command line beside the server) to finish its transaction."""

Access = Literal["read", "write", "migrate"]


def parse_dsn(dsn: str) -> URL:
    """SQLAlchemy's URL with the asynchronous driver; raises Misconfigured."""
    try:
        url = make_url(dsn)
    except ArgumentError:
        raise Misconfigured("The DSN of the records cannot be read", field="TWOTICKS_RECORDS") from None
    driver = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}.get(url.get_backend_name())
    if driver is None or (driver == "aiosqlite" and url.database in (None, "", ":memory:")):
        raise Misconfigured(
            "The records live in an SQLite file or in PostgreSQL",
            field="TWOTICKS_RECORDS",
            hint="sqlite:////path/to/records.db or postgresql://user@host/name",
        )
    return url.set(drivername=f"{url.get_backend_name()}+{driver}")


def create_file(path: Path) -> None:
    """Make an SQLite file that only we may read, unless it is there; raises Misconfigured."""
    # The journal holds phone numbers and texts: nobody but us reads the file. SQLite gives its -wal the same mode.
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}", field="TWOTICKS_RECORDS") from error


def make_engine(url: URL, access: Access) -> AsyncEngine:
    """An engine for one kind of use; on SQLite its transactions begin as that use needs them."""
    # hide_parameters: exceptions are logged, and parameters hold phone numbers, texts and sealed secrets.
    if url.get_backend_name() == "postgresql":
        return _postgres_engine(url, access)
    options: dict[str, Any] = {"poolclass": NullPool} if access == "migrate" else {}
    if access == "write":
        options = {"pool_size": 1, "max_overflow": 0}
    engine = create_async_engine(url, hide_parameters=True, connect_args={"isolation_level": None}, **options)
    begin = "BEGIN" if access == "read" else "BEGIN IMMEDIATE"

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        for pragma in sqlite_pragmas(access):
            connection.execute(pragma).close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres_engine(url: URL, access: Access) -> AsyncEngine:
    options: dict[str, Any] = {"poolclass": NullPool} if access == "migrate" else {"pool_size": 10, "max_overflow": 10}
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        # What we acknowledge is on disk, whatever the server's default.
        connect_args={"server_settings": {"synchronous_commit": "on", "application_name": "twoticks"}, "timeout": 10},
        **options,
    )


def sqlite_pragmas(access: Access) -> list[str]:
    """What every SQLite connection sets. FULL: in WAL mode NORMAL may lose committed work when the power fails."""
    return [
        f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        # Alembic rebuilds tables to change them, which foreign keys would forbid.
        f"PRAGMA foreign_keys = {'OFF' if access == 'migrate' else 'ON'}",
        # Erasing a person must leave no bytes of theirs in freed pages.
        "PRAGMA secure_delete = ON",
        f"PRAGMA query_only = {'ON' if access == 'read' else 'OFF'}",
        "PRAGMA journal_size_limit = 67108864",
    ]
