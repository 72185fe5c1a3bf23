from __future__ import annotations

import asyncio
import time

from twoticks.providers.timeline import Timeline


async def test_things_are_handled_in_the_order_in_which_they_are_due() -> None:
    handled: list[str] = []
    done = asyncio.Event()

    async def handle(thing: str) -> None:
        handled.append(thing)
        if len(handled) == 3:
            done.set()

    timeline = Timeline(handle)
    timeline.start()
    timeline.push(0.09, "third")
    timeline.push(0.05, "second")
    timeline.push(0.0, "first")
    await asyncio.wait_for(done.wait(), 5)
    await timeline.stop()
    assert handled == ["first", "second", "third"]


async def test_nothing_is_handled_before_its_time() -> None:
    handled: asyncio.Queue[float] = asyncio.Queue()

    async def handle(due: float) -> None:
        handled.put_nowait(time.monotonic() - due)

    timeline = Timeline(handle)
    timeline.start()
    for n in range(20):
        timeline.push(n / 200, time.monotonic() + n / 200)
    early = [await asyncio.wait_for(handled.get(), 5) for _ in range(20)]
    await timeline.stop()
    assert min(early) >= -0.002


async def test_a_failure_does_not_stop_what_follows() -> None:
    done = asyncio.Event()

    async def handle(thing: int) -> None:
        if thing == 0:
            raise RuntimeError("a failure")
        done.set()

    timeline = Timeline(handle)
    timeline.start()
    timeline.push(0, 0)
    timeline.push(0, 1)
    await asyncio.wait_for(done.wait(), 5)
    await timeline.stop()


async def test_stopping_forgets_what_is_ahead() -> None:
    async def handle(thing: int) -> None:
        raise AssertionError

    timeline = Timeline(handle)
    timeline.start()
    timeline.push(60, 1)
    await timeline.stop()
    assert len(timeline) == 0
