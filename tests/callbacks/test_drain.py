"""The drain over real stores: what each kind of item becomes, and that nothing stops it."""

from __future__ import annotations

import asyncio

import pytest

from tests.callbacks.bench import Bench, Fact
from tests.factories import (
    MINUTE,
    STARTED,
    LinkPlan,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_status,
    generic_body,
)
from twoticks.callbacks import drain as drain_module
from twoticks.campaigns.reasons import reason_number
from twoticks.people.profiles import load_profiles
from twoticks.records.items import (
    AnswerItem,
    AttemptItem,
    ClickItem,
    EventsItem,
    NotAttemptedItem,
    ProfilesItem,
)
from twoticks.vocabulary import NotAttempted

AT = STARTED + MINUTE
LATER = AT + MINUTE


async def test_a_status_with_our_reference_becomes_a_fact(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    body = cloud_body([cloud_status("delivered", bench.references.encode(campaign, 3), "wamid.3", AT)])
    await bench.feed(callback(provider.id, body, LATER))
    assert await bench.all_facts() == {Fact(campaign, "delivered", 0, 3, 0, AT)}
    assert await bench.counts() == {(campaign, "delivered", 0): [3]}


async def test_every_status_word_has_its_fact(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    reference = bench.references.encode(campaign, 0)
    words = [cloud_status(word, reference, "wamid.0", AT) for word in ("sent", "delivered", "read", "failed")]
    await bench.feed(callback(provider.id, cloud_body(words), LATER))
    assert await bench.kinds(campaign, 0) == {"sent", "delivered", "viewed", "failed"}


async def test_a_fact_carries_receipt_and_block_and_says_when_its_time_was_replaced(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    body = cloud_body(
        [cloud_status("delivered", bench.references.encode(campaign, 1), "wamid.1", STARTED - 86_400_000)]
    )
    await bench.feed(callback(provider.id, body, LATER))
    rows = await bench.facts.query(
        "select toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(received), block, time_replaced from facts"
    )
    assert rows == [(LATER, LATER, await bench.journal.head(), 1)]


async def test_failures_have_numbers_by_what_went_wrong(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    errors = [(131026, "Message undeliverable"), (131026, "Message undeliverable"), (131049, "Healthy ecosystem")]
    statuses = [
        cloud_status("failed", bench.references.encode(campaign, seq), f"wamid.{seq}", AT, error)
        for seq, error in enumerate(errors)
    ]
    await bench.feed(callback(provider.id, cloud_body(statuses), LATER))
    words = await bench.dictionary.all()
    counted = {(words[key].side, words[key].code): seqs for (_, _, key), seqs in (await bench.counts()).items()}
    assert counted == {("delivery", "131026"): [0, 1], ("delivery", "131049"): [2]}


async def test_answers_and_attempts_become_facts(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(
        *(AttemptItem(AT, campaign, seq) for seq in range(3)),
        AnswerItem(AT, campaign, 0, "sent", provider.id, "wamid.0"),
        AnswerItem(AT, campaign, 1, "refused", provider.id, None, "invalid_number", "131030", "Not in list"),
        AnswerItem(AT, campaign, 2, "unknown", provider.id, None, "timeout", "", "No answer", False),
    )
    words = await bench.dictionary.all()
    counted = {(kind, words[key].code if key else ""): seqs for (_, kind, key), seqs in (await bench.counts()).items()}
    assert counted == {
        ("attempted", ""): [0, 1, 2],
        ("sent", ""): [0],
        ("refused", "131030"): [1],
        ("unknown", ""): [2],
    }
    assert {word.side for word in words.values()} == {"external"}


async def test_what_is_never_tried_is_told_with_its_reason(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(NotAttemptedItem(AT, campaign, [4, 5], NotAttempted.FREQUENCY_CAP))
    number = await reason_number(bench.dictionary, NotAttempted.FREQUENCY_CAP)
    assert await bench.counts() == {(campaign, "not_attempted", number): [4, 5]}


async def test_clicks_count_by_hit_and_automated_ones_apart(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(
        ClickItem(AT, campaign, 2, 1, 77),
        ClickItem(AT, campaign, 2, 1, 78),
        ClickItem(AT, campaign, 3, 1, 79, "WhatsApp link preview"),
    )
    assert await bench.all_facts() == {
        Fact(campaign, "clicked", 1, 2, 77, AT),
        Fact(campaign, "clicked", 1, 2, 78, AT),
    }
    assert await bench.facts.query("select campaign, link, seq, event, reason from automated_hits") == [
        (campaign, 1, 3, 79, "WhatsApp link preview")
    ]


async def test_a_click_callback_of_a_tracked_link_counts_once_and_of_another_by_event(bench: Bench) -> None:
    provider = await add_provider(bench.directory, "generic")
    links = [LinkPlan("https://shop.example/a"), LinkPlan("https://shop.example/b", tracked=False)]
    campaign = await add_campaign(bench.database, bench.facts, provider.id, links=links)
    reference = bench.references.encode(campaign, 2)
    wrapped = f"https://twoticks.example/c/{bench.tokens.encode(campaign, 2, 1)}"

    def clicked(url: str, at: int) -> dict[str, object]:
        return {"msgId": reference, "status": "Clicked", "ts": at // 1000, "url": url}

    clicks = [
        clicked(wrapped, AT),
        clicked("shop.example/b", AT),
        clicked("shop.example/b", LATER),
        clicked("https://elsewhere.example/", AT),
    ]
    await bench.feed(callback(provider.id, generic_body(*clicks, *clicks), LATER))
    facts = await bench.all_facts()
    assert {(fact.kind, fact.seq) for fact in facts} == {("clicked", 2)}
    by_link = {key: {fact.event for fact in facts if fact.key == key} for key in (0, 1, 2)}
    assert by_link[1] == {0}
    assert len(by_link[2]) == 2
    assert len(by_link[0]) == 1
    assert 0 not in by_link[2] | by_link[0]


async def test_a_click_callback_without_a_time_counts_once_however_often_it_comes(bench: Bench) -> None:
    provider = await add_provider(bench.directory, "generic")
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    body = generic_body(
        {"msgId": bench.references.encode(campaign, 2), "status": "Clicked", "url": "www.google.com/19nov"}
    )
    await bench.feed(callback(provider.id, body, AT), callback(provider.id, body, LATER))
    assert len({fact.event for fact in await bench.all_facts()}) == 1


async def test_a_click_callback_of_a_crawler_is_no_click(bench: Bench) -> None:
    provider = await add_provider(bench.directory, "generic")
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    click = {
        "msgId": bench.references.encode(campaign, 2),
        "status": "Clicked",
        "url": "https://shop.example",
        "userAgent": "WhatsApp/2.23.20.0 A",
    }
    await bench.feed(callback(provider.id, generic_body(click), AT))
    assert await bench.all_facts() == set()
    assert await bench.facts.query("select seq from automated_hits") == [(2,)]


async def test_profiles_and_events_reach_the_fact_store(bench: Bench) -> None:
    await bench.feed(
        ProfilesItem(AT, [{"identity": "ann", "phone": "+919800000001", "props": {"City": "Pune"}}]),
        ProfilesItem(AT, [{"identity": "ann", "props": {"City": "Delhi"}}]),
        EventsItem(AT, [{"identity": "ann", "name": "bought", "at": AT, "event_id": 5, "props": {"Amount": 10}}]),
    )
    profile = (await load_profiles(bench.facts, ["ann"]))["ann"]
    assert (profile.phone, profile.props) == ("+919800000001", {"City": "Delhi"})
    assert await bench.facts.query("select name, identity, event_id from user_events") == [("bought", "ann", 5)]


async def test_one_bad_item_of_a_body_does_not_lose_the_others(bench: Bench) -> None:
    provider = await add_provider(bench.directory, "generic")
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    good = {"msgId": bench.references.encode(campaign, 1), "status": "delivered", "timestamp": str(AT // 1000)}
    await bench.feed(callback(provider.id, generic_body({"msgId": 5}, good, {"status": "read"}), LATER))
    assert await bench.kinds(campaign, 1) == {"delivered"}
    assert bench.drain.counts.quarantined >= 1


async def test_a_thousand_statuses_in_one_callback_become_facts(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=1000)
    statuses = [cloud_status("read", bench.references.encode(campaign, seq), f"wamid.{seq}", AT) for seq in range(1000)]
    await bench.feed(callback(provider.id, cloud_body(statuses), LATER))
    assert await bench.counts() == {(campaign, "viewed", 0): list(range(1000))}


async def test_the_running_drain_wakes_by_itself_and_says_when_a_block_is_done(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.drain.start()
    for seq in range(3):
        block = await bench.journal.append(AttemptItem(AT, campaign, seq))
        await asyncio.wait_for(bench.drain.drained(block), 10)
        assert len(await bench.all_facts()) == seq + 1


async def test_a_stopping_drain_catches_up_first(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.drain.start()
    await bench.journal.append_many([AttemptItem(AT, campaign, seq) for seq in range(10)])
    await bench.drain.stop()
    assert await bench.counts() == {(campaign, "attempted", 0): list(range(10))}


async def test_the_drain_goes_on_where_the_cursor_stands(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(AttemptItem(AT, campaign, 0))
    assert await bench.journal.cursor("facts") == await bench.journal.head() == bench.drain.position
    assert await bench.drain.run_once() is False


@pytest.mark.parametrize("endpoint", ["status", "inbound"])
async def test_a_callback_of_a_provider_that_is_gone_is_kept(bench: Bench, endpoint: str) -> None:
    await bench.feed(callback(404, cloud_body([cloud_status("read", None, "wamid.1")]), AT, endpoint))
    assert bench.drain.counts.quarantined == 1


async def test_a_drain_that_lags_does_not_rest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain_module, "READ_BLOCKS", 2)
    monkeypatch.setattr(drain_module, "_PACE_SECONDS", 60.0)
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    for seq in range(6):
        block = await bench.journal.append(AttemptItem(AT, campaign, seq))
    await bench.drain.start()
    await asyncio.wait_for(bench.drain.drained(block), 10)
    assert bench.drain.rounds == 3
