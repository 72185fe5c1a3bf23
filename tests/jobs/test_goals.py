"""Goal events become conversions of every campaign whose window holds them, once, and late ones too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests import factories
from tests.factories import HOUR, MINUTE, STARTED
from twoticks.jobs import goals
from twoticks.jobs.goals import convert, forget_marks
from twoticks.jobs.runtime import Runtime
from twoticks.records.items import EventsItem
from twoticks.records.tables import CampaignRow

WINDOW = 3600


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time of day, in Unix milliseconds: half an hour after the start unless a test moves it."""
    now = [STARTED + 30 * MINUTE]
    monkeypatch.setattr(goals, "now_ms", lambda: now[0])
    return now


async def add_campaign(runtime: Runtime, event: str = "Charged", started_at: int = STARTED) -> int:
    if not await runtime.directory.all():
        await factories.add_provider(runtime.directory, "generic")
    campaign = await factories.add_campaign(
        runtime.database, runtime.facts, 1, members=4, control=(3,), started_at=started_at
    )
    async with runtime.database.transaction() as session:
        row = await session.get_one(CampaignRow, campaign)
        row.goal = {"event_name": event, "window_seconds": WINDOW, "revenue_property": "Amount"}
        row.started_at = datetime.fromtimestamp(started_at / 1000, UTC)
    return campaign


async def buy(runtime: Runtime, person: int, at: int, received: int, event: str = "Charged") -> None:
    """Upload one event and read the journal to its end."""
    record: dict[str, Any] = {
        "identity": f"user-{person:08d}",
        "name": event,
        "at": at,
        "event_id": person * 1000 + at % 997,
    }
    await runtime.journal.append(EventsItem(received, [{**record, "props": {"Amount": 5.0}}]))
    while await runtime.drain.run_once():
        pass
    runtime.drain.read_until = received + MINUTE


async def converted(runtime: Runtime, campaign: int) -> list[int]:
    rows = await runtime.facts.query(
        "select distinct seq from facts where campaign = {campaign:UInt32} and kind = 'converted' order by seq",
        {"campaign": campaign},
    )
    return [seq for (seq,) in rows]


async def test_events_of_both_groups_inside_the_window_convert(runtime: Runtime) -> None:
    campaign = await add_campaign(runtime)
    for person in (0, 3):
        await buy(runtime, person, STARTED + MINUTE, STARTED + 2 * MINUTE)
    await buy(runtime, 1, STARTED - MINUTE, STARTED + 2 * MINUTE)
    await buy(runtime, 2, STARTED + WINDOW * 1000 + 1, STARTED + 2 * MINUTE)
    await buy(runtime, 2, STARTED + MINUTE, STARTED + 2 * MINUTE, event="Viewed")
    await convert(runtime)
    assert await converted(runtime, campaign) == [0, 3]


async def test_an_event_counts_for_every_campaign_whose_window_holds_it(runtime: Runtime) -> None:
    first = await add_campaign(runtime)
    second = await add_campaign(runtime, started_at=STARTED + 10 * MINUTE)
    await buy(runtime, 0, STARTED + MINUTE, STARTED + 2 * MINUTE)
    await buy(runtime, 1, STARTED + 20 * MINUTE, STARTED + 21 * MINUTE)
    await convert(runtime)
    assert await converted(runtime, first) == [0, 1]
    assert await converted(runtime, second) == [1]


async def test_a_turn_goes_on_where_the_last_one_ended(runtime: Runtime) -> None:
    campaign = await add_campaign(runtime)
    await buy(runtime, 0, STARTED + MINUTE, STARTED + 2 * MINUTE)
    assert await convert(runtime) == 1
    assert await convert(runtime) == 0, "nothing new was read"
    await buy(runtime, 1, STARTED + 20 * MINUTE, STARTED + 21 * MINUTE)
    assert await convert(runtime) == 1
    assert await converted(runtime, campaign) == [0, 1]


async def test_late_events_are_looked_for_until_the_grace_is_over(runtime: Runtime, clock: list[int]) -> None:
    campaign = await add_campaign(runtime)
    grace = int(goals.GRACE.total_seconds() * 1000)
    clock[0] = STARTED + WINDOW * 1000 + grace
    await buy(runtime, 0, STARTED + MINUTE, clock[0] - MINUTE)
    await convert(runtime)
    assert await converted(runtime, campaign) == [0]
    clock[0] += 1
    await buy(runtime, 1, STARTED + MINUTE, clock[0])
    assert await convert(runtime) == 0
    assert await converted(runtime, campaign) == [0]


async def test_without_a_goal_or_before_anything_is_read_there_is_nothing_to_do(runtime: Runtime) -> None:
    assert await convert(runtime) == 0
    await add_campaign(runtime)
    runtime.drain.read_until = 0
    assert await convert(runtime) == 0


async def test_after_a_replay_all_events_are_looked_at_anew(runtime: Runtime) -> None:
    campaign = await add_campaign(runtime)
    await buy(runtime, 0, STARTED + MINUTE, STARTED + HOUR // 4)
    await convert(runtime)
    for table in ("facts", "tallies", "conversions"):
        await runtime.facts.command(f"truncate table {table}")
    assert await convert(runtime) == 0
    await forget_marks(runtime)
    assert await convert(runtime) == 1
    assert await converted(runtime, campaign) == [0]
