"""The same promise where people meet it: the reports' JSON is the same to the byte, whatever the order."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given

from tests.callbacks.bench import Bench
from tests.callbacks.test_order import MEMBERS, PLAN, PROPERTY, STREAM, World, shuffled
from tests.factories import STARTED, add_campaign, add_provider
from twoticks.reports.clicks import clicks
from twoticks.reports.failures import errors
from twoticks.reports.overview import overview
from twoticks.reports.people import people
from twoticks.reports.question import CampaignContext, ErrorWord, LinkLabel
from twoticks.reports.trend import trend
from twoticks.vocabulary import Capabilities

NOW = STARTED + 100 * 3_600_000
"""The clock stands still."""


@pytest.fixture
async def world(bench: Bench) -> World:
    provider = await add_provider(bench.directory, "sandbox")
    campaign = await add_campaign(bench.database, bench.facts, provider.id, PLAN)
    return World(bench, provider.id, campaign)


async def context_of(world: World) -> CampaignContext:
    words = await world.bench.drain.context.dictionary.all()
    return CampaignContext(
        id=world.campaign,
        name="Test",
        status="running",
        qualified=MEMBERS,
        started_at=STARTED,
        time_zone="Asia/Kathmandu",
        control_percentage=25,
        goal=None,
        links=tuple(LinkLabel(n, f"Link {n}", link.url, link.tracked) for n, link in enumerate(PLAN.links, 1)),
        errors={
            n: ErrorWord(n, word.side, word.provider_kind, word.kind, word.code, word.text, word.permanent)
            for n, word in words.items()
        },
        capabilities=Capabilities(click_callbacks=True),
        currency="INR",
    )


async def reports_of(world: World) -> bytes:
    """Every report about what callbacks tell, as the API would answer."""
    facts, context = world.bench.facts, await context_of(world)
    values: list[Any] = [
        await overview(facts, context, NOW),
        await trend(facts, context, "hour"),
        await errors(facts, context),
        await clicks(facts, context),
        *[await people(facts, context, bucket, None, None, 10) for bucket in ("sent", "viewed", "unknown", "waiting")],
    ]
    return b"\n".join(map(msgspec.json.encode, values))


@PROPERTY
@given(stream=STREAM, randomness=...)
async def test_any_order_and_any_repetition_gives_byte_identical_reports(
    world: World, stream: list[Any], randomness: random.Random
) -> None:
    items = world.items(stream)
    await world.tell(items, randomness)
    first = await reports_of(world)
    for _ in range(2):
        await world.tell(shuffled(items, randomness), randomness)
        assert await reports_of(world) == first
