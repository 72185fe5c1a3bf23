"""What goes wrong does not lose anything, and does not stop the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.callbacks.bench import Bench
from tests.factories import (
    MINUTE,
    STARTED,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_request,
    cloud_status,
)
from twoticks.callbacks.drain import INTERNAL_ERROR, Drain, place_of
from twoticks.callbacks.quarantine import cases, groups, replay_group
from twoticks.callbacks.receive import Receiver
from twoticks.errors import TwoticksError, Unavailable
from twoticks.facts.store import FactStore
from twoticks.providers.cloud_api import CloudApiAdapter
from twoticks.records.items import AttemptItem, ProfilesItem
from twoticks.settings import Settings

AT = STARTED + MINUTE
POISON = b"poison"


def delivered(bench: Bench, provider: int, campaign: int, seq: int) -> Any:
    reference = bench.references.encode(campaign, seq)
    return callback(provider, cloud_body([cloud_status("delivered", reference, f"wamid.{seq}", AT)]), AT)


def stumble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own code raises over one body."""
    parse = CloudApiAdapter.parse

    def raising(self: CloudApiAdapter, request: Any) -> Any:
        if request.body == POISON:
            raise KeyError("+919812345678")
        return parse(self, request)

    monkeypatch.setattr(CloudApiAdapter, "parse", raising)


async def until(met: Any) -> None:
    async with asyncio.timeout(20):
        while not await met():
            await asyncio.sleep(0.02)


async def test_while_the_fact_store_is_down_callbacks_get_their_200_and_the_cursor_stays(
    bench: Bench, facts_dsn: str
) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    receiver = Receiver(bench.directory, bench.journal)
    await bench.facts.close()
    await bench.drain.start()
    for seq in range(5):
        body = delivered(bench, provider.id, campaign, seq).body
        answer = await receiver.receive(provider.id, provider.callback_secret, cloud_request(body))
        assert answer.status == 200

    async def failing() -> bool:
        return bool(bench.drain.failing)

    await until(failing)
    assert await bench.journal.cursor("facts") == 0
    await bench.drain.stop()

    again = await FactStore.open(Settings(facts=facts_dsn))
    drain = Drain(
        bench.database, bench.journal, again, bench.directory, bench.references, bench.dictionary, bench.tokens
    )
    await drain.start()
    await asyncio.wait_for(drain.drained(await bench.journal.head()), 20)
    assert await again.query("select uniqExact(seq) from facts") == [(5,)]
    assert drain.failing == ""
    await drain.stop()
    await again.close()


async def test_a_drain_in_trouble_goes_on_by_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    insert, failures = bench.facts.insert_facts, [Unavailable("down"), Unavailable("down"), OSError("down")]

    async def sometimes(batch: Any) -> None:
        if failures:
            raise failures.pop()
        await insert(batch)

    monkeypatch.setattr(bench.facts, "insert_facts", sometimes, raising=False)
    await bench.drain.start()
    block = await bench.journal.append(delivered(bench, provider.id, campaign, 1))
    await asyncio.wait_for(bench.drain.drained(block), 20)
    assert failures == []
    assert await bench.kinds(campaign, 1) == {"delivered"}


async def test_a_write_that_fails_is_never_blamed_on_an_item(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)

    async def refuse(_: Any) -> None:
        raise TwoticksError("the fact store refused the statement")

    monkeypatch.setattr(bench.facts, "insert_facts", refuse, raising=False)
    await bench.journal.append(delivered(bench, provider.id, campaign, 1))
    with pytest.raises(TwoticksError):
        await bench.drain.run_once()
    assert await groups(bench.database) == []
    assert await bench.journal.cursor("facts") == 0


async def test_an_item_our_code_stumbles_over_goes_to_quarantine_and_the_others_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    stumble(monkeypatch)
    good = [delivered(bench, provider.id, campaign, seq) for seq in range(10)]
    await bench.feed(*good[:6], callback(provider.id, POISON, AT), *good[6:], callback(provider.id, POISON, AT + 1))
    assert await bench.counts() == {(campaign, "delivered", 0): list(range(10))}
    assert await bench.journal.cursor("facts") == await bench.journal.head()
    [group] = await groups(bench.database)
    assert (group.reason, group.provider_id, group.count) == (INTERNAL_ERROR, provider.id, 1)


async def test_after_the_fix_such_an_item_is_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = await add_provider(bench.directory)
    with monkeypatch.context() as patched:
        stumble(patched)
        await bench.feed(callback(provider.id, POISON, AT))
        assert (await replay_group(bench.drain, INTERNAL_ERROR)).released == 0
        assert len(await cases(bench.database, INTERNAL_ERROR)) == 1
    assert (await replay_group(bench.drain, INTERNAL_ERROR)).released == 1
    assert [group.reason for group in await groups(bench.database)] == ["the body is no JSON"]


async def test_nothing_of_what_was_read_is_logged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    provider = await add_provider(bench.directory)
    stumble(monkeypatch)
    await bench.feed(callback(provider.id, POISON, AT))
    logged = capsys.readouterr().out
    assert "item_set_aside" in logged
    assert "KeyError" in logged
    assert "98123" not in logged
    assert "poison" not in logged


async def test_an_item_of_our_own_that_makes_no_sense_is_set_aside_too(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    broken = ProfilesItem(AT, [{"identity": "ann", "props": 5}])
    await bench.feed(AttemptItem(AT, campaign, 1), broken, AttemptItem(AT, campaign, 2))
    assert (await bench.counts())[campaign, "attempted", 0] == [1, 2]
    [group] = await groups(bench.database)
    assert (group.provider_id, group.count) == (0, 1)
    [case] = await cases(bench.database, INTERNAL_ERROR)
    assert '"ann"' in case.content


async def test_a_store_in_trouble_is_not_blamed_on_the_items(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trouble that shows while reading, by an error we do not know: the probe fails as well."""
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the engine is gone")

    await bench.journal.append(delivered(bench, provider.id, campaign, 1))
    with monkeypatch.context() as patched:
        patched.setattr(bench.facts, "query", broken, raising=False)
        patched.setattr(bench.facts, "query_arrow", broken, raising=False)
        with pytest.raises(RuntimeError):
            await bench.drain.run_once()
    assert await groups(bench.database) == []
    await bench.run()
    assert await bench.kinds(campaign, 1) == {"delivered"}


async def test_a_round_that_failed_half_way_is_repeated_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts written, records not: the id that a status taught must be stored by the second try."""
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.journal.append(delivered(bench, provider.id, campaign, 1))
    advance = bench.journal.advance

    async def fail(*_: Any) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(bench.journal, "advance", fail)
        with pytest.raises(Unavailable):
            await bench.drain.run_once()
    assert bench.journal.advance == advance
    await bench.run()
    await bench.feed(callback(provider.id, cloud_body([cloud_status("read", None, "wamid.1", AT)]), AT))
    assert await bench.kinds(campaign, 1) == {"delivered", "viewed"}
    assert await bench.facts.query("select count() from facts final where kind = 'delivered'") == [(1,)]


def test_an_error_is_named_by_its_place_alone() -> None:
    with pytest.raises(ValueError, match="98123") as caught:
        raise ValueError("+919812345678")
    assert place_of(caught.value).startswith("ValueError at test_failures.py:")
    assert "98123" not in place_of(caught.value)
