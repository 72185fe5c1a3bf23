"""Starts a campaign: snapshot, facts, journal, chunks. Every step may be repeated after a crash.

1. The start time is noted. Whoever finds it noted and the campaign unpublished clears what an earlier try left.
2. The snapshot is written, counted, and published by noting how many members it has: from then on it never changes.
3. The facts of members who are never sent to, and the journal's copy of the snapshot: both the same when repeated.
4. Chunks, deadline and the status, in one transaction: now workers see the campaign.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pyarrow as pa
import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.campaigns.audience import Snapshot, clear_members, take_snapshot
from twoticks.campaigns.context import Context
from twoticks.campaigns.lifecycle import COMPLETED, RUNNING, SCHEDULED, move
from twoticks.campaigns.reasons import reason_number
from twoticks.campaigns.search import get_campaign
from twoticks.errors import Conflict
from twoticks.facts.sql import statement
from twoticks.records.items import MembersItem
from twoticks.records.tables import CampaignRow, Chunk
from twoticks.vocabulary import NotAttempted

log = structlog.get_logger(__name__)

SLICE = 50_000
"""Members in one journal item, a few MB."""


async def launch(context: Context, campaign_id: int) -> bool:
    """Start a scheduled campaign, or go on where an earlier try ended; False when it is not scheduled (any more).

    Waits until what was uploaded before is in the fact store. Only one caller at a time per campaign.
    """
    began = time.monotonic()
    async with context.database.session() as session:
        campaign = await get_campaign(session, campaign_id)
    if campaign.status != SCHEDULED:
        return False
    if campaign.qualified is None:
        await context.up_to_date()
        published = await _snapshot(context, campaign_id)
        if published is None:
            return False
        campaign = published
    if campaign.qualified:
        await _hold_back(context, campaign_id)
        await _journal(context, campaign_id, campaign.qualified)
    await _open(context, campaign_id)
    log.info("campaign_started", campaign=campaign_id, seconds=round(time.monotonic() - began, 3))
    return True


async def _snapshot(context: Context, campaign_id: int) -> CampaignRow | None:
    """The published campaign, or None when it was stopped meanwhile."""
    at = datetime.now(UTC).replace(microsecond=0)
    async with context.database.transaction() as session:
        campaign = await get_campaign(session, campaign_id)
        if campaign.status != SCHEDULED:
            return None
        tried_before = campaign.started_at is not None
        campaign.started_at = at
    if tried_before:
        await clear_members(context, campaign_id)
    taken = await take_snapshot(context, campaign_id, campaign.audience, campaign.control_percentage, at)
    published = await _publish(context, campaign_id, taken)
    if published is None:
        await clear_members(context, campaign_id)
    return published


async def _publish(context: Context, campaign_id: int, taken: Snapshot) -> CampaignRow | None:
    async with context.database.transaction() as session:
        campaign = await session.get_one(CampaignRow, campaign_id, with_for_update=True)
        if campaign.status != SCHEDULED:
            campaign.started_at = None
            return None
        campaign.qualified = taken.qualified
        return campaign


async def _hold_back(context: Context, campaign_id: int) -> None:
    """The facts of the control group and of those who cannot be sent to."""
    numbers = {reason.value: await reason_number(context.dictionary, reason) for reason in NotAttempted}
    own = {"campaign": campaign_id, "block": await context.journal.head()}
    await context.facts.command(statement(__package__, "control_facts"), own)
    reasons = {"reasons": list(numbers), "numbers": list(numbers.values())}
    await context.facts.command(statement(__package__, "not_attempted_facts"), {**own, **reasons})


async def _journal(context: Context, campaign_id: int, qualified: int) -> None:
    sql = statement(__package__, "members_slice")
    for first in range(0, qualified, SLICE):
        wanted = {"campaign": campaign_id, "first": first, "last": first + SLICE - 1}
        rows = await context.facts.query_arrow(sql, wanted)
        item = MembersItem(at=time.time_ns() // 1_000_000, campaign=campaign_id, arrow=_stream(rows))
        await context.journal.append(item)


def _stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


async def _open(context: Context, campaign_id: int) -> None:
    async with context.database.transaction() as session:
        campaign = await get_campaign(session, campaign_id)
        if campaign.started_at is None or campaign.deadline is None or campaign.qualified is None:
            raise Conflict("The campaign is not published")
        campaign.deadline = campaign.started_at + (campaign.deadline - campaign.created_at)
        await session.flush()
        if not campaign.qualified:
            await move(session, campaign, COMPLETED)
            return
        await move(session, campaign, RUNNING)
        await _add_chunks(session, campaign_id, campaign.qualified, context.settings.chunk_size)


async def _add_chunks(session: AsyncSession, campaign_id: int, qualified: int, size: int) -> None:
    rows = [
        {
            "campaign_id": campaign_id,
            "first_seq": first,
            "last_seq": min(first + size, qualified) - 1,
            "state": "ready",
            "fence": 0,
        }
        for first in range(0, qualified, size)
    ]
    await session.execute(insert(Chunk), rows)
