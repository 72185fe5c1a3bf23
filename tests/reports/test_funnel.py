from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports.oracle import STARTED, Oracle, Told, campaigns, context, tell
from twoticks.errors import BadInput
from twoticks.facts.store import FactStore
from twoticks.reports.funnel import CLEARABLE, STEPS, funnel
from twoticks.reports.question import CampaignContext
from twoticks.vocabulary import Capabilities, FactKind

any_facts = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@any_facts
@given(case=campaigns(), cleared=st.sets(st.sampled_from(CLEARABLE)))
async def test_each_step_counts_those_who_did_all_steps_before_it(
    facts: FactStore, case: tuple[CampaignContext, list[Told]], cleared: set[str]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    oracle = Oracle(campaign, told)
    left = set(oracle.sets["qualified"])
    expected = []
    for name in STEPS:
        if name not in cleared:
            left &= oracle.sets[name]
            expected.append((name, len(left)))
    value = await funnel(facts, campaign, cleared)
    assert [(step.name, step.count) for step in value.steps] == expected


async def test_the_order_of_time_does_not_matter(facts: FactStore) -> None:
    campaign = context(1)
    kinds = (FactKind.CONVERTED, FactKind.CLICKED, FactKind.VIEWED, FactKind.DELIVERED, FactKind.SENT)
    await tell(facts, campaign, [Told(kind, 0, STARTED + place, event=1) for place, kind in enumerate(kinds)])
    assert [step.count for step in (await funnel(facts, campaign)).steps] == [1, 1, 1, 1, 1]


async def test_shares_are_of_the_step_before_and_of_the_first(facts: FactStore) -> None:
    campaign = context(4)
    sent = [Told(FactKind.SENT, seq) for seq in range(4)]
    await tell(facts, campaign, [*sent, Told(FactKind.DELIVERED, 0), Told(FactKind.VIEWED, 1)])
    steps = (await funnel(facts, campaign)).steps
    assert [(step.of_previous, step.of_first) for step in steps][:3] == [(None, 1.0), (0.5, 0.5), (0.5, 0.25)]
    assert [step.of_previous for step in steps][3:] == [0.0, None]


async def test_steps_that_are_not_supported_are_left_out_with_the_reason(facts: FactStore) -> None:
    campaign = context(1, goal=None, capabilities=Capabilities(viewed=False))
    value = await funnel(facts, campaign, ["clicked"])
    assert [step.name for step in value.steps] == ["sent", "delivered"]
    assert set(value.unsupported) == {"viewed", "converted"}


async def test_an_empty_campaign_has_zeros(facts: FactStore) -> None:
    header, rows = (await funnel(facts, context(0))).rows()
    assert header[:3] == ["name", "label", "count"]
    assert [row[2] for row in rows] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("step", ["sent", "converted", "opened"])
async def test_a_step_that_must_stay_cannot_be_cleared(facts: FactStore, step: str) -> None:
    with pytest.raises(BadInput) as caught:
        await funnel(facts, context(1), [step])
    assert caught.value.field == "without"
