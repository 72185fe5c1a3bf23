"""The cache of campaigns that callbacks are matched through."""

from __future__ import annotations

import pytest

from tests.callbacks.bench import Bench
from tests.factories import STARTED, LinkPlan, add_campaign, add_provider
from twoticks.callbacks import known
from twoticks.callbacks.known import CONTROL, REGISTERED, Campaigns
from twoticks.records.tables import CampaignRow


@pytest.fixture
def campaigns(bench: Bench) -> Campaigns:
    return Campaigns(bench.database, bench.facts, bench.references)


async def test_a_campaign_must_be_loaded_to_be_found(bench: Bench, campaigns: Campaigns) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    reference = bench.references.encode(campaign, 3)
    assert campaigns.find(reference, provider.id) is None
    await campaigns.load_named([reference, "1|2|3|4", "no reference"])
    found = campaigns.find(reference, provider.id)
    assert found is not None
    assert (found[0].id, found[0].provider, found[0].started_at, found[1]) == (campaign, provider.id, STARTED, 3)


async def test_control_members_are_known_by_number(bench: Bench, campaigns: Campaigns) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=5, control=[1, 4])
    await campaigns.load([(campaign, 0)])
    entry = campaigns.get(campaign)
    assert entry is not None
    assert list(entry.flags) == [0, CONTROL, 0, 0, CONTROL]


async def test_a_grown_campaign_keeps_what_was_marked(bench: Bench, campaigns: Campaigns) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id, members=3)
    await campaigns.load([(campaign, 0)])
    entry = campaigns.get(campaign)
    assert entry is not None
    entry.flags[2] |= REGISTERED
    async with bench.database.transaction() as session:
        (await session.get_one(CampaignRow, campaign)).qualified = 5
    await campaigns.load([(campaign, 2)])
    assert campaigns.get(campaign) is entry
    await campaigns.load([(campaign, 4)])
    grown = campaigns.get(campaign)
    assert grown is not None
    assert list(grown.flags) == [0, 0, REGISTERED, 0, 0]


async def test_links_come_with_the_campaign_the_lowest_number_of_equals_first(
    bench: Bench, campaigns: Campaigns
) -> None:
    provider = await add_provider(bench.directory)
    links = [LinkPlan("https://a.example"), LinkPlan("https://b.example"), LinkPlan("https://a.example", tracked=False)]
    campaign = await add_campaign(bench.database, bench.facts, provider.id, links=links)
    await campaigns.load([(campaign, 0)])
    entry = campaigns.get(campaign)
    assert entry is not None
    assert entry.links.named("https://a.example/") == (1, True)


async def test_the_cache_makes_room_for_the_newest(
    bench: Bench, campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "_KEPT_BYTES", 25)
    provider = await add_provider(bench.directory)
    ids = [await add_campaign(bench.database, bench.facts, provider.id, members=10) for _ in range(3)]
    for campaign in ids:
        await campaigns.load([(campaign, 0)])
    assert [campaigns.get(campaign) is not None for campaign in ids] == [False, True, True]


async def test_what_is_forgotten_is_read_again(bench: Bench, campaigns: Campaigns) -> None:
    provider = await add_provider(bench.directory)
    campaign = await add_campaign(bench.database, bench.facts, provider.id)
    await campaigns.load([(campaign, 0)])
    campaigns.forget([campaign, 999])
    assert campaigns.get(campaign) is None
    await campaigns.load([(campaign, 0)])
    assert campaigns.get(campaign) is not None
