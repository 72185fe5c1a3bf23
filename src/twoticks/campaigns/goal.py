"""What counts as a conversion of a campaign: an event inside a window after both groups were assigned."""

from __future__ import annotations

import re

import msgspec

from twoticks.campaigns.reading import read, refuse_unsupported
from twoticks.errors import BadInput

UNIT_SECONDS = {"m": 60, "H": 3600, "D": 86_400, "W": 604_800, "M": 30 * 86_400}
"""The API's units. Minutes are a small m, months a capital one and count 30 days."""

LEAST_SECONDS, MOST_SECONDS = 60, 5 * UNIT_SECONDS["M"]

_SPAN = re.compile(r"([0-9]{1,6})([mHhDdWwM])")


class GoalPlan(msgspec.Struct, frozen=True):
    """As kept in `CampaignRow.goal`."""

    event_name: str
    window_seconds: int
    revenue_property: str | None = None


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    event_name: str
    conversion_time: str
    revenue_property: str | None = None


def read_goal(goal: dict[str, object], where: str = "conversion_goal") -> GoalPlan:
    """The API's ``conversion_goal``; raises `BadInput` with the field at fault."""
    if goal.get("filter_type") in (None, {}):
        goal = {name: value for name, value in goal.items() if name != "filter_type"}
    refuse_unsupported(goal, {"filter_type": "Every event of this name counts."}, where)
    given = read(_Given, goal, where)
    if not given.event_name.strip():
        raise BadInput("The goal's event has no name", field=f"{where}.event_name")
    return GoalPlan(given.event_name, _seconds(given.conversion_time, where), given.revenue_property or None)


def _seconds(text: str, where: str) -> int:
    found = _SPAN.fullmatch(text.strip())
    unit = found and (found[2] if found[2] in UNIT_SECONDS else found[2].upper())
    seconds = int(found[1]) * UNIT_SECONDS[unit] if found and unit else 0
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise BadInput(
            "The conversion time is between 1 minute and 5 months",
            field=f"{where}.conversion_time",
            hint="Write 30m, 6H, 5D, 2W or 1M: minutes, hours, days, weeks, months.",
        )
    return seconds
