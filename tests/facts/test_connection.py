"""Clients that fail, calls that are cancelled, and what the next caller gets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from twoticks.errors import TwoticksError, Unavailable
from twoticks.facts.connection import Connection, Pool
from twoticks.facts.engine import Engine
from twoticks.settings import Settings

TEN = [(number,) for number in range(10)]
SLOW = "select number, sleepEachRow(0.000001) from numbers(100000000)"
FAILURES: dict[str, tuple[str, dict[str, Any]]] = {
    "throwIf": ("select number, throwIf(number = 3000000) from numbers(10000000)", {}),
    "max_execution_time": (
        "select number, sleepEachRow(0.000001) from numbers(100000000)",
        {"max_execution_time": 0.5},
    ),
    "max_result_rows": ("select number from numbers(3000000)", {"max_result_rows": 2500000}),
}
failures = pytest.mark.parametrize(("sql", "settings"), FAILURES.values(), ids=FAILURES)


class KeepingConnection(Connection):
    """A connection without the discard: what ours would be if it trusted its client."""

    def _discard(self) -> None:
        pass


def ten(client: Client) -> list[Any]:
    return list(client.query("select number from numbers(10)").result_rows)


@pytest.fixture
def engine(facts_dsn: str) -> Engine:
    return Engine(Settings(facts=facts_dsn))


@pytest.fixture
def anchor(engine: Engine) -> Iterator[Client]:
    """Keeps the engine up while the connections of a test come and go."""
    client = engine.connect_writer()
    yield client
    client.close()


@pytest.fixture
async def pool(engine: Engine) -> AsyncIterator[Pool]:
    made = Pool([Connection(engine.connect_reader)])
    yield made
    await made.close()


@failures
async def test_a_failed_query_leaves_the_next_one_right(pool: Pool, sql: str, settings: dict[str, Any]) -> None:
    for _ in range(3):
        with pytest.raises(TwoticksError):
            await pool.run(lambda client: client.query(sql, settings=settings))
        assert await pool.run(ten) == TEN


@failures
async def test_without_the_discard_a_failed_query_spoils_the_next(
    engine: Engine, anchor: Client, sql: str, settings: dict[str, Any]
) -> None:
    """The fault that the discard exists for; if this fails, the engine was mended and the discard may go."""
    keeping = KeepingConnection(engine.connect_reader)
    try:
        with pytest.raises(TwoticksError):
            await keeping.submit(lambda client: client.query(sql, settings=settings))
        spoiled: list[Any] = []
        with suppress(Exception):
            spoiled = await keeping.submit(ten)
        assert spoiled != TEN
    finally:
        await keeping.submit(lambda client: client.close())
        await keeping.close()


async def test_a_client_that_failed_is_closed_and_never_used_again(engine: Engine) -> None:
    opened: list[Client] = []

    def connect() -> Client:
        opened.append(engine.connect_reader())
        return opened[-1]

    pool = Pool([Connection(connect)])
    with pytest.raises(TwoticksError):
        await pool.run(lambda client: client.query("select no_such_column"))
    assert await pool.run(ten) == TEN
    assert len(opened) == 2
    assert opened[0]._backend._closed
    await pool.close()


async def test_any_exception_costs_the_client(pool: Pool) -> None:
    first = await pool.run(lambda client: client)

    def fail(client: Client) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await pool.run(fail)
    assert await pool.run(lambda client: client) is not first


async def test_a_cancelled_call_keeps_its_client_until_it_is_done(pool: Pool) -> None:
    begun, finish = threading.Event(), threading.Event()
    busy: list[Client] = []

    def slow(client: Client) -> None:
        busy.append(client)
        begun.set()
        finish.wait(10)
        busy.remove(client)

    def meanwhile(client: Client) -> list[Any]:
        assert client not in busy
        return ten(client)

    caller = asyncio.create_task(pool.run(slow))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    following = asyncio.create_task(pool.run(meanwhile))
    done, _ = await asyncio.wait([following], timeout=0.2)
    assert not done
    finish.set()
    assert await following == TEN


async def test_after_a_cancelled_call_others_get_the_free_clients(engine: Engine) -> None:
    pool = Pool([Connection(engine.connect_reader) for _ in range(2)])
    begun, finish = threading.Event(), threading.Event()
    caller = asyncio.create_task(pool.run(lambda client: (begun.set(), finish.wait(10))))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await asyncio.wait_for(pool.run(ten), 5) == TEN
    finish.set()
    await pool.close()


async def test_a_caller_cancelled_while_it_waits_takes_no_client(pool: Pool) -> None:
    begun, finish = threading.Event(), threading.Event()
    caller = asyncio.create_task(pool.run(lambda client: (begun.set(), finish.wait(10))))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(pool.run(ten))
    await asyncio.sleep(0)
    waiting.cancel()
    finish.set()
    await caller
    assert await pool.run(ten) == TEN


async def test_closing_waits_for_the_calls_under_way(pool: Pool) -> None:
    begun = threading.Event()

    def slow(client: Client) -> list[Any]:
        begun.set()
        return list(client.query("select sleep(0.3), number from numbers(10)").result_rows)

    caller = asyncio.create_task(pool.run(slow))
    await asyncio.to_thread(begun.wait, 10)
    await pool.close()
    assert len(await caller) == 10


async def test_a_closed_pool_says_so(pool: Pool) -> None:
    await pool.close()
    with pytest.raises(Unavailable, match="closed"):
        await pool.run(ten)


async def test_a_connection_that_cannot_open_tries_again_the_next_time(engine: Engine) -> None:
    attempts = iter([OSError("no route"), None])

    def connect() -> Client:
        problem = next(attempts)
        if problem:
            raise problem
        return engine.connect_reader()

    pool = Pool([Connection(connect)])
    with pytest.raises(Unavailable):
        await pool.run(ten)
    assert await pool.run(ten) == TEN
    await pool.close()
