"""The written form of a round, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.callbacks.bench import Bench, open_bench
from tests.factories import MINUTE, STARTED, add_campaign, add_provider, callback, cloud_body, cloud_status
from twoticks.callbacks import writing
from twoticks.callbacks.quarantine import groups, replay_group
from twoticks.callbacks.round import Round, refused
from twoticks.callbacks.unmatched import retry_unmatched, waiting
from twoticks.callbacks.writing import write
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.items import AnswerItem
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import ProviderMessage

AT = STARTED + MINUTE


@pytest.fixture
async def any_bench(any_database: Database, facts: FactStore, master_key: MasterKey) -> AsyncIterator[Bench]:
    async with open_bench(any_database, facts, master_key) as opened:
        yield opened


async def ids(bench: Bench) -> int:
    async with bench.database.session() as session:
        return await session.scalar(select(func.count()).select_from(ProviderMessage)) or 0


async def test_callbacks_match_wait_and_are_refused_on_both_databases(any_bench: Bench) -> None:
    bench = any_bench
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    late = cloud_body([cloud_status("delivered", None, "wamid.1")])
    stranger = cloud_body([cloud_status("read", None, "wamid.x", AT)])
    await bench.feed(
        callback(provider.id, late, AT + 5),
        callback(provider.id, late, AT + 3),
        callback(provider.id, stranger, AT),
        callback(provider.id, b"{", AT),
        callback(provider.id, b"{", AT),
    )
    assert [some.count for some in await waiting(bench.database)] == [2]
    await bench.feed(AnswerItem(AT, campaign, 1, "sent", provider.id, "wamid.1"))
    assert {fact.at for fact in await bench.all_facts() if fact.kind == "delivered"} == {AT + 3}
    await retry_unmatched(bench.drain, AT + 100 * 60 * MINUTE)
    assert await waiting(bench.database) == []
    assert sorted(group.count for group in await groups(bench.database)) == [1, 1]
    assert (await replay_group(bench.drain, "the body is no JSON")).released == 0
    assert await bench.journal.cursor("facts") == await bench.journal.head()


async def test_texts_that_a_database_refuses_are_made_storable(any_bench: Bench) -> None:
    item = callback(1, b"\x00", AT)
    row = refused(1, "a\0b\ud800" + "x" * 500, "p\0" * 500, item, 1)
    await write(any_bench.drain.context, Round(quarantined=[row]))
    [group] = await groups(any_bench.database)
    assert group.reason.startswith("ab?x")
    assert (len(group.reason), len(group.path)) == (300, 300)


async def test_a_large_round_is_several_transactions_the_cursor_in_the_last(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_ROWS", 10)
    transaction, sizes = bench.database.transaction, []

    def counted() -> Any:
        sizes.append(0)
        return transaction()

    monkeypatch.setattr(bench.database, "transaction", counted)
    gathered = Round(ids={bytes([n]) * 16: (1, n) for n in range(25)})
    await write(bench.drain.context, gathered, 7)
    assert len(sizes) == 3
    assert await ids(bench) == 25
    assert await bench.journal.cursor("facts") == 7


async def test_an_empty_round_without_a_cursor_writes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.database, "transaction", None)
    await write(bench.drain.context, Round())
