"""Which message a reply answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tests.callbacks.bench import Bench, Fact
from tests.factories import (
    HOUR,
    MINUTE,
    STARTED,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_text,
    phone_of,
)
from twoticks.callbacks.unmatched import REPLY_WAITS_MS, retry_unmatched
from twoticks.facts.fact import event_number
from twoticks.records.items import AnswerItem, AttemptItem
from twoticks.records.tables import Unmatched
from twoticks.vocabulary import ReplyKey

AT = STARTED + MINUTE
EXACT, LAST = int(ReplyKey.EXACT), int(ReplyKey.LAST_MESSAGE)


def incoming(provider: int, received: int, **text: Any) -> Any:
    return callback(provider, cloud_body(messages=[cloud_text(**text)]), received)


async def replies(bench: Bench) -> set[tuple[int, int, int, int]]:
    return {(f.campaign, f.key, f.seq, f.event) for f in await bench.all_facts() if f.kind == "replied"}


async def waiting(bench: Bench) -> int:
    async with bench.database.session() as session:
        return await session.scalar(select(func.count()).select_from(Unmatched)) or 0


async def test_a_reply_that_names_its_message_counts_for_it_exactly(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(
        AttemptItem(AT, campaign, 2),
        AnswerItem(AT, campaign, 2, "sent", provider.id, "wamid.2"),
        incoming(provider.id, AT + HOUR, sender="+4912345678", message_id="in.1", context="wamid.2", at=AT + 1000),
    )
    event = event_number(provider.id, "in.1")
    assert Fact(campaign, "replied", EXACT, 2, event, AT + 1000) in await bench.all_facts()
    assert await replies(bench) == {(campaign, EXACT, 2, event)}


async def test_a_reply_that_names_none_counts_for_the_last_message_to_that_phone(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    first = await add_campaign(bench.database, bench.facts, provider.id)
    second = await add_campaign(bench.database, bench.facts, provider.id)
    third = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(AttemptItem(AT, first, 2), AttemptItem(AT + 1, second, 2), AttemptItem(AT + HOUR, third, 2))
    await bench.feed(incoming(provider.id, AT + MINUTE, sender=phone_of(2), message_id="in.1"))
    assert await replies(bench) == {(second, LAST, 2, event_number(provider.id, "in.1"))}


async def test_an_attempt_in_the_same_block_counts(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(
        incoming(provider.id, AT + MINUTE, sender=phone_of(2), message_id="in.1"), AttemptItem(AT, campaign, 2)
    )
    assert {reply[:3] for reply in await replies(bench)} == {(campaign, LAST, 2)}


async def test_a_message_that_was_never_attempted_is_not_answered(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(incoming(provider.id, AT, sender=phone_of(2), message_id="in.1"))
    assert await replies(bench) == set()
    assert bench.drain.counts.unattributed == 1


async def test_a_message_through_another_provider_is_not_answered(bench: Bench) -> None:
    ours, other = await add_provider(bench.directory), await add_provider(bench.directory, nickname="other")
    campaign = await add_campaign(bench.database, bench.facts, ours.id)
    elsewhere = await add_campaign(bench.database, bench.facts, other.id)
    await bench.feed(AttemptItem(AT, campaign, 2), AttemptItem(AT + 1, elsewhere, 2))
    await bench.feed(incoming(ours.id, AT + MINUTE, sender=phone_of(2), message_id="in.1"))
    assert {reply[0] for reply in await replies(bench)} == {campaign}


async def test_a_stranger_s_message_is_counted_and_dropped(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(incoming(provider.id, AT, sender="+4912345678", message_id="in.1"))
    assert bench.drain.counts.unattributed == 1
    assert await bench.all_facts() == set()


async def test_a_reply_delivered_again_is_the_same_reply_even_after_another_message(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    first = await add_campaign(bench.database, bench.facts, provider.id)
    second = await add_campaign(bench.database, bench.facts, provider.id)
    text: dict[str, Any] = {"sender": phone_of(2), "message_id": "in.1", "at": AT + MINUTE}
    await bench.feed(AttemptItem(AT, first, 2), incoming(provider.id, AT + MINUTE, **text))
    await bench.feed(AttemptItem(AT + HOUR, second, 2), incoming(provider.id, AT + 2 * HOUR, **text))
    assert {reply[:3] for reply in await replies(bench)} == {(first, LAST, 2)}


async def test_two_replies_of_one_person_are_two(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(AttemptItem(AT, campaign, 2))
    for message_id in ("in.1", "in.2", "in.1"):
        await bench.feed(incoming(provider.id, AT + MINUTE, sender=phone_of(2), message_id=message_id))
    assert len(await replies(bench)) == 2


async def test_a_reply_to_an_unknown_id_waits_for_it_and_counts_once(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(AttemptItem(AT, campaign, 2))
    reply = incoming(provider.id, AT + MINUTE, sender=phone_of(2), message_id="in.1", context="wamid.2")
    await bench.feed(reply, reply)
    assert (await replies(bench), await waiting(bench)) == (set(), 1)
    await retry_unmatched(bench.drain, AT + MINUTE + REPLY_WAITS_MS - 1)
    assert (await replies(bench), await waiting(bench)) == (set(), 1)
    await bench.feed(AnswerItem(AT + HOUR, campaign, 2, "sent", provider.id, "wamid.2"))
    assert {reply[:3] for reply in await replies(bench)} == {(campaign, EXACT, 2)}
    assert await waiting(bench) == 0


async def test_a_reply_to_an_id_that_never_comes_counts_for_the_last_message(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    later = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(AttemptItem(AT, campaign, 2), AttemptItem(AT + HOUR, later, 2))
    received = AT + MINUTE
    await bench.feed(incoming(provider.id, received, sender=phone_of(2), message_id="in.1", context="wamid.x"))
    await retry_unmatched(bench.drain, received + REPLY_WAITS_MS + MINUTE)
    assert {reply[:3] for reply in await replies(bench)} == {(campaign, LAST, 2)}
    assert await waiting(bench) == 0


async def test_a_stranger_s_reply_to_an_id_that_never_comes_is_dropped(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(incoming(provider.id, AT, sender="+4912345678", message_id="in.1", context="wamid.x"))
    await retry_unmatched(bench.drain, AT + REPLY_WAITS_MS + MINUTE)
    assert await waiting(bench) == 0
    assert bench.drain.counts.unattributed == 1


async def test_the_text_of_a_waiting_reply_is_not_kept_twice(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(
        incoming(provider.id, AT, sender=phone_of(2), message_id="in.1", context="wamid.x", text="very private")
    )
    async with bench.database.session() as session:
        [row] = await session.scalars(select(Unmatched))
    assert b"very private" not in row.item
