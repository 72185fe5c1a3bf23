"""Turns user events into conversions of the campaigns whose windows hold them, a little further at every turn."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import delete, select

from twoticks.jobs.clock import now_ms
from twoticks.jobs.runtime import Runtime
from twoticks.records.tables import CampaignRow, Mark
from twoticks.tracking.conversions import Goal

GRACE = timedelta(days=7)
"""How long after a window's end its late events are still looked for."""
_EARLY_MS = 600_000
"""A new campaign looks back this far: an event of its first second may have been received before its snapshot."""
_OVERLAP_MS = 60_000
"""An event is stamped a little before its journal block; a second look changes nothing."""
_PREFIX = "conversions:"


async def convert(runtime: Runtime) -> int:
    """Look at the events received since the last turn; returns how many new conversions there may be."""
    until = runtime.drain.read_until
    goals = await _open_goals(runtime)
    if not goals or not until:
        return 0
    marks = await _marks(runtime)
    by_start: dict[int, list[Goal]] = defaultdict(list)
    for goal, started in goals:
        by_start[marks.get(goal.campaign, started - _EARLY_MS)].append(goal)
    found = 0
    for start, together in by_start.items():
        if start < until:
            found += await runtime.conversions.run(together, received_from=start - _OVERLAP_MS, received_to=until)
            await _note(runtime, [goal.campaign for goal in together], until)
    return found


async def forget_marks(runtime: Runtime) -> None:
    """Look at every event again at the next turn, after a replay."""
    async with runtime.database.transaction() as session:
        await session.execute(delete(Mark).where(Mark.name.startswith(_PREFIX)))


async def _open_goals(runtime: Runtime) -> list[tuple[Goal, int]]:
    now = now_ms()
    async with runtime.database.session() as session:
        rows = await session.execute(
            select(CampaignRow.id, CampaignRow.goal, CampaignRow.started_at).where(
                CampaignRow.goal.is_not(None), CampaignRow.qualified.is_not(None)
            )
        )
        found = []
        for campaign, plan, started_at in rows:
            if plan is None or started_at is None:
                continue
            started = int(started_at.timestamp() * 1000)
            window = int(plan["window_seconds"])
            if now <= started + window * 1000 + int(GRACE.total_seconds() * 1000):
                goal = Goal(campaign, plan["event_name"], window, plan.get("revenue_property"))
                found.append((goal, started))
        return found


async def _marks(runtime: Runtime) -> dict[int, int]:
    async with runtime.database.session() as session:
        rows = await session.execute(select(Mark.name, Mark.at).where(Mark.name.startswith(_PREFIX)))
        return {int(name.removeprefix(_PREFIX)): at for name, at in rows}


async def _note(runtime: Runtime, campaigns: list[int], at: int) -> None:
    async with runtime.database.transaction() as session:
        for campaign in campaigns:
            await session.merge(Mark(name=f"{_PREFIX}{campaign}", at=at))
