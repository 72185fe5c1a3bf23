"""Clients of the fact store: each has one thread of its own, and one that failed is never used again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, Error

from twoticks.errors import Unavailable
from twoticks.facts.refusals import readable

T = TypeVar("T")


class Connection:
    """A client that is opened when first needed, and the only thread that may touch it."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="facts")

    def submit(self, call: Callable[[Client], T]) -> asyncio.Future[T]:
        """Run `call` in this connection's thread, after what was submitted before."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._run, call)

    def _run(self, call: Callable[[Client], T]) -> T:
        try:
            if self._client is None:
                self._client = self._connect()
            return call(self._client)
        except BaseException as error:
            # A query that failed midway leaves its output in the client, and the next query would return it as its own.
            self._discard()
            if isinstance(error, (Error, OSError)):
                raise readable(error) from None
            raise

    def _discard(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(ClickHouseError, OSError, RuntimeError):
                client.close()

    async def close(self) -> None:
        """Close the client once its thread is free."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._discard)
        self._thread.shutdown(wait=False)


class Pool:
    """A fixed number of connections, handed out one call at a time; the one used last goes first."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._size = len(connections)
        self._closed = False
        for connection in connections:
            self._idle.put_nowait(connection)

    async def run(self, call: Callable[[Client], T]) -> T:
        """Run `call` on a free connection; cancelling the caller leaves the call running and its connection taken."""
        if self._closed:
            raise Unavailable("the fact store is closed")
        connection = await self._idle.get()
        future = connection.submit(call)
        future.add_done_callback(lambda done: self._give_back(connection, done))
        return await asyncio.shield(future)

    def _give_back(self, connection: Connection, done: asyncio.Future[T]) -> None:
        self._idle.put_nowait(connection)
        if not done.cancelled():
            done.exception()  # nobody may be left to hear of it

    async def close(self) -> None:
        """Wait for the calls under way, then close every client."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._size):
            await (await self._idle.get()).close()
