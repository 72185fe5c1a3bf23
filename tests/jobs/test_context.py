"""What reports are told of a campaign is what its records say."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import STARTED, LinkPlan
from twoticks.errors import NotFound
from twoticks.jobs.context import campaign_context, campaign_contexts
from twoticks.jobs.runtime import Runtime
from twoticks.records.tables import CampaignRow
from twoticks.reports.question import GoalLabel, LinkLabel
from twoticks.vocabulary import Side


async def add_campaign(runtime: Runtime, kind: str = "generic", **changes: object) -> int:
    provider = await factories.add_provider(runtime.directory, kind)
    links = (LinkPlan("https://b.example", tracked=False), LinkPlan("https://a.example"))
    campaign = await factories.add_campaign(runtime.database, runtime.facts, provider.id, members=7, links=links)
    async with runtime.database.transaction() as session:
        row = await session.get_one(CampaignRow, campaign)
        for name, value in changes.items():
            setattr(row, name, value)
    return campaign


async def test_a_campaign_is_told_as_planned(runtime: Runtime) -> None:
    goal = {"event_name": "Charged", "window_seconds": 3600, "revenue_property": "Amount"}
    campaign = await add_campaign(runtime, control_percentage=5, goal=goal)
    context = await campaign_context(runtime, campaign)
    assert (context.id, context.name, context.status, context.qualified) == (campaign, "Test", "running", 7)
    assert (context.started_at, context.control_percentage) == (STARTED, 5)
    assert context.goal == GoalLabel("Charged", 3600, "Amount")
    assert context.links == (
        LinkLabel(1, "Link 1", "https://b.example", tracked=False),
        LinkLabel(2, "Link 2", "https://a.example", tracked=True),
    )
    assert context.links_tracked == 1
    assert (context.time_zone, context.currency) == (runtime.account.time_zone, runtime.account.currency)


async def test_a_goal_without_revenue_and_a_campaign_that_has_not_started(runtime: Runtime) -> None:
    goal = {"event_name": "Charged", "window_seconds": 60}
    campaign = await add_campaign(runtime, goal=goal, started_at=None, qualified=None)
    context = await campaign_context(runtime, campaign)
    assert context.goal == GoalLabel("Charged", 60, None)
    assert (context.started_at, context.qualified) == (None, 0)


async def test_what_a_provider_can_tell_is_its_adapters_word(runtime: Runtime) -> None:
    campaign = await add_campaign(runtime, "cloud_api")
    context = await campaign_context(runtime, campaign)
    assert context.capabilities == runtime.directory.peek(1).adapter.capabilities  # type: ignore[union-attr]
    assert context.capabilities.pricing


async def test_error_words_come_by_their_number(runtime: Runtime) -> None:
    campaign = await add_campaign(runtime)
    number = await runtime.dictionary.number(Side.DELIVERY, "generic", "blocked", "1010", "Blocked by Meta", True)
    word = (await campaign_context(runtime, campaign)).errors[number]
    assert (word.number, word.side, word.provider_kind) == (number, "delivery", "generic")
    assert (word.kind, word.code, word.text, word.permanent) == ("blocked", "1010", "Blocked by Meta", True)


async def test_several_campaigns_keep_their_order_and_their_own_links(runtime: Runtime) -> None:
    provider = await factories.add_provider(runtime.directory, "generic")
    plans = [(), (LinkPlan("https://a.example"),), (LinkPlan("https://b.example"), LinkPlan("https://c.example"))]
    ids = [await factories.add_campaign(runtime.database, runtime.facts, provider.id, links=links) for links in plans]
    async with runtime.database.session() as session:
        rows = [await session.get_one(CampaignRow, one) for one in reversed(ids)]
    contexts = await campaign_contexts(runtime, rows)
    assert [context.id for context in contexts] == list(reversed(ids))
    assert [len(context.links) for context in contexts] == [2, 1, 0]


async def test_an_unknown_campaign_is_not_found(runtime: Runtime) -> None:
    for campaign in (0, 5, -1, 2**31, 10**20):
        with pytest.raises(NotFound):
            await campaign_context(runtime, campaign)
