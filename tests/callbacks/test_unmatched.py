"""What waits for its message: tried again by the clock, and given up in time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tests.callbacks.bench import Bench, open_bench
from tests.factories import (
    HOUR,
    MINUTE,
    STARTED,
    add_campaign,
    add_provider,
    callback,
    cloud_body,
    cloud_status,
    cloud_text,
    phone_of,
)
from twoticks.callbacks.quarantine import groups
from twoticks.callbacks.unmatched import NO_MESSAGE, STATUS_WAITS_MS, retry_unmatched, waiting
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.items import AnswerItem, AttemptItem
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import CampaignRow, ProviderMessage, Unmatched
from twoticks.tracking.references import message_digest

AT = STARTED + MINUTE


def delivered(provider: int, message_id: str, reference: str | None = None) -> Any:
    return callback(provider, cloud_body([cloud_status("delivered", reference, message_id, AT)]), AT)


async def test_what_waits_is_counted_by_provider(bench: Bench) -> None:
    one, other = await add_provider(bench.directory), await add_provider(bench.directory, nickname="other")
    await bench.feed(delivered(one.id, "a"), delivered(one.id, "b"), delivered(other.id, "a"))
    assert [(some.provider_id, some.count) for some in await waiting(bench.database)] == [(one.id, 2), (other.id, 1)]


async def test_an_id_registered_behind_the_drain_s_back_is_found_by_the_clock(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await bench.feed(delivered(provider.id, "wamid.1"))
    async with bench.database.transaction() as session:
        session.add(ProviderMessage(digest=message_digest(provider.id, "wamid.1"), campaign=campaign, seq=1))
    assert await retry_unmatched(bench.drain, AT + HOUR) == 1
    assert await bench.kinds(campaign, 1) == {"delivered"}
    assert await waiting(bench.database) == []


async def test_a_campaign_published_meanwhile_is_found_by_the_clock(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    async with bench.database.transaction() as session:
        (await session.get_one(CampaignRow, campaign)).qualified = None
    await bench.feed(delivered(provider.id, "wamid.1", bench.references.encode(campaign, 1)))
    async with bench.database.transaction() as session:
        (await session.get_one(CampaignRow, campaign)).qualified = 10
    await retry_unmatched(bench.drain, AT + HOUR)
    assert await bench.kinds(campaign, 1) == {"delivered"}


async def test_a_status_waits_a_day_and_then_goes_to_quarantine(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(delivered(provider.id, "wamid.1"))
    await retry_unmatched(bench.drain, AT + STATUS_WAITS_MS - HOUR)
    assert len(await waiting(bench.database)) == 1
    await retry_unmatched(bench.drain, AT + STATUS_WAITS_MS + HOUR)
    assert await waiting(bench.database) == []
    [group] = await groups(bench.database)
    assert (group.reason, group.provider_id, group.count) == (NO_MESSAGE, provider.id, 1)
    assert group.path == "entry[0].changes[0].value.statuses[0]"


async def test_while_the_drain_lags_nothing_is_given_up(bench: Bench) -> None:
    """What would match may be in the part of the journal that is still unread."""
    provider = await add_provider(bench.directory)
    await bench.feed(delivered(provider.id, "wamid.1"))
    bench.drain.read_until -= STATUS_WAITS_MS
    await retry_unmatched(bench.drain, AT + STATUS_WAITS_MS + HOUR)
    assert len(await waiting(bench.database)) == 1


async def test_more_than_a_page_is_tried(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=5000)
    statuses = [cloud_status("delivered", None, f"wamid.{seq}", AT) for seq in range(5000)]
    for start in range(0, 5000, 1000):
        await bench.feed(callback(provider.id, cloud_body(statuses[start : start + 1000]), AT))
    async with bench.database.transaction() as session:
        session.add_all(
            ProviderMessage(digest=message_digest(provider.id, f"wamid.{seq}"), campaign=campaign, seq=seq)
            for seq in range(5000)
        )
    assert await retry_unmatched(bench.drain, AT + HOUR) == 5000
    assert len((await bench.counts())[campaign, "delivered", 0]) == 5000


async def test_a_failed_status_matched_late_keeps_its_error(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    failed = cloud_status("failed", None, "wamid.1", AT, (131026, "Message undeliverable"))
    await bench.feed(callback(provider.id, cloud_body([failed]), AT))
    await bench.feed(AnswerItem(AT, campaign, 1, "sent", provider.id, "wamid.1"))
    [key] = [key for _, kind, key in await bench.counts() if kind == "failed"]
    word = (await bench.dictionary.all())[key]
    assert (word.code, word.provider_kind, word.side) == ("131026", "cloud_api", "delivery")


async def test_the_receipt_time_is_kept_with_the_row(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(delivered(provider.id, "wamid.1"))
    async with bench.database.session() as session:
        [row] = await session.scalars(select(Unmatched))
    assert round(row.received_at.timestamp() * 1000) == AT


async def test_by_the_clock_only_what_is_new_or_due_is_read(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    await bench.feed(delivered(provider.id, "wamid.1"))
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await retry_unmatched(bench.drain, AT + 2 * HOUR)
    async with bench.database.transaction() as session:
        session.add(ProviderMessage(digest=message_digest(provider.id, "wamid.1"), campaign=campaign, seq=1))
    assert await retry_unmatched(bench.drain, AT + 3 * HOUR) == 0
    assert await retry_unmatched(bench.drain, AT + STATUS_WAITS_MS + HOUR) == 1
    assert await bench.kinds(campaign, 1) == {"delivered"}


async def test_a_reply_is_given_up_by_a_later_look_too(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    reply = cloud_body(messages=[cloud_text(phone_of(2), "in.1", context="wamid.x")])
    await bench.feed(AttemptItem(STARTED, campaign, 2), callback(provider.id, reply, AT))
    for minutes in (10, 30, 50, 59):
        assert await retry_unmatched(bench.drain, AT + minutes * MINUTE) == 0
    assert await retry_unmatched(bench.drain, AT + 62 * MINUTE) == 1
    assert await bench.kinds(campaign, 2) == {"attempted", "replied"}


async def test_on_postgresql_times_are_compared_alike(
    postgres_dsn: str, facts: FactStore, master_key: MasterKey
) -> None:
    database = await Database.open(postgres_dsn)
    async with open_bench(database, facts, master_key) as bench:
        provider = await add_provider(bench.directory)
        await bench.feed(delivered(provider.id, "wamid.1"))
        for hours, left in ((1, 1), (20, 1), (26, 0)):
            await retry_unmatched(bench.drain, AT + hours * HOUR)
            assert len(await waiting(database)) == left
    await database.close()
