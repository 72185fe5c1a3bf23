from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.campaigns.parts import add_people, campaign_body
from twoticks.campaigns.context import Context
from twoticks.campaigns.creation import asks_for_estimate, create_campaign, estimate
from twoticks.campaigns.search import campaign_links, get_campaign, list_campaigns
from twoticks.errors import BadInput


async def test_a_campaign_is_kept_as_asked(desk: Context) -> None:
    body = campaign_body(
        control_group={"type": "campaign", "percentage": 10},
        conversion_goal={"event_name": "Charged", "conversion_time": "2D"},
        labels=["sale"],
        tag_group="november",
        deadline_seconds=90,
    )
    made = await create_campaign(desk, body, "api")
    async with desk.database.session() as session:
        kept = await get_campaign(session, made.id)
        links = await campaign_links(session, made.id)
    assert (kept.status, kept.source, kept.content, kept.audience) == (
        "scheduled",
        "api",
        body["content"],
        {"segment": "all"},
    )
    assert kept.goal == {"event_name": "Charged", "window_seconds": 172_800, "revenue_property": None}
    assert (kept.control_percentage, kept.labels, kept.tag_group) == (10, ["sale"], "november")
    assert (kept.qualified, kept.started_at, kept.completed_at) == (None, None, None)
    assert kept.deadline is not None
    assert kept.deadline - kept.created_at == timedelta(seconds=90)
    assert [(link.number, link.label, link.url, link.tracked) for link in links] == [
        (1, "Link in body {{2}}", "https://shop.example/orders", True)
    ]


async def test_without_a_deadline_the_setting_counts(desk: Context) -> None:
    made = await create_campaign(desk, campaign_body(), "api")
    assert made.deadline is not None
    assert made.deadline - made.created_at == timedelta(hours=24)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider_nick_name": "nobody"}, "provider_nick_name"),
        ({"content": {"template_name": "missing"}}, "content.template_name"),
        ({"content": {"template_name": "order_ready", "locale": "hi"}}, "content.locale"),
        ({"content": {"template_name": "order_ready"}}, "content.body.replacements"),
        ({"estimate_only": True}, "estimate_only"),
        ({"dnd": {}}, "dnd"),
    ],
)
async def test_nothing_is_kept_of_a_faulty_campaign(desk: Context, change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        await create_campaign(desk, campaign_body(**change), "api")
    assert refused.value.field == field
    async with desk.database.session() as session:
        assert (await list_campaigns(session)).campaigns == []


async def test_an_estimate_counts_and_creates_nothing(desk: Context) -> None:
    await add_people(desk.facts, 10)
    body = campaign_body(estimate_only=True, control_group={"type": "campaign", "percentage": 20})
    assert asks_for_estimate(body)
    assert not asks_for_estimate(campaign_body())
    assert await estimate(desk, body) == {
        "qualified": 10,
        "control": 2,
        "target": 8,
        "reachable": 8,
        "no_phone": 0,
        "opted_out": 0,
        "duplicate_number": 0,
    }
    async with desk.database.session() as session:
        assert (await list_campaigns(session)).campaigns == []


async def test_an_estimate_checks_the_campaign_too(desk: Context) -> None:
    with pytest.raises(BadInput):
        await estimate(desk, campaign_body(provider_nick_name="nobody"))
