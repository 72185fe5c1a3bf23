from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.reports.oracle import LINKS, NOW, STARTED, Oracle, Told, campaigns, context, tell
from twoticks.facts.store import FactStore
from twoticks.reports.clicks import clicks
from twoticks.reports.overview import overview
from twoticks.reports.question import CampaignContext, LinkLabel
from twoticks.vocabulary import Capabilities, FactKind

any_facts = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@any_facts
@given(case=campaigns())
async def test_links_sum_to_the_overview_and_equal_the_oracle(
    facts: FactStore, case: tuple[CampaignContext, list[Told]]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    oracle = Oracle(campaign, told)
    value = await clicks(facts, campaign)
    clicked = {int(row.key): row.clicks for row in value.links}
    people = {int(row.key): row.people for row in value.links}
    none = dict.fromkeys(clicked, 0)
    assert clicked == none | oracle.events(FactKind.CLICKED)
    by_link = {
        link: len({f.seq for f in told if f.kind is FactKind.CLICKED and f.key == link} & oracle.sets["clicked"])
        for link in people
    }
    assert people == by_link
    assert value.clicks_total == sum(clicked.values()) == (await overview(facts, campaign, NOW)).counts["clicks_total"]


async def test_shares_are_of_all_clicks(facts: FactStore) -> None:
    campaign = context(3)
    shop = [Told(FactKind.CLICKED, seq, STARTED + seq, 1, 10 + seq) for seq in range(3)]
    await tell(facts, campaign, [*shop, Told(FactKind.CLICKED, 0, STARTED + 9, 2, 99)])
    first, second = (await clicks(facts, campaign)).links
    assert (first.label, first.people, first.clicks, first.share) == ("Shop", 3, 3, 0.75)
    assert (second.label, second.people, second.clicks, second.share) == ("Help", 1, 1, 0.25)


async def test_without_clicks_there_are_zeros_and_no_share(facts: FactStore) -> None:
    value = await clicks(facts, context(2))
    assert [(row.people, row.clicks, row.share) for row in value.links] == [(0, 0, None), (0, 0, None)]


async def test_a_link_nobody_can_tell_of_is_null_and_noted(facts: FactStore) -> None:
    links = (LINKS[0], LinkLabel(2, "Untracked", "https://other.example", False))
    campaign = context(2, links=links, capabilities=Capabilities())
    await tell(facts, campaign, [Told(FactKind.CLICKED, 0, key=1, event=5)])
    value = await clicks(facts, campaign)
    assert [row.clicks for row in value.links] == [1, None]
    assert value.notes == ["1 of 2 links tracked"]


async def test_without_tracked_links_the_report_says_why(facts: FactStore) -> None:
    value = await clicks(facts, context(2, links=(), capabilities=Capabilities()))
    assert (value.clicks_total, value.unsupported) == (None, "no link of this campaign is tracked")


async def test_a_click_on_a_link_that_is_none_of_ours_has_a_line(facts: FactStore) -> None:
    campaign = context(1)
    await tell(facts, campaign, [Told(FactKind.CLICKED, 0, key=0, event=5)])
    value = await clicks(facts, campaign)
    assert [(row.key, row.label, row.clicks) for row in value.links][-1] == ("0", "Another link", 1)


async def test_csv_has_one_line_a_link(facts: FactStore) -> None:
    header, rows = (await clicks(facts, context(1))).rows()
    assert [dict(zip(header, row, strict=True))["key"] for row in rows] == ["1", "2"]
