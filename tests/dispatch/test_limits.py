from __future__ import annotations

import asyncio
import heapq
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.dispatch.limits import BURST_SECONDS, TokenBucket


class FakeTime:
    """A clock that moves only while everybody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), future))
        await future

    async def run(self, *tasks: asyncio.Task[object]) -> None:
        """Let time pass until `tasks` are done."""
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            if self._sleepers and not all(task.done() for task in tasks):
                at, _, future = heapq.heappop(self._sleepers)
                self.now = max(self.now, at)
                if not future.done():
                    future.set_result(None)


@pytest.fixture
def fake() -> FakeTime:
    return FakeTime()


def bucket(fake: FakeTime, rate: float) -> TokenBucket:
    return TokenBucket(rate, clock=fake.clock, sleep=fake.sleep)


async def take_many(bucket: TokenBucket, fake: FakeTime, count: int) -> list[float]:
    """When each of `count` takers, asking at once, got its token."""
    times: list[float] = []

    async def one() -> None:
        assert await bucket.take()
        times.append(fake.now)

    tasks: list[asyncio.Task[object]] = [asyncio.create_task(one()) for _ in range(count)]
    await fake.run(*tasks)
    return times


@given(st.floats(0.5, 5000), st.integers(2, 60))
async def test_the_rate_holds_over_every_stretch(rate: float, count: int) -> None:
    fake = FakeTime()
    times = await take_many(bucket(fake, rate), fake, count)
    saved = BURST_SECONDS * rate
    for first, last in itertools.combinations(range(count), 2):
        taken = last - first + 1
        assert taken <= (times[last] - times[first]) * rate + saved + 1.001


async def test_tokens_come_in_the_order_they_were_asked_for(fake: FakeTime) -> None:
    shared, order = bucket(fake, 10), []

    async def one(name: int) -> None:
        await shared.take()
        order.append(name)

    tasks: list[asyncio.Task[object]] = [asyncio.create_task(one(n)) for n in range(20)]
    await fake.run(*tasks)
    assert order == list(range(20))


async def test_a_late_wake_up_is_made_good(fake: FakeTime) -> None:
    shared = bucket(fake, 1000)
    await take_many(shared, fake, 5)
    fake.now += 0.01
    before = fake.now
    await take_many(shared, fake, 8)
    assert fake.now - before < 0.003


async def test_time_without_takers_saves_no_more_than_a_moment(fake: FakeTime) -> None:
    shared = bucket(fake, 100)
    fake.now += 3600
    before = fake.now
    await take_many(shared, fake, 50)
    assert fake.now - before >= 0.45


async def test_nobody_gets_a_token_in_a_pause_and_the_rate_holds_after_it(fake: FakeTime) -> None:
    shared = bucket(fake, 10)
    shared.pause(5)
    shared.pause(2)
    start = fake.now
    times = await take_many(shared, fake, 5)
    assert [round(at - start, 3) for at in times] == [5.0, 5.1, 5.2, 5.3, 5.4]


async def test_a_pause_reaches_those_who_already_wait(fake: FakeTime) -> None:
    shared = bucket(fake, 10)
    await take_many(shared, fake, 1)
    start = fake.now
    task = asyncio.create_task(shared.take())
    await asyncio.sleep(0)
    shared.pause(7)
    await fake.run(task)
    assert fake.now - start == pytest.approx(7)


async def test_patience_ends_without_a_token(fake: FakeTime) -> None:
    shared = bucket(fake, 1)
    shared.pause(60)
    start = fake.now
    task = asyncio.create_task(shared.take(2))
    await fake.run(task)
    assert task.result() is False
    assert fake.now - start == pytest.approx(2)


async def test_patience_ends_behind_somebody_with_more() -> None:
    shared = TokenBucket(1)
    shared.pause(60)
    patient = asyncio.create_task(shared.take(60))
    await asyncio.sleep(0)
    before = time.monotonic()
    assert await shared.take(0.05) is False
    assert time.monotonic() - before < 5
    patient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await patient
    assert not shared._turn.locked()


async def test_a_new_rate_counts_from_the_next_token(fake: FakeTime) -> None:
    shared = bucket(fake, 1)
    await take_many(shared, fake, 2)
    shared.rate = 100
    before = fake.now
    await take_many(shared, fake, 11)
    assert fake.now - before == pytest.approx(1.1, abs=0.01)
