"""Whose message a callback is about, in whatever order things are told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tests.callbacks.bench import Bench
from tests.factories import (
    MINUTE,
    STARTED,
    TAG,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_status,
    cloud_text,
    phone_of,
)
from twoticks.records.items import AnswerItem
from twoticks.records.tables import CampaignRow, ProviderMessage, Unmatched
from twoticks.tracking.references import References

AT = STARTED + MINUTE
LATER = AT + MINUTE


async def count(bench: Bench, table: Any) -> int:
    async with bench.database.session() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def delivered(provider: int, message_id: str, reference: str | None = None, at: int = AT) -> Any:
    return callback(provider, cloud_body([cloud_status("delivered", reference, message_id, at)]), LATER)


async def test_a_status_without_a_reference_is_matched_by_the_provider_s_id(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(AnswerItem(AT, campaign, 4, "sent", provider.id, "wamid.4"))
    await bench.feed(delivered(provider.id, "wamid.4"))
    assert await bench.kinds(campaign, 4) == {"sent", "delivered"}


async def test_the_answer_may_stand_behind_its_callback_in_the_same_block(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(delivered(provider.id, "wamid.4"), AnswerItem(AT, campaign, 4, "sent", provider.id, "wamid.4"))
    assert await bench.kinds(campaign, 4) == {"sent", "delivered"}
    assert await count(bench, Unmatched) == 0


async def test_a_callback_that_beats_the_answer_waits_for_it(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(delivered(provider.id, "wamid.4"))
    assert await bench.all_facts() == set()
    assert await count(bench, Unmatched) == 1
    await bench.feed(AnswerItem(LATER + MINUTE, campaign, 4, "sent", provider.id, "wamid.4"))
    assert await bench.kinds(campaign, 4) == {"sent", "delivered"}
    assert await count(bench, Unmatched) == 0
    assert bench.drain.counts.matched_late == 1


async def test_a_late_match_has_the_times_of_the_callback(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(delivered(provider.id, "wamid.4"))
    first = await bench.journal.head()
    await bench.feed(AnswerItem(LATER + MINUTE, campaign, 4, "sent", provider.id, "wamid.4"))
    rows = await bench.facts.query(
        "select toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(received), block from facts where kind = 'delivered'"
    )
    assert rows == [(AT, LATER, first)]


async def test_an_unmatched_status_delivered_again_is_kept_once(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    for _ in range(3):
        await bench.feed(delivered(provider.id, "wamid.9"), delivered(provider.id, "wamid.9"))
    assert await count(bench, Unmatched) == 1


async def test_the_earliest_receipt_of_an_unmatched_status_counts_in_any_order(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    body = cloud_body([cloud_status("delivered", None, "wamid.4")])
    await bench.feed(callback(provider.id, body, LATER + 2))
    await bench.feed(callback(provider.id, body, LATER + 1), callback(provider.id, body, LATER + 3))
    await bench.feed(AnswerItem(AT, campaign, 4, "sent", provider.id, "wamid.4"))
    assert {fact.at for fact in await bench.all_facts() if fact.kind == "delivered"} == {LATER + 1}


async def test_a_reference_of_another_provider_s_campaign_matches_nothing(bench: Bench) -> None:
    ours, other = await add_provider(bench.directory), await add_provider(bench.directory, nickname="other")
    campaign = await add_campaign(bench.database, bench.facts, ours.id)
    await bench.feed(delivered(other.id, "wamid.4", bench.references.encode(campaign, 4)))
    assert await bench.all_facts() == set()
    assert await count(bench, Unmatched) == 1


async def test_the_message_id_of_another_provider_matches_nothing(bench: Bench) -> None:
    ours, other = await add_provider(bench.directory), await add_provider(bench.directory, nickname="other")
    campaign = await add_campaign(bench.database, bench.facts, ours.id)
    await bench.feed(AnswerItem(AT, campaign, 4, "sent", ours.id, "wamid.4"), delivered(other.id, "wamid.4"))
    assert await bench.kinds(campaign, 4) == {"sent"}


async def test_a_member_of_the_control_group_has_no_callbacks(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, control=[4])
    await bench.feed(delivered(provider.id, "wamid.4", bench.references.encode(campaign, 4)))
    assert await bench.all_facts() == set()


async def test_a_number_beyond_the_members_matches_nothing(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=10)
    await bench.feed(delivered(provider.id, "wamid.10", bench.references.encode(campaign, 10)))
    assert await bench.all_facts() == set()


async def test_a_reference_of_another_deployment_matches_nothing(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    foreign = References(TAG + "x").encode(campaign, 1)
    await bench.feed(delivered(provider.id, "wamid.1", foreign))
    assert await bench.all_facts() == set()
    assert await count(bench, Unmatched) == 1


async def test_a_campaign_that_is_not_published_has_no_callbacks(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    async with bench.database.transaction() as session:
        (await session.get_one(CampaignRow, campaign)).qualified = None
    await bench.feed(delivered(provider.id, "wamid.1", bench.references.encode(campaign, 1)))
    assert await bench.all_facts() == set()


async def test_a_campaign_that_has_grown_is_looked_at_again(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=10)
    await bench.feed(delivered(provider.id, "wamid.1", bench.references.encode(campaign, 1)))
    async with bench.database.transaction() as session:
        (await session.get_one(CampaignRow, campaign)).qualified = 20
    await bench.feed(delivered(provider.id, "wamid.15", bench.references.encode(campaign, 15)))
    assert await bench.counts() == {(campaign, "delivered", 0): [1, 15]}


async def test_a_status_with_both_names_teaches_the_provider_s_id(bench: Bench) -> None:
    """As when the answer was lost: replies name the message by an id that only the status told."""
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(
        callback(provider.id, cloud_body(messages=[cloud_text(phone_of(4), "in.1", context="wamid.4")]), LATER)
    )
    await bench.feed(AnswerItem(AT, campaign, 4, "unknown", provider.id, None, "timeout"))
    await bench.feed(delivered(provider.id, "wamid.4", bench.references.encode(campaign, 4)))
    assert await bench.kinds(campaign, 4) == {"unknown", "delivered", "replied"}
    assert await count(bench, ProviderMessage) == 1


async def test_an_id_is_taught_once(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    for _ in range(3):
        await bench.feed(delivered(provider.id, "wamid.4", bench.references.encode(campaign, 4)))
    assert await count(bench, ProviderMessage) == 1
