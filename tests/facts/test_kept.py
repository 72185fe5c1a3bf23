"""A kept answer is never older than the last write."""

from __future__ import annotations

import pytest

from twoticks.facts.fact import FactBatch
from twoticks.facts.kept import MOST, Kept, Rows
from twoticks.facts.store import FactStore
from twoticks.vocabulary import FactKind

COUNT = "select count() from facts where campaign = {campaign:UInt32}"


class Asked:
    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> Rows:
        self.times += 1
        return [(self.times,)]


async def test_the_same_question_is_asked_once_until_something_is_written() -> None:
    kept, ask = Kept(), Asked()
    assert await kept.answer("q", ask) == await kept.answer("q", ask) == [(1,)]
    with kept.writing():
        pass
    assert await kept.answer("q", ask) == [(2,)]


async def test_an_answer_during_a_write_is_not_kept() -> None:
    kept, ask = Kept(), Asked()
    with kept.writing():
        assert await kept.answer("q", ask) == [(1,)]
        assert await kept.answer("q", ask) == [(2,)]
    assert await kept.answer("q", ask) == [(3,)]


async def test_an_answer_that_a_write_overtook_is_not_kept() -> None:
    kept, ask = Kept(), Asked()

    async def slow() -> Rows:
        with kept.writing():
            return await ask()

    await kept.answer("q", slow)
    assert await kept.answer("q", ask) == [(2,)]


async def test_old_answers_make_room() -> None:
    kept, ask = Kept(), Asked()
    for question in range(MOST + 1):
        await kept.answer(question, ask)
    before = ask.times
    await kept.answer(MOST, ask)
    assert ask.times == before
    await kept.answer(0, ask)
    assert ask.times == before + 1


@pytest.mark.parametrize("write", ["insert", "command"])
async def test_the_store_counts_what_was_just_written(facts: FactStore, write: str) -> None:
    assert await facts.query_kept(COUNT, {"campaign": 1}) == [(0,)]
    if write == "insert":
        batch = FactBatch()
        batch.add(1, FactKind.SENT, 5, 1_790_000_000_000, 1_790_000_000_000, 1)
        await facts.insert_facts(batch)
    else:
        await facts.command("insert into facts select 1, 'sent', 0, 5, 0, now64(3), now64(3), 1, 0")
    assert await facts.query_kept(COUNT, {"campaign": 1}) == [(1,)]
    assert await facts.query_kept(COUNT, {"campaign": 2}) == [(0,)]
