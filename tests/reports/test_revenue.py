from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports.oracle import NOW, Oracle, Told, campaigns, context, tell
from twoticks.facts.store import FactStore
from twoticks.reports.means import Spending, fieller, welch
from twoticks.reports.question import CampaignContext, GoalLabel
from twoticks.reports.revenue import CANNOT_BE_ESTIMATED, TOO_FEW_BUYERS, revenue
from twoticks.vocabulary import FactKind

any_facts = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
Sale = tuple[int, int, str]
sales_of_anyone = st.lists(
    st.tuples(st.integers(0, 7), st.integers(1, 4), st.sampled_from(["0", "10", "12.3456", "-10", "99999.99"])),
    max_size=12,
)


async def sell(facts: FactStore, campaign: CampaignContext, sales: Sequence[Sale]) -> None:
    """Each sale is (seq, event, amount); of several with one event the last holds."""
    for seq, event, amount in sales:
        await facts.insert(
            "conversions",
            pa.table(
                {
                    "campaign": pa.array([campaign.id], pa.uint32()),
                    "seq": pa.array([seq], pa.uint32()),
                    "event_id": pa.array([event], pa.uint64()),
                    "at": pa.array([campaign.started_at], pa.timestamp("ms", "UTC")),
                    "amount": pa.array([Decimal(amount)], pa.decimal128(18, 4)),
                }
            ),
        )


async def groups(facts: FactStore, target: list[int], control: list[int], nobody: int) -> CampaignContext:
    """A campaign whose groups spent these amounts, with as many more people in each who spent nothing."""
    size = len(target) + nobody
    campaign = context(size + len(control) + nobody)
    seqs = [*range(len(target)), *range(size, size + len(control))]
    await tell(facts, campaign, [Told(FactKind.CONTROL, seq) for seq in range(size, campaign.qualified)])
    await facts.insert(
        "conversions",
        pa.table(
            {
                "campaign": pa.array([campaign.id] * len(seqs), pa.uint32()),
                "seq": pa.array(seqs, pa.uint32()),
                "event_id": pa.array(seqs, pa.uint64()),
                "at": pa.array([campaign.started_at] * len(seqs), pa.timestamp("ms", "UTC")),
                "amount": pa.array([Decimal(amount) for amount in target + control], pa.decimal128(18, 4)),
            }
        ),
    )
    return campaign


@any_facts
@given(case=campaigns(), sales=sales_of_anyone)
async def test_revenue_of_each_group_equals_the_oracle(
    facts: FactStore, case: tuple[CampaignContext, list[Told]], sales: list[Sale]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    await sell(facts, campaign, sales)
    sets = Oracle(campaign, told).sets
    kept = {(seq, event): Decimal(amount) for seq, event, amount in sales}
    value = await revenue(facts, campaign, NOW)
    for earned, group in ((value.target, sets["qualified"] - sets["control"]), (value.control, sets["control"])):
        spent = {seq: sum(amount for (buyer, _), amount in kept.items() if buyer == seq) for seq in group}
        total = float(sum(spent.values()))
        assert earned.people == len(group)
        assert earned.buyers == sum(amount != 0 for amount in spent.values())
        assert earned.revenue == pytest.approx(total)
        assert earned.arpu == (pytest.approx(total / len(group)) if group else None)
    assert "NaN" not in json.dumps(value.to_json())


async def test_enough_buyers_give_incremental_revenue_and_boost_with_bounds(facts: FactStore) -> None:
    target, control = [100 + n for n in range(60)], [50 + n for n in range(40)]
    value = await revenue(facts, await groups(facts, target, control, 20), NOW)
    one = Spending(80, 60, float(sum(target)), float(sum(n * n for n in target)))
    two = Spending(60, 40, float(sum(control)), float(sum(n * n for n in control)))
    difference, ratio = welch(one, two), fieller(one, two)
    assert difference is not None
    assert ratio is not None
    assert value.cautions == []
    assert value.incremental is not None
    assert (value.incremental.estimate, value.incremental.low, value.incremental.high) == pytest.approx(
        (80 * difference.estimate, 80 * difference.low, 80 * difference.high)
    )
    assert value.boost is not None
    assert (value.boost.estimate, value.boost.low, value.boost.high) == pytest.approx(
        (ratio.estimate, ratio.low, ratio.high)
    )


async def test_under_25_buyers_a_group_there_are_figures_without_bounds(facts: FactStore) -> None:
    value = await revenue(facts, await groups(facts, [10] * 100, [10] * 24, 0), NOW)
    assert value.cautions == [TOO_FEW_BUYERS]
    assert value.incremental is not None
    assert (value.incremental.estimate, value.incremental.low, value.incremental.high) == (0, None, None)
    assert value.boost is not None
    assert (value.boost.estimate, value.boost.low) == (0, None)


async def test_a_boost_over_what_may_be_nothing_cannot_be_estimated(facts: FactStore) -> None:
    refunds = [100, -99] * 13
    value = await revenue(facts, await groups(facts, [100 + n for n in range(30)], refunds, 0), NOW)
    assert value.boost is None
    assert value.cautions == [f"boost {CANNOT_BE_ESTIMATED}"]
    assert value.incremental is not None
    assert value.incremental.low is not None


async def test_a_control_group_that_bought_nothing_has_no_boost(facts: FactStore) -> None:
    value = await revenue(facts, await groups(facts, [10] * 30, [], 30), NOW)
    assert (value.boost, value.cautions) == (None, [TOO_FEW_BUYERS])


@pytest.mark.parametrize(
    ("goal", "why"),
    [
        (None, "this campaign has no conversion goal"),
        (GoalLabel("Charged", 60, None), "the conversion goal names no revenue property"),
    ],
)
async def test_without_a_revenue_property_revenue_is_unknown_and_not_zero(
    facts: FactStore, goal: GoalLabel | None, why: str
) -> None:
    value = await revenue(facts, context(3, goal=goal), NOW)
    assert value.unavailable == why
    assert (value.target.revenue, value.target.arpu, value.incremental) == (None, None, None)


async def test_without_a_control_group_the_target_still_has_its_revenue(facts: FactStore) -> None:
    campaign = context(2)
    await sell(facts, campaign, [(0, 1, "30"), (0, 1, "30")])
    value = await revenue(facts, campaign, NOW)
    assert value.unavailable == "this campaign has no control group"
    assert (value.target.revenue, value.target.arpu, value.control.arpu) == (30, 15, None)


async def test_csv_names_every_figure(facts: FactStore) -> None:
    header, rows = (await revenue(facts, context(2), NOW)).rows()
    assert header == ["figure", "value", "low", "high"]
    assert [row[0] for row in rows][:4] == ["target people", "target buyers", "target revenue", "target arpu"]
