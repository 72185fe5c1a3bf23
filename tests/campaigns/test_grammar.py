from __future__ import annotations

from typing import Any

import pytest

from tests.campaigns.parts import campaign_body
from twoticks.campaigns.goal import GoalPlan
from twoticks.campaigns.grammar import UNSUPPORTED, read_campaign
from twoticks.errors import BadInput

WHERE = {"common_profile_properties": {"profile_fields": [{"name": "City", "operator": "equals", "value": "Pune"}]}}


def test_a_campaign_is_understood() -> None:
    plan = read_campaign(
        campaign_body(
            segment=None,
            where=WHERE,
            when="now",
            control_group={"type": "campaign", "percentage": 10},
            conversion_goal={"event_name": "Charged", "conversion_time": "5D", "revenue_property": "Amount"},
            labels=["sale", "autumn", "sale"],
            tag_group="november",
            deadline_seconds=60,
            respect_frequency_caps=False,
            respect_throttle=True,
            skip_estimate=True,
            system_control_group_include=False,
        )
    )
    assert plan.audience == {"where": WHERE}
    assert plan.control_percentage == 10
    assert plan.goal == GoalPlan("Charged", 432_000, "Amount")
    assert plan.labels == ("sale", "autumn")
    assert (plan.tag_group, plan.deadline_seconds, plan.estimate_only) == ("november", 60, False)
    assert plan.given.template_name == "order_ready"


def test_what_is_left_out_has_plain_defaults() -> None:
    plan = read_campaign(campaign_body())
    assert plan.audience == {"segment": "all"}
    assert (plan.control_percentage, plan.goal, plan.labels, plan.tag_group) == (0, None, (), None)


@pytest.mark.parametrize("when", ["now", {"type": "now"}, None])
def test_campaigns_start_at_once(when: object) -> None:
    assert read_campaign({**campaign_body(), "when": when}).name == "Order ready"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"tag_group": "a\ud800"}, "tag_group"),
        ({"name": "x" * 301}, "name"),
        ({"target_mode": "email"}, "target_mode"),
        ({"provider_nick_name": None}, "provider_nick_name"),
        ({"content": None}, "content"),
        ({"content": {}}, "content.template_name"),
        ({"content": {"template_name": "x", "colour": 1}}, "content.colour"),
        ({"segment": None}, "where"),
        ({"where": WHERE}, "where"),
        ({"segment": 1457432766}, "segment"),
        ({"when": "20260101 10:00"}, "when"),
        ({"when": {"type": "later", "delivery_date_time": "20260101 10:00"}}, "when"),
        ({"control_group": {"type": "custom", "name": "x"}}, "control_group"),
        ({"control_group": {"type": "campaign", "percentage": 100}}, "control_group.percentage"),
        ({"control_group": {"type": "campaign", "percentage": -1}}, "control_group.percentage"),
        ({"control_group": {"type": "campaign", "percentage": 1.5}}, "control_group.percentage"),
        ({"control_group": {"percentage": 5}}, "control_group.type"),
        ({"conversion_goal": {"event_name": "x", "conversion_time": "1Y"}}, "conversion_goal.conversion_time"),
        ({"labels": ["x"] * 11}, "labels"),
        ({"labels": [""]}, "labels[0]"),
        ({"labels": [5]}, "labels[0]"),
        ({"tag_group": ""}, "tag_group"),
        ({"deadline_seconds": 0}, "deadline_seconds"),
        ({"deadline_seconds": "60"}, "deadline_seconds"),
        ({"system_control_group_include": True}, "system_control_group_include"),
        ({"estimate_only": "yes"}, "estimate_only"),
        ({"colour": "red"}, "colour"),
        *[({key: {"any": "thing"}}, key) for key in UNSUPPORTED],
    ],
)
def test_everything_else_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_campaign(campaign_body(**change))
    assert refused.value.field == field


def test_a_fault_in_the_query_is_named() -> None:
    with pytest.raises(BadInput) as refused:
        read_campaign(campaign_body(segment=None, where={"did_not": []}))
    assert refused.value.field is not None
    assert refused.value.field.startswith("where")


@pytest.mark.parametrize("body", [None, [], "x", 5])
def test_a_body_is_an_object(body: object) -> None:
    with pytest.raises(BadInput):
        read_campaign(body)
