"""Who is in a campaign: the question to the profiles, and the snapshot that answers it once and for all.

The condition's SQL is put into a file's text at its one marker. That is safe because a `Condition` is assembled from
constant pieces of our own: whatever a user wrote, field names too, travels as a bound parameter. The fact store takes
one statement per call all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from twoticks.campaigns.context import Context
from twoticks.errors import Unavailable
from twoticks.facts.sql import statement
from twoticks.people.segments import Condition, compile_where

MARKER = "--condition"
PEOPLE_MARKER = "--audience"
"""Where the snapshot and the estimate, which must find the same people, ask for them."""
EVERYBODY = Condition("1", {})
SHARE_OF_ONE_PERCENT = 100
"""Arms are drawn from 10,000 numbers."""

_TABLES = ("members", "members_by_user", "members_by_phone")


class Estimate(msgspec.Struct, frozen=True):
    """What a campaign would do if it were started now, in people."""

    qualified: int
    control: int
    target: int
    reachable: int
    """Of the target; the reasons that follow are those of the others."""
    no_phone: int
    opted_out: int
    duplicate_number: int


class Snapshot(msgspec.Struct, frozen=True):
    """How many members were written; `control` and `held` of them are never sent to."""

    qualified: int
    control: int
    held: int


async def count_audience(context: Context, audience: Mapping[str, Any], control_percentage: int) -> Estimate:
    """Count the people of `audience`; the control group at its planned share."""
    sql, parameters = _asking("audience_estimate", audience)
    [(qualified, *held)] = await context.facts.query(sql, parameters)
    target_share = 1 - control_percentage / 100
    no_phone, opted_out, duplicate = (round(count * target_share) for count in held)
    control = round(qualified * control_percentage / 100)
    return Estimate(
        qualified=qualified,
        control=control,
        target=qualified - control,
        reachable=max(qualified - control - no_phone - opted_out - duplicate, 0),
        no_phone=no_phone,
        opted_out=opted_out,
        duplicate_number=duplicate,
    )


async def take_snapshot(
    context: Context, campaign: int, audience: Mapping[str, Any], control_percentage: int, at: datetime
) -> Snapshot:
    """Write and number the members of a campaign that has none, both groups assigned at `at`, and count them."""
    sql, parameters = _asking("audience_insert", audience)
    own = {
        "campaign": campaign,
        "salt": context.account.account_id,
        "share": control_percentage * SHARE_OF_ONE_PERCENT,
        "at": at,
    }
    await context.facts.command(sql, {**parameters, **own})
    return await _counted(context, campaign)


async def clear_members(context: Context, campaign: int) -> None:
    """Take back a snapshot that was not published."""
    for table in _TABLES:
        await context.facts.command(statement(__package__, f"clear_{table}"), {"campaign": campaign})


async def _counted(context: Context, campaign: int) -> Snapshot:
    """The numbers of a whole snapshot: an insert that broke off leaves a part of its rows."""
    sql = statement(__package__, "members_count")
    [(rows, numbers, last, control, held)] = await context.facts.query(sql, {"campaign": campaign})
    if rows != numbers or (rows and last != rows - 1):
        raise Unavailable("The audience was not written as a whole")
    return Snapshot(rows, control, held)


def _asking(name: str, audience: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    condition = compile_where(audience["where"]) if "where" in audience else EVERYBODY
    people = _filled("audience", MARKER, condition.sql)
    clash = condition.parameters.keys() & {"campaign", "salt", "share", "at"}
    if clash:
        raise ValueError(f"the condition uses parameters of the statement: {sorted(clash)}")
    return _filled(name, PEOPLE_MARKER, people), dict(condition.parameters)


def _filled(name: str, marker: str, text: str) -> str:
    before, found, after = statement(__package__, name).partition(marker)
    if not found or marker in after:
        raise ValueError(f"{name}.sql has not exactly one {marker}")
    return before + text + after
