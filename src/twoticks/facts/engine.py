"""How a client is opened and filled, embedded chDB or ClickHouse server; the only module that knows the difference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ProgrammingError

from twoticks.errors import Misconfigured
from twoticks.facts.opening import not_opened
from twoticks.settings import Settings

_READ_SECONDS = 120
# chDB's defaults are for a machine of its own: 5 GB for each of these caches.
_EMBEDDED_CACHES = {
    "mark_cache_size": 64 << 20,
    "primary_index_cache_size": 64 << 20,
    "index_mark_cache_size": 32 << 20,
}


class Engine:
    """Where the store is and under which limits its clients work."""

    def __init__(self, settings: Settings) -> None:
        self._dsn = settings.facts_dsn
        self._folder = _folder(self._dsn)
        if self._folder:
            _make(self._folder)
        self.embedded = self._folder is not None
        """No other process has this store open."""
        memory = settings.facts_memory_mb << 20
        self._limits = {
            "max_memory_usage": memory,
            "max_bytes_before_external_group_by": memory // 2,
            "max_bytes_before_external_sort": memory // 2,
            "max_threads": settings.facts_threads,
        }

    def connect_writer(self) -> Client:
        """A client that may do anything; what it wrote is on disk when the call returns."""
        return self._connect({"async_insert": 0})

    def connect_reader(self) -> Client:
        """A client that cannot write, nor give itself the right to, whatever statement it is handed."""
        # readonly = 2 still lets a query carry its own limits; it must come last, being a setting itself.
        return self._connect({"max_execution_time": _READ_SECONDS, "readonly": 2})

    def _connect(self, extra: dict[str, Any]) -> Client:
        settings = {**self._limits, **extra}
        if self._folder is None:
            return clickhouse_connect.get_client(dsn=self._dsn, settings=settings, tz_mode="aware")
        try:
            return clickhouse_connect.get_client(
                dsn=self._dsn, settings=settings, tz_mode="aware", chdb_options=_EMBEDDED_CACHES
            )
        except ProgrammingError as error:
            raise not_opened(self._folder, str(error)) from None

    def insert(self, client: Client, table: str, rows: pa.Table) -> None:
        """Append `rows` to `table`."""
        if self._folder and hasattr(os, "memfd_create"):
            _insert_through_memory(client, table, rows)
        else:
            client.insert_arrow(table, rows)


def _folder(dsn: str) -> Path | None:
    """The folder of a chDB store, None for a server."""
    if dsn.startswith("clickhouse://"):
        return None
    path = dsn.removeprefix("chdb://")
    # What follows ? or # would be read as options of the DSN, and the store would open in another folder.
    if path == dsn or not path.startswith("/") or "?" in path or "#" in path:
        raise Misconfigured(
            "the fact store is chdb:///FOLDER or clickhouse://USER:PASSWORD@HOST:PORT/DATABASE",
            field="facts",
            hint="The folder is a whole path without ? and #; a server on port 8443 or 443 is spoken to over TLS.",
        )
    return Path(path)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"the folder of the fact store cannot be made: {error.strerror}", field="data") from None


def _insert_through_memory(client: Client, table: str, rows: pa.Table) -> None:
    """chDB reads rows from a file only; one that lives in memory leaves no phone number behind when we are killed."""
    descriptor = os.memfd_create("twoticks-rows")
    path = f"/proc/self/fd/{descriptor}"
    try:
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows)
        columns = ", ".join(f"`{name}`" for name in rows.column_names)
        client.command(f"insert into {table} ({columns}) from infile '{path}' format Arrow")
    finally:
        os.close(descriptor)
