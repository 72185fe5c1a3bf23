"""What we could not use: kept with its reason, and read again after a fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.callbacks.bench import Bench
from tests.factories import (
    HOUR,
    MINUTE,
    STARTED,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_status,
    generic_body,
)
from twoticks.callbacks.quarantine import cases, groups, replay_group
from twoticks.callbacks.reading import NO_PROVIDER
from twoticks.callbacks.unmatched import NO_MESSAGE, STATUS_WAITS_MS, retry_unmatched, waiting
from twoticks.providers import generic_callbacks
from twoticks.providers.bodies import UnusableError
from twoticks.records.tables import ProviderMessage
from twoticks.tracking.references import message_digest

AT = STARTED + MINUTE


def seen(reference: str) -> dict[str, Any]:
    """A word that the contract does not know."""
    return {"msgId": reference, "status": "seen", "timestamp": str(AT // 1000)}


def learn_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generic_callbacks.WORDS, "seen", "viewed")


async def test_a_body_that_is_no_json_is_kept_once_with_its_reason(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(
        callback(provider.id, b"this is no JSON {", AT), callback(provider.id, b"this is no JSON {", AT + 1)
    )
    [group] = await groups(bench.database)
    assert "JSON" in group.reason
    assert (group.provider_id, group.count) == (provider.id, 1)
    [case] = await cases(bench.database, group.reason)
    assert case.content == "this is no JSON {"


async def test_an_empty_body_is_kept(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(callback(provider.id, b"", AT))
    assert [group.count for group in await groups(bench.database)] == [1]


async def test_many_bad_items_of_one_body_and_reason_are_one_row_that_names_the_first(bench: Bench) -> None:
    provider = await add_provider(bench.directory, "generic")
    await bench.feed(callback(provider.id, generic_body(*(seen(f"m{n}") for n in range(500))), AT))
    [group] = await groups(bench.database)
    assert (group.count, group.path) == (1, "statuses[0].status and 499 more")


async def test_reading_again_without_a_fix_changes_nothing(bench: Bench) -> None:
    provider = await add_provider(bench.directory, "generic")
    await bench.feed(callback(provider.id, generic_body(seen("m1")), AT))
    before = await groups(bench.database)
    done = await replay_group(bench.drain, before[0].reason)
    assert (done.read, done.released) == (1, 0)
    assert await groups(bench.database) == before


async def test_reading_again_after_a_fix_makes_facts_with_the_old_receipt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await add_provider(bench.directory, "generic")
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    bodies = [generic_body(seen(bench.references.encode(campaign, seq))) for seq in range(5)]
    await bench.feed(*(callback(provider.id, body, AT + 5) for body in bodies))
    [group] = await groups(bench.database)
    learn_the_word(monkeypatch)
    done = await replay_group(bench.drain, group.reason, provider.id)
    assert (done.read, done.released) == (5, 5)
    assert await groups(bench.database) == []
    assert await bench.counts() == {(campaign, "viewed", 0): [0, 1, 2, 3, 4]}
    rows = await bench.facts.query("select distinct toUnixTimestamp64Milli(received), block from facts")
    assert rows == [(AT + 5, await bench.journal.head())]
    assert await replay_group(bench.drain, group.reason) == type(done)(0, 0)


async def test_usable_siblings_count_once_however_often_a_body_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await add_provider(bench.directory, "generic")
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    good = {"msgId": bench.references.encode(campaign, 1), "status": "delivered", "timestamp": str(AT // 1000)}
    bad = seen(bench.references.encode(campaign, 2))
    await bench.feed(callback(provider.id, generic_body(good, bad), AT))
    before = await bench.all_facts()
    [group] = await groups(bench.database)
    await replay_group(bench.drain, group.reason)
    assert await bench.all_facts() == before
    learn_the_word(monkeypatch)
    await replay_group(bench.drain, group.reason)
    assert await bench.counts() == {(campaign, "delivered", 0): [1], (campaign, "viewed", 0): [2]}


async def test_another_reason_takes_the_place_of_the_old_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = await add_provider(bench.directory, "generic")
    await bench.feed(callback(provider.id, generic_body(seen("m1")), AT))
    [old] = await groups(bench.database)

    def stricter(*_: object) -> Any:
        raise UnusableError("is of no use at all")

    monkeypatch.setattr(generic_callbacks, "_status", stricter)
    assert (await replay_group(bench.drain, old.reason)).released == 1
    assert [group.reason for group in await groups(bench.database)] == ["is of no use at all"]


async def test_more_than_a_page_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = await add_provider(bench.directory, "generic")
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=50)
    await bench.feed(
        *(callback(provider.id, generic_body(seen(bench.references.encode(campaign, seq))), AT) for seq in range(50))
    )
    [group] = await groups(bench.database)
    learn_the_word(monkeypatch)
    assert (await replay_group(bench.drain, group.reason)).released == 50
    assert len((await bench.counts())[campaign, "viewed", 0]) == 50


async def test_only_the_group_asked_for_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = await add_provider(bench.directory, "generic"), await add_provider(bench.directory, "generic", "other")
    for provider in (one, other):
        await bench.feed(callback(provider.id, generic_body(seen("m1")), AT), callback(provider.id, b"{", AT))
    reason = next(group.reason for group in await groups(bench.database) if "JSON" not in group.reason)
    learn_the_word(monkeypatch)
    await replay_group(bench.drain, reason, one.id)
    left = {(group.provider_id, group.reason == reason) for group in await groups(bench.database)}
    assert left == {(one.id, False), (other.id, True), (other.id, False)}
    # Its reference is none of ours: it now waits like any other.
    assert [some.provider_id for some in await waiting(bench.database)] == [one.id]


async def test_a_status_that_waited_in_vain_is_matched_when_read_again(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(callback(provider.id, cloud_body([cloud_status("delivered", None, "wamid.1", AT)]), AT))
    await retry_unmatched(bench.drain, AT + STATUS_WAITS_MS + HOUR)
    assert (await replay_group(bench.drain, NO_MESSAGE)).released == 0
    assert [group.reason for group in await groups(bench.database)] == [NO_MESSAGE]
    async with bench.database.transaction() as session:
        session.add(ProviderMessage(digest=message_digest(provider.id, "wamid.1"), campaign=campaign, seq=1))
    assert (await replay_group(bench.drain, NO_MESSAGE)).released == 1
    assert await bench.kinds(campaign, 1) == {"delivered"}
    assert await waiting(bench.database) == []


async def test_pages_of_cases_follow_each_other(bench: Bench) -> None:
    for n in range(5):
        await bench.feed(callback(404, b"%d" % n, AT))
    first = await cases(bench.database, NO_PROVIDER, limit=3)
    rest = await cases(bench.database, NO_PROVIDER, after=first[-1].id, limit=3)
    assert [case.content for case in first + rest] == ["0", "1", "2", "3", "4"]
