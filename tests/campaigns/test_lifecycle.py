from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from twoticks.campaigns.lifecycle import MOVES, close_if_settled, move
from twoticks.campaigns.search import get_campaign
from twoticks.errors import Conflict
from twoticks.records.database import Database
from twoticks.records.tables import CampaignRow, Chunk, ProviderRow, TemplateRow

NOW = datetime(2026, 11, 2, tzinfo=UTC)


async def add_campaign(database: Database, *, chunks: int = 0, **values: Any) -> int:
    """A campaign written straight into the records."""
    async with database.transaction() as session:
        if await session.get(ProviderRow, 1) is None:
            session.add(ProviderRow(id=1, nickname="p", kind="generic", settings={}, secrets=b"", created_at=NOW))
            await session.flush()
            session.add(TemplateRow(id=1, provider_id=1, name="t", language="en", components=[], created_at=NOW))
            await session.flush()
        row = CampaignRow(
            **{
                "name": "c",
                "status": "running",
                "provider_id": 1,
                "template_id": 1,
                "content": {},
                "audience": {},
                "control_percentage": 0,
                "labels": [],
                "source": "api",
                "created_at": NOW,
                **values,
            }
        )
        session.add(row)
        await session.flush()
        for n in range(chunks):
            session.add(Chunk(campaign_id=row.id, first_seq=n * 10, last_seq=n * 10 + 9, state="ready", fence=0))
        return row.id


async def moved(database: Database, campaign_id: int, to: str, reason: str | None = None) -> CampaignRow:
    async with database.transaction() as session:
        campaign = await get_campaign(session, campaign_id)
        await move(session, campaign, to, reason)
        return campaign


async def test_only_listed_moves_are_possible(database: Database) -> None:
    for status, to in itertools.product(MOVES, MOVES):
        campaign = await add_campaign(database, status=status, completed_at=NOW if status == "stopped" else None)
        if to in MOVES[status]:
            assert (await moved(database, campaign, to)).status == to
        else:
            with pytest.raises(Conflict, match=status):
                await moved(database, campaign, to)


async def test_a_reason_is_kept_until_the_next_move(database: Database) -> None:
    campaign = await add_campaign(database)
    assert (await moved(database, campaign, "paused", "the provider said no")).status_reason == "the provider said no"
    assert (await moved(database, campaign, "running")).status_reason is None


async def test_completion_has_a_time_and_a_stop_only_once_all_is_accounted_for(database: Database) -> None:
    assert (await moved(database, await add_campaign(database), "completed")).completed_at is not None
    assert (await moved(database, await add_campaign(database, qualified=5), "stopped")).completed_at is None
    unpublished = await add_campaign(database, status="scheduled")
    assert (await moved(database, unpublished, "stopped")).completed_at is not None


async def test_a_campaign_that_is_just_being_started_cannot_be_stopped(database: Database) -> None:
    campaign = await add_campaign(database, status="scheduled", qualified=5)
    with pytest.raises(Conflict, match="being started"):
        await moved(database, campaign, "stopped")


async def test_a_stopped_campaign_is_archived_only_when_all_is_accounted_for(database: Database) -> None:
    campaign = await add_campaign(database, status="stopped", qualified=5)
    with pytest.raises(Conflict, match="being counted"):
        await moved(database, campaign, "archived")


async def test_of_two_moves_at_once_one_wins(any_database: Database) -> None:
    campaign = await add_campaign(any_database)

    async def one(to: str) -> str:
        try:
            return (await moved(any_database, campaign, to)).status
        except Conflict:
            return ""

    results = await asyncio.gather(*(one("paused") for _ in range(5)))
    assert sorted(results) == ["", "", "", "", "paused"]


@pytest.mark.parametrize(("status", "closed"), [("running", "completed"), ("stopped", "stopped")])
async def test_a_campaign_closes_when_its_last_chunk_is_settled(
    any_database: Database, status: str, closed: str
) -> None:
    campaign = await add_campaign(any_database, status=status, qualified=20, chunks=2)
    for settled in (1, 2):
        async with any_database.transaction() as session:
            assert not await close_if_settled(session, campaign)
            chunks = update(Chunk).where(Chunk.campaign_id == campaign, Chunk.first_seq == settled * 10 - 10)
            await session.execute(chunks.values(state="settled"))
    async with any_database.transaction() as session:
        assert await close_if_settled(session, campaign)
        assert not await close_if_settled(session, campaign)
    async with any_database.session() as session:
        row = await get_campaign(session, campaign)
    assert row.status == closed
    assert row.completed_at is not None


@pytest.mark.parametrize("status", ["scheduled", "paused", "completed", "archived"])
async def test_other_campaigns_do_not_close(database: Database, status: str) -> None:
    campaign = await add_campaign(database, status=status)
    async with database.transaction() as session:
        assert not await close_if_settled(session, campaign)
        assert not await close_if_settled(session, campaign + 1)
