"""The journal read again gives the same facts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.callbacks.bench import Bench
from tests.factories import (
    HOUR,
    MINUTE,
    STARTED,
    CampaignPlan,
    LinkPlan,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_status,
    cloud_text,
    members_item,
    phone_of,
)
from twoticks.callbacks.replay import replay
from twoticks.people.profiles import load_profiles
from twoticks.records.items import (
    AnswerItem,
    AnyItem,
    AttemptItem,
    ClickItem,
    EventsItem,
    NotAttemptedItem,
    ProfilesItem,
)
from twoticks.vocabulary import NotAttempted

AT = STARTED + MINUTE
PLAN = CampaignPlan(
    members=12, control=(0, 5), held={1: "opted_out", 2: "no_phone"}, links=(LinkPlan("https://a.example"),)
)


async def life(bench: Bench) -> int:
    """A campaign with everything that can happen to it, in four blocks; gives its id."""
    provider = (await add_provider(bench.directory)).id
    campaign = await add_campaign(bench.database, bench.facts, provider, PLAN)

    def status(word: str, seq: int, *, named: bool = True) -> Any:
        reference = bench.references.encode(campaign, seq) if named else None
        error = (131026, "Message undeliverable") if word == "failed" else None
        return cloud_status(word, reference, f"wamid.{seq}", AT + seq, error)

    people: list[AnyItem] = [
        ProfilesItem(STARTED, [{"identity": f"user-{n:08d}", "phone": phone_of(n), "props": {"n": n}}])
        for n in range(12)
    ]
    await bench.feed(*people)
    await bench.feed(members_item(campaign, PLAN))
    await bench.feed(
        NotAttemptedItem(AT, campaign, [3], NotAttempted.MISSING_VALUE),
        *(AttemptItem(AT, campaign, seq) for seq in (4, 6, 7, 8, 9)),
        callback(provider, cloud_body([status("delivered", 6, named=False)]), AT + HOUR),
        *(AnswerItem(AT, campaign, seq, "sent", provider, f"wamid.{seq}") for seq in (4, 6, 7)),
        AnswerItem(AT, campaign, 8, "refused", provider, None, "invalid_number", "131030", "Not in list"),
        AnswerItem(AT, campaign, 9, "unknown", provider, None, "timeout"),
    )
    await bench.feed(
        callback(provider, cloud_body([status("read", 4), status("failed", 7), status("delivered", 0)]), AT + HOUR),
        callback(provider, b"no JSON", AT + HOUR),
        callback(provider, cloud_body(messages=[cloud_text(phone_of(6), "in.1", context="wamid.4")]), AT + HOUR),
        callback(provider, cloud_body(messages=[cloud_text(phone_of(6), "in.2")]), AT + HOUR),
        ClickItem(AT, campaign, 4, 1, 99),
        ClickItem(AT, campaign, 4, 1, 98, "known crawler"),
        EventsItem(AT, [{"identity": "user-00000004", "name": "bought", "at": AT, "event_id": 5, "props": {}}]),
        ProfilesItem(AT, [{"identity": "user-00000004", "props": {"n": 40}}]),
    )
    return campaign


async def picture(bench: Bench) -> dict[str, Any]:
    """All that the fact store holds."""
    profiles = await load_profiles(bench.facts, [f"user-{n:08d}" for n in range(12)])
    return {
        "facts": await bench.all_facts(),
        "tallies": await bench.counts(),
        "profiles": {name: (profile.phone, profile.props) for name, profile in profiles.items()},
        "members": await bench.facts.query("select * from members final order by campaign, seq"),
        "by_phone": await bench.facts.query("select * from members_by_phone final order by phone"),
        "by_user": await bench.facts.query("select * from members_by_user final order by identity"),
        "events": await bench.facts.query("select name, identity, event_id, at, received from user_events final"),
        "automated": await bench.facts.query("select * from automated_hits final"),
    }


async def test_an_emptied_fact_store_is_filled_exactly_as_it_was(bench: Bench) -> None:
    campaign = await life(bench)
    before = await picture(bench)
    assert len(before["tallies"]) > 10
    assert before["tallies"][campaign, "control", 0] == [0, 5]
    await bench.empty_facts()
    assert (await picture(bench))["facts"] == set()
    cursor = await bench.journal.cursor("facts")
    done = await replay(bench.journal, bench.drain)
    assert done.blocks == cursor
    assert await picture(bench) == before
    assert await bench.journal.cursor("facts") == cursor


async def test_reading_again_over_a_full_store_changes_nothing(bench: Bench) -> None:
    await life(bench)
    before = await picture(bench)
    for _ in range(2):
        await replay(bench.journal, bench.drain)
        assert await picture(bench) == before


async def test_facts_alone_may_be_lost(bench: Bench) -> None:
    await life(bench)
    before = await picture(bench)
    await bench.empty_facts(("facts", "tallies"))
    await replay(bench.journal, bench.drain)
    assert await picture(bench) == before


async def test_a_replay_may_begin_late_and_tells_how_far_it_is(bench: Bench) -> None:
    await life(bench)
    last = await bench.journal.head()
    seen: list[tuple[int, int]] = []
    done = await replay(bench.journal, bench.drain, last, lambda at, end: seen.append((at, end)))
    assert done.blocks == 1
    assert seen == [(last, last)]


async def test_what_lies_behind_the_cursor_is_left_to_the_drain(bench: Bench) -> None:
    campaign = await life(bench)
    unread = AttemptItem(AT, campaign, 10)
    await bench.journal.append(unread)
    before = await bench.all_facts()
    await replay(bench.journal, bench.drain)
    assert await bench.all_facts() == before
    await bench.run()
    assert await bench.kinds(campaign, 10) == {"attempted"}


async def test_a_cancelled_replay_leaves_the_drain_working_and_can_be_started_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await life(bench)
    before = await picture(bench)
    await bench.empty_facts()
    reached = asyncio.Event()

    async def slow(*_: Any) -> None:
        reached.set()
        await asyncio.sleep(60)

    with monkeypatch.context() as patched:
        patched.setattr(bench.facts, "insert_facts", slow, raising=False)
        task = asyncio.create_task(replay(bench.journal, bench.drain))
        await asyncio.wait_for(reached.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await replay(bench.journal, bench.drain)
    assert await picture(bench) == before
    await bench.feed(AttemptItem(AT, campaign, 10))
    assert await bench.kinds(campaign, 10) == {"attempted"}


async def test_a_replay_of_nothing_does_nothing(bench: Bench) -> None:
    done = await replay(bench.journal, bench.drain)
    assert (done.blocks, done.items) == (0, 0)
