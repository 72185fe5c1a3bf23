from __future__ import annotations

from typing import Any

import pytest

from twoticks.campaigns.goal import GoalPlan, read_goal
from twoticks.errors import BadInput


def goal(time: str, **more: Any) -> GoalPlan:
    return read_goal({"event_name": "Charged", "conversion_time": time, **more})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m", 60),
        ("30m", 1800),
        ("6H", 21_600),
        ("6h", 21_600),
        ("5D", 432_000),
        ("2W", 1_209_600),
        ("1M", 2_592_000),
        ("5M", 12_960_000),
        ("150D", 12_960_000),
    ],
)
def test_small_m_is_minutes_and_capital_m_months(text: str, seconds: int) -> None:
    assert goal(text) == GoalPlan("Charged", seconds)


@pytest.mark.parametrize("text", ["0m", "6M", "151D", "5", "D", "5 D", "-5D", "5Y", "1.5D", "", "٣D"])
def test_other_windows_are_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        goal(text)
    assert refused.value.field == "conversion_goal.conversion_time"


def test_the_revenue_property_is_kept() -> None:
    assert goal("5D", revenue_property="Amount").revenue_property == "Amount"


def test_an_empty_filter_filters_nothing() -> None:
    assert goal("5D", filter_type={}) == goal("5D")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"filter_type": {"x": 1}}, "conversion_goal.filter_type"),
        ({"event_name": " "}, "conversion_goal.event_name"),
        ({"event_name": None}, "conversion_goal.event_name"),
        ({"colour": 1}, "conversion_goal.colour"),
    ],
)
def test_anything_else_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        goal("5D", **change)
    assert refused.value.field == field
