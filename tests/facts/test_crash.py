"""What is left after the process is killed at any moment."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from tests.facts.insert_until_killed import BATCH
from twoticks.facts.store import FactStore
from twoticks.facts.tallies import rebuild, verify
from twoticks.settings import Settings

CHILD = Path(__file__).with_name("insert_until_killed.py")
ROUNDS = 10


async def insert_until_killed(folder: Path, first: int, batches: int, delay: float) -> list[int]:
    """Numbers of the batches that a child acknowledged before it was killed, `delay` seconds after the last awaited."""
    child = await asyncio.create_subprocess_exec(sys.executable, CHILD, folder, str(first), stdout=-1)
    assert child.stdout is not None
    said = [await child.stdout.readline() for _ in range(batches)]
    await asyncio.sleep(delay)
    child.kill()
    rest, _ = await child.communicate()
    said += [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    return [int(line) for line in said]


@pytest.mark.chaos
async def test_acknowledged_facts_outlive_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20231114)
    acknowledged: list[int] = []
    for _ in range(ROUNDS):
        first = acknowledged[-1] + 2 if acknowledged else 0
        acknowledged += await insert_until_killed(tmp_path, first, chance.randint(1, 20), chance.uniform(0, 0.05))
    store = await FactStore.open(Settings(data=tmp_path))
    try:
        assert await store.damage() == []
        for source in ("facts", "(select arrayJoin(bitmapToArray(msgs)) as seq from tallies)"):
            sql = f"select intDiv(seq, {BATCH}) as number, uniqExact(seq) from {source} group by number"
            kept = dict(await store.query(sql))
            assert {number: kept.get(number) for number in acknowledged} == dict.fromkeys(acknowledged, BATCH)
        await rebuild(store)
        assert await verify(store) == []
    finally:
        await store.close()
