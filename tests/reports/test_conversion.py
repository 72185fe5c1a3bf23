from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings

from tests.reports.oracle import NOW, STARTED, Oracle, Told, campaigns, context, tell
from twoticks.facts.store import FactStore
from twoticks.reports.conversion import Conversion, conversion
from twoticks.reports.lift import Arm, newcombe
from twoticks.reports.question import CampaignContext
from twoticks.vocabulary import FactKind

any_facts = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


async def compared(
    facts: FactStore, people: int, converted: int, control: int, control_converted: int, **changes: object
) -> Conversion:
    campaign = context(people + control, **changes)
    told = [Told(FactKind.CONTROL, people + seq) for seq in range(control)]
    told += [Told(FactKind.CONVERTED, seq) for seq in range(converted)]
    told += [Told(FactKind.CONVERTED, people + seq) for seq in range(control_converted)]
    await tell(facts, campaign, told)
    return await conversion(facts, campaign, NOW)


@any_facts
@given(case=campaigns())
async def test_everyone_counts_as_assigned(facts: FactStore, case: tuple[CampaignContext, list[Told]]) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    sets = Oracle(campaign, told).sets
    value = await conversion(facts, campaign, NOW)
    assert value.target.people == len(sets["qualified"] - sets["control"])
    assert value.target.converted == len(sets["converted_target"])
    assert value.control.people == len(sets["control"])
    assert value.control.converted == len(sets["converted_control"])
    assert (value.sent, value.sent_converted) == (len(sets["sent"]), len(sets["converted"]))
    assert "NaN" not in json.dumps(value.to_json())


async def test_more_conversions_come_with_interval_lift_and_increment(facts: FactStore) -> None:
    value = await compared(facts, 900, 90, 100, 2)
    interval = newcombe(Arm(900, 90), Arm(100, 2))
    assert interval is not None
    assert value.difference is not None
    assert (value.difference.low, value.difference.high) == (interval.low, interval.high)
    assert value.incremental is not None
    assert value.incremental.estimate == pytest.approx(900 * 0.08)
    assert value.incremental.low == pytest.approx(900 * interval.low)
    assert value.lift is not None
    assert value.lift.estimate == pytest.approx(4.0)
    assert value.verdict == "more"
    assert value.split_p == 1.0
    assert value.split_ok


async def test_a_control_group_without_conversions_has_bounds_but_no_lift(facts: FactStore) -> None:
    value = await compared(facts, 90, 9, 10, 0)
    assert value.lift is not None
    assert value.lift.estimate is None
    assert value.lift.low is not None


async def test_a_split_far_from_the_plan_raises_the_alarm(facts: FactStore) -> None:
    value = await compared(facts, 500, 5, 500, 5)
    assert not value.split_ok


async def test_without_a_control_group_there_is_nothing_to_compare(facts: FactStore) -> None:
    value = await compared(facts, 10, 3, 0, 0, control_percentage=0)
    assert value.unavailable == "this campaign has no control group"
    assert (value.difference, value.lift, value.incremental, value.verdict) == (None, None, None, None)
    assert value.target.rate is not None
    assert value.control.rate is None
    assert value.split_ok


async def test_without_a_goal_conversions_are_unknown_and_not_zero(facts: FactStore) -> None:
    value = await compared(facts, 10, 0, 10, 0, goal=None)
    assert value.unavailable == "this campaign has no conversion goal"
    assert (value.target.converted, value.target.rate, value.sent_converted) == (None, None, None)


async def test_an_empty_campaign_gives_a_defined_answer(facts: FactStore) -> None:
    value = await compared(facts, 0, 0, 0, 0)
    assert value.unavailable == "this campaign has no control group"
    assert (value.target.people, value.target.rate) == (0, None)


async def test_figures_are_interim_until_the_window_closes(facts: FactStore) -> None:
    campaign = context(2)
    open_until = STARTED + 86_400_000
    assert (await conversion(facts, campaign, open_until - 1)).interim
    assert not (await conversion(facts, campaign, open_until)).interim


async def test_csv_names_every_figure_with_its_bounds(facts: FactStore) -> None:
    value = await compared(facts, 90, 9, 10, 0)
    header, rows = value.rows()
    assert header == ["figure", "value", "low", "high"]
    figures = {row[0]: row[1:] for row in rows}
    assert figures["target people"][0] == 90
    assert figures["difference of rates"] == [value.difference.estimate, value.difference.low, value.difference.high]  # type: ignore[union-attr]
