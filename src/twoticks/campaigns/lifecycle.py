"""The life of a campaign: which moves there are, and what each leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.errors import Conflict
from twoticks.records.tables import CampaignRow, Chunk

SCHEDULED, RUNNING, PAUSED = "scheduled", "running", "paused"
COMPLETED, STOPPED, ARCHIVED = "completed", "stopped", "archived"

MOVES: dict[str, frozenset[str]] = {
    SCHEDULED: frozenset({RUNNING, COMPLETED, STOPPED}),
    RUNNING: frozenset({PAUSED, COMPLETED, STOPPED}),
    PAUSED: frozenset({RUNNING, STOPPED}),
    COMPLETED: frozenset({ARCHIVED}),
    STOPPED: frozenset({ARCHIVED}),
    ARCHIVED: frozenset(),
}
"""From each status to those that may follow."""

_VERBS = {
    RUNNING: "run",
    PAUSED: "be paused",
    STOPPED: "be stopped",
    ARCHIVED: "be archived",
}


async def move(session: AsyncSession, campaign: CampaignRow, to: str, reason: str | None = None) -> None:
    """Take `campaign`, loaded in this session, to status `to`; raises `Conflict` when it cannot go there.

    A stopped campaign keeps `completed_at` empty until the last of its messages is accounted for.
    """
    _check(campaign, to)
    values: dict[str, object] = {"status": to, "status_reason": reason}
    if to == COMPLETED or (to == STOPPED and campaign.qualified is None):
        values["completed_at"] = datetime.now(UTC)
    changed = await session.execute(
        update(CampaignRow)
        .where(CampaignRow.id == campaign.id, CampaignRow.status == campaign.status)
        .values(values)
        .returning(CampaignRow.id)
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        raise Conflict("The campaign has just changed", hint="Look at its status and try again.")
    await session.refresh(campaign)


async def close_if_settled(session: AsyncSession, campaign_id: int) -> bool:
    """Complete a running campaign, or finish a stopped one, whose every chunk is settled; whether that was so."""
    campaign = await session.get(CampaignRow, campaign_id, with_for_update=True, populate_existing=True)
    if campaign is None or campaign.status not in (RUNNING, STOPPED) or campaign.completed_at is not None:
        return False
    open_chunks = exists().where(Chunk.campaign_id == campaign_id, Chunk.state != "settled")
    if await session.scalar(select(open_chunks)):
        return False
    if campaign.status == RUNNING:
        await move(session, campaign, COMPLETED)
    else:
        campaign.completed_at = datetime.now(UTC)
    return True


def _check(campaign: CampaignRow, to: str) -> None:
    if to not in MOVES[campaign.status]:
        raise Conflict(f"A campaign that is {campaign.status} cannot {_VERBS.get(to, f'become {to}')}", field="status")
    if campaign.status == SCHEDULED and to == STOPPED and campaign.qualified is not None:
        # Its members are numbered and being told to the journal: that goes to its end, then it can be stopped.
        raise Conflict("The campaign is just being started", field="status", hint="Try again in a few seconds.")
    if campaign.status == STOPPED and campaign.completed_at is None:
        raise Conflict("The campaign's last messages are being counted", field="status", hint="Try again in a minute.")
