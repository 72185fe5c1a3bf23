from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports.oracle import NOW, Oracle, Told, campaigns, context, tell
from twoticks.errors import BadInput
from twoticks.facts.store import FactStore
from twoticks.reports.overview import overview
from twoticks.reports.question import CampaignContext
from twoticks.reports.trend import SERIES, trend
from twoticks.vocabulary import Capabilities, FactKind

any_facts = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
ARRIVED = [(FactKind.DELIVERED, None), (FactKind.VIEWED, None), (FactKind.CLICKED, None), (FactKind.REPLIED, 0)]
PROOFS = {
    "sent": [*ARRIVED, (FactKind.SENT, None), (FactKind.FAILED, None)],
    "delivered": ARRIVED,
    "viewed": [(FactKind.VIEWED, None)],
    "clicked": [(FactKind.CLICKED, None)],
    "replied": [(FactKind.REPLIED, None)],
    "converted": [(FactKind.CONVERTED, None)],
    "failed": [(FactKind.FAILED, None)],
}
ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def period_of(moment: int, interval: str, zone: str) -> str:
    local = datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone))
    day = local.date()
    if interval == "hour":
        return local.replace(minute=0, second=0, microsecond=0).isoformat()
    if interval == "week":
        return (day - timedelta(day.weekday())).isoformat()
    return (day.replace(day=1) if interval == "month" else day).isoformat()


@any_facts
@given(case=campaigns(), interval=st.sampled_from(["hour", "day", "week", "month"]), zone=st.sampled_from(ZONES))
async def test_each_message_counts_once_in_its_first_period(
    facts: FactStore, case: tuple[CampaignContext, list[Told]], interval: str, zone: str
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    oracle = Oracle(campaign, told)
    value = await trend(facts, campaign, interval, zone)
    for name, proofs in PROOFS.items():
        expected: dict[str, int] = {}
        for moment in oracle.first(SERIES[name], proofs).values():
            period = period_of(moment, interval, zone)
            expected[period] = expected.get(period, 0) + 1
        shown = zip(value.periods, value.series[name] or [], strict=True)
        assert {period: count for period, count in shown if count} == expected


@any_facts
@given(case=campaigns(), interval=st.sampled_from(["hour", "day", "week", "month"]))
async def test_every_series_sums_to_the_count_of_the_overview(
    facts: FactStore, case: tuple[CampaignContext, list[Told]], interval: str
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    value = await trend(facts, campaign, interval)
    counts = (await overview(facts, campaign, NOW)).counts
    assert value.totals == {name: counts[count] for name, count in SERIES.items()}


async def test_days_begin_at_midnight_of_the_time_zone_asked_for(facts: FactStore) -> None:
    campaign = context(2)
    await tell(
        facts,
        campaign,
        [Told(FactKind.SENT, 0, at("2026-10-01T18:29:59Z")), Told(FactKind.SENT, 1, at("2026-10-01T18:30:00Z"))],
    )
    kolkata, utc = await trend(facts, campaign, "day"), await trend(facts, campaign, "day", "UTC")
    assert (kolkata.time_zone, kolkata.periods, kolkata.series["sent"]) == (
        "Asia/Kolkata",
        ["2026-10-01", "2026-10-02"],
        [1, 1],
    )
    assert (utc.periods, utc.series["sent"]) == (["2026-10-01"], [2])


async def test_weeks_begin_on_monday(facts: FactStore) -> None:
    campaign = context(2)
    told = [Told(FactKind.SENT, 0, at("2026-10-04T12:00Z")), Told(FactKind.SENT, 1, at("2026-10-05T12:00Z"))]
    await tell(facts, campaign, told)
    assert (await trend(facts, campaign, "week")).periods == ["2026-09-28", "2026-10-05"]


async def test_empty_periods_in_between_are_filled(facts: FactStore) -> None:
    campaign = context(2)
    await tell(
        facts,
        campaign,
        [Told(FactKind.SENT, 0, at("2026-10-01T06:00Z")), Told(FactKind.VIEWED, 0, at("2026-10-04T06:00Z"))],
    )
    value = await trend(facts, campaign, "day")
    assert value.periods == ["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04"]
    assert value.series["sent"] == [1, 0, 0, 0]
    assert value.series["viewed"] == [0, 0, 0, 1]


async def test_a_failure_that_was_delivered_after_all_is_no_error(facts: FactStore) -> None:
    campaign = context(2)
    told = [Told(FactKind.FAILED, 0), Told(FactKind.DELIVERED, 0), Told(FactKind.FAILED, 1)]
    await tell(facts, campaign, told)
    assert (await trend(facts, campaign, "day")).series["failed"] == [1]


async def test_without_facts_there_is_no_period(facts: FactStore) -> None:
    value = await trend(facts, context(5), "day")
    assert value.periods == []
    assert set(value.totals.values()) == {0}


async def test_a_series_that_is_not_supported_is_null(facts: FactStore) -> None:
    campaign = context(1, capabilities=Capabilities(viewed=False), goal=None)
    await tell(facts, campaign, [Told(FactKind.SENT, 0)])
    value = await trend(facts, campaign, "day")
    assert (value.series["viewed"], value.totals["viewed"]) == (None, None)
    assert set(value.unsupported) == {"viewed", "converted"}
    header, rows = value.rows()
    assert dict(zip(header, rows[0], strict=True))["viewed"] is None


@pytest.mark.parametrize(
    ("interval", "zone", "field"),
    [
        ("year", "UTC", "interval"),
        ("day", "Mars/Olympus", "time_zone"),
        ("day", "../x", "time_zone"),
        ("day", "Asia", "time_zone"),
    ],
)
async def test_what_names_no_interval_or_zone_is_refused(
    facts: FactStore, interval: str, zone: str, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await trend(facts, context(1), interval, zone)
    assert caught.value.field == field
