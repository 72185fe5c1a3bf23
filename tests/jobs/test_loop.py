"""What runs by the clock goes on whatever one turn meets."""

from __future__ import annotations

import asyncio
import itertools

from twoticks.jobs.loop import Clock, Task


async def test_a_task_runs_at_once_and_again_after_its_period() -> None:
    turns: list[float] = []
    three = asyncio.Event()

    async def work() -> None:
        turns.append(asyncio.get_running_loop().time())
        if len(turns) == 3:
            three.set()

    clock = Clock([Task("work", 0.02, work)])
    began = asyncio.get_running_loop().time()
    await clock.start()
    await asyncio.wait_for(three.wait(), 5)
    await clock.stop()
    assert turns[0] - began < 1
    assert all(later - earlier > 0.015 for earlier, later in itertools.pairwise(turns))


async def test_a_failing_task_is_counted_and_tried_again_and_the_others_go_on() -> None:
    healthy, tries = asyncio.Event(), 0
    again = asyncio.Event()

    async def fails() -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            again.set()
        raise RuntimeError("what it stumbled over")

    async def works() -> None:
        if tries:
            healthy.set()

    clock = Clock([Task("fails", 0.001, fails), Task("works", 0.001, works)])
    await clock.start()
    await asyncio.wait_for(asyncio.gather(again.wait(), healthy.wait()), 5)
    await clock.stop()
    assert clock.failures["fails"] >= 3
    assert clock.failures["works"] == 0


async def test_stopping_ends_a_turn_under_way_and_waits_for_its_end() -> None:
    inside, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        inside.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended = True

    clock = Clock([Task("work", 1, work)])
    await clock.start()
    await inside.wait()
    await clock.stop()
    assert ended


async def test_stopping_twice_or_before_the_start_is_no_error() -> None:
    clock = Clock([])
    await clock.stop()
    await clock.start()
    await clock.stop()
    await clock.stop()
