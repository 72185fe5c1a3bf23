from __future__ import annotations

import time
from dataclasses import replace

import pytest

from twoticks.campaigns.directory import Configured
from twoticks.dispatch.lane import IN_A_ROW, LONGEST_PAUSE, MOST_CHUNKS, Lane
from twoticks.providers.base import SendError
from twoticks.providers.registry import Limits
from twoticks.vocabulary import ErrorKind


def provider(concurrency: int = 50, rate: float = 10) -> Configured:
    return Configured(1, "p", "generic", None, Limits(rate, concurrency, 1.0), "s", None)  # type: ignore[arg-type]


def down(seconds: float = 1.0) -> SendError:
    return SendError(ErrorKind.UNAVAILABLE, permanent=False, retry_after=seconds)


def paused(lane: Lane) -> float:
    return lane.bucket.paused_until - time.monotonic()


@pytest.mark.parametrize(("concurrency", "chunk_size", "room"), [(50, 500, 2), (500, 500, 3), (1000, 10, MOST_CHUNKS)])
def test_chunks_in_hand_keep_the_slots_busy(concurrency: int, chunk_size: int, room: int) -> None:
    lane = Lane(provider(concurrency))
    assert lane.room(chunk_size) == room
    lane.chunks = room
    assert lane.room(chunk_size) == 0


def throttled(seconds: float = 7) -> SendError:
    return SendError(ErrorKind.RATE_LIMIT, permanent=False, retry_after=seconds)


def test_a_throttled_lane_waits_as_long_as_it_was_told() -> None:
    lane = Lane(provider())
    for _ in range(5):
        assert lane.hold(throttled()) == 7
    assert paused(lane) == pytest.approx(7, abs=0.5)


def test_single_recipients_that_are_throttled_stop_nobody_else() -> None:
    lane = Lane(provider())
    for _ in range(5):
        for _ in range(IN_A_ROW - 1):
            assert lane.hold(throttled()) == 7
        lane.answered()
    assert paused(lane) <= 0


def test_a_provider_that_cannot_be_reached_is_tried_less_and_less_often() -> None:
    lane = Lane(provider())
    for _ in range(IN_A_ROW - 1):
        lane.hold(down())
    waits = []
    for _ in range(8):
        lane.bucket.paused_until = time.monotonic() - 1
        lane.hold(down())
        waits.append(round(paused(lane)))
    assert waits == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    lane.answered()
    lane.bucket.paused_until = time.monotonic() - 1
    for _ in range(IN_A_ROW):
        lane.hold(down())
    assert paused(lane) == pytest.approx(1, abs=0.5)


def test_many_failures_at_once_count_as_one() -> None:
    lane = Lane(provider())
    for _ in range(50):
        lane.hold(down())
    assert paused(lane) == pytest.approx(1, abs=0.5)


async def test_new_limits_count_at_once() -> None:
    lane = Lane(provider(1))
    await lane.slots.acquire()
    lane.adjust(replace(provider(2, rate=99)))
    assert lane.bucket.rate == 99
    assert not lane.slots.locked()
    slots = lane.slots
    lane.adjust(provider(2, rate=99))
    assert lane.slots is slots
