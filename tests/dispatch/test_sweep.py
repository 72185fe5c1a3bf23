from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.campaigns.parts import add_people, add_template, eventually
from tests.campaigns.parts import add_provider as configure
from tests.dispatch.parts import items, make_dispatcher, set_status, start_campaign, working
from tests.plain_provider import PlainProvider
from twoticks.campaigns.context import Context
from twoticks.campaigns.search import get_campaign
from twoticks.dispatch import sweep as module
from twoticks.providers.transport import Transport
from twoticks.records.items import AnswerItem, AttemptItem, NotAttemptedItem


async def closed(desk: Context, campaign: int) -> None:
    async def has_end() -> Any:
        async with desk.database.session() as session:
            return (await get_campaign(session, campaign)).completed_at

    await eventually(has_end, 20)


async def left(desk: Context) -> list[int]:
    found = await items(desk.journal, NotAttemptedItem)
    assert {item.reason for item in found} <= {"stopped"}
    return [seq for item in found for seq in item.seqs]


@pytest.mark.parametrize("percentage", [0, 30])
async def test_a_stopped_campaign_accounts_for_everybody(
    desk: Context, transport: Transport, remote: PlainProvider, percentage: int
) -> None:
    await configure(desk.directory, "slow", remote.url, rate_per_second=30, timeout_seconds=5)
    await add_template(desk.database, desk.directory, "slow")
    await add_people(desk.facts, 80)
    group = {"type": "campaign", "percentage": percentage}
    campaign = await start_campaign(desk, provider_nick_name="slow", control_group=group)

    async def some() -> bool:
        return len(remote.requests) >= 5

    async with working(desk, transport):
        await eventually(some)
        await set_status(desk, campaign, "stopped")
        await closed(desk, campaign)
    attempts = [item.seq for item in await items(desk.journal, AttemptItem)]
    answers = [item.seq for item in await items(desk.journal, AnswerItem)]
    stopped = await left(desk)
    rows = await desk.facts.query("select seq from members final where arm = 'target'")
    assert Counter(attempts + stopped) == Counter(seq for (seq,) in rows)
    assert sorted(attempts) == sorted(answers)
    assert 5 <= len(attempts) < 80
    assert len(remote.requests) == len(attempts)


async def test_a_campaign_stopped_before_its_first_message_sends_none(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    await add_people(desk.facts, 25)
    campaign = await start_campaign(desk)
    await set_status(desk, campaign, "stopped")
    async with working(desk, transport):
        await closed(desk, campaign)
    assert remote.requests == []
    assert sorted(await left(desk)) == list(range(25))


async def test_a_chunk_in_anothers_hands_is_left_until_its_lease_is_over(
    desk: Context, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(desk.facts, 20)
    campaign = await start_campaign(desk)
    other = make_dispatcher(desk, transport, lease_seconds=1)
    [lease] = await other._chunks.lease([campaign], 1)
    await set_status(desk, campaign, "stopped")
    async with working(desk, transport) as dispatcher:

        async def rest_is_told() -> bool:
            return sorted(await left(desk)) == list(range(10, 20))

        await eventually(rest_is_told)
        assert lease.valid
        await desk.journal.append(AttemptItem(at=1, campaign=campaign, seq=3))
        await closed(desk, campaign)
        assert not lease.valid
        assert dispatcher is not None
    assert sorted(await left(desk)) == [0, 1, 2, *range(4, 20)]


async def test_a_sweep_that_broke_off_tells_nothing_twice(
    desk: Context, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(desk.facts, 20)
    campaign = await start_campaign(desk)
    await set_status(desk, campaign, "stopped")
    failing = make_dispatcher(desk, transport, lease_seconds=0.2)

    async def fail(lease: object) -> bool:
        raise OSError("gone")

    monkeypatch.setattr(failing._chunks, "settle", fail)
    await failing._sweeper.sweep([campaign])
    assert sorted(await left(desk)) == list(range(10))
    async with working(desk, transport):
        await closed(desk, campaign)
    assert sorted(await left(desk)) == list(range(20))
    assert module.CHUNKS_AT_ONCE > 1
