"""The fact store: one writer, a pool of readers, the same statements on chDB and on a ClickHouse server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, cast

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from twoticks.errors import TwoticksError
from twoticks.facts.connection import Connection, Pool
from twoticks.facts.damage import find_damage, repair
from twoticks.facts.engine import Engine
from twoticks.facts.fact import FactBatch
from twoticks.facts.kept import Kept
from twoticks.facts.migrate import drop_unfinished_tallies, migrate
from twoticks.facts.sql import ManyStatementsError, single
from twoticks.settings import Settings

_TABLE = re.compile(r"[a-z_][a-z0-9_]*")


class FactStore:
    """Open with `FactStore.open`; every method may be called from any task of the event loop that opened it."""

    def __init__(self, engine: Engine, writer: Pool, readers: Pool) -> None:
        self._engine = engine
        self._writer = writer
        self._readers = readers
        self._kept = Kept()
        self.maintenance = asyncio.Lock()
        """Held by what works on whole tables, one at a time."""

    @classmethod
    async def open(cls, settings: Settings) -> FactStore:
        """Open the store named by the settings and bring its tables up to date."""
        engine = Engine(settings)
        writer = Pool([Connection(engine.connect_writer)])
        readers = Pool([Connection(engine.connect_reader) for _ in range(settings.readers)])
        store = cls(engine, writer, readers)
        try:
            await writer.run(migrate)
            if engine.embedded:
                await writer.run(drop_unfinished_tallies)
        except BaseException:
            await store.close()
            raise
        return store

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        settled: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Rows of a statement that only reads; times come back aware, in UTC.

        `parameters` fill `{name:Type}` in `sql`; `settings` are ClickHouse settings for this query alone; `settled`
        asks between two writes of this process, never during one.
        """
        text = _one(sql)
        chosen = dict(settings or {}, readonly=2) if settled else dict(settings or {})

        def call(client: Client) -> list[tuple[Any, ...]]:
            result = client.query(text, parameters=dict(parameters or {}), settings=chosen)
            return cast("list[tuple[Any, ...]]", list(result.result_rows))

        return await (self._writer if settled else self._readers).run(call)

    async def query_kept(
        self, sql: str, parameters: Mapping[str, Any], *, settings: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """As `query`, answered from memory while nothing has been written since; for small answers often asked for.

        With a server other processes write too, so there it always asks.
        """

        async def ask() -> list[tuple[Any, ...]]:
            return await self.query(sql, parameters, settings=settings)

        if not self._engine.embedded:
            return await ask()
        return await self._kept.answer((sql, repr(sorted(parameters.items()))), ask)

    async def query_arrow(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The same as an Arrow table: for many rows, ten times faster than tuples."""
        text = _one(sql)
        return await self._readers.run(lambda client: client.query_arrow(text, parameters=dict(parameters or {})))

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that writes; one at a time.

        An INSERT … SELECT that fails leaves the rows it had written: the caller clears them before it tries again, and
        publishes nothing that it has not counted.
        """
        text = _one(sql)
        with self._kept.writing():
            await self._writer.run(lambda client: client.command(text, parameters=dict(parameters or {})))

    async def insert(self, table: str, rows: pa.Table) -> None:
        """Append `rows` to `table`, columns matched by name; on return they are on disk."""
        if not _TABLE.fullmatch(table):
            raise ValueError(f"{table!r} is no table name")
        if not rows.num_rows:
            return
        with self._kept.writing():
            await self._writer.run(lambda client: self._engine.insert(client, table, rows))

    async def insert_facts(self, batch: FactBatch) -> None:
        """Append the facts of `batch`, which the caller then clears."""
        await self.insert("facts", batch.table())

    async def barrier(self) -> None:
        """Return once every write that was asked for before is done."""
        await self._writer.run(lambda client: None)

    async def damage(self) -> list[str]:
        """Tables and parts that the engine lost or put aside: data that was acknowledged may be gone.

        Each entry names the table and the command that restores it; an empty list means that nothing was found.
        """
        return await self._readers.run(find_damage)

    async def repair(self) -> None:
        """Make damaged tables whole but empty; `replay` and then `rebuild` fill them. Forgets what `damage` told."""
        with self._kept.writing():
            await self._writer.run(repair)

    async def close(self) -> None:
        """Wait for the calls under way and close every client."""
        await self._readers.close()
        await self._writer.close()


def _one(sql: str) -> str:
    try:
        return single(sql)
    except ManyStatementsError as error:
        raise TwoticksError(f"statement refused: {error}") from None
