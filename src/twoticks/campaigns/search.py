"""Finds campaigns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, String, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.campaigns.lifecycle import ARCHIVED
from twoticks.errors import NotFound
from twoticks.records.tables import CampaignRow, LinkRow

PAGE = 50
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which campaigns are wanted; what is None or empty does not restrict. Archived ones must be asked for."""

    statuses: Sequence[str] = ()
    name: str | None = None
    """Part of the name, in any case."""
    label: str | None = None
    tag_group: str | None = None
    provider_id: int | None = None
    source: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Campaigns, newest first; `next_before` is where the following page begins, None on the last one."""

    campaigns: list[CampaignRow]
    next_before: int | None


async def get_campaign(session: AsyncSession, campaign_id: int) -> CampaignRow:
    """The campaign of this id, or `NotFound`."""
    campaign = await session.get(CampaignRow, campaign_id) if 0 <= campaign_id <= 0x7FFF_FFFF else None
    if campaign is None:
        raise NotFound(f"There is no campaign {campaign_id}")
    return campaign


async def campaign_links(session: AsyncSession, campaign_id: int) -> list[LinkRow]:
    """The links of a campaign by number."""
    rows = select(LinkRow).where(LinkRow.campaign_id == campaign_id).order_by(LinkRow.number)
    return list((await session.scalars(rows)).all())


async def list_campaigns(
    session: AsyncSession, wanted: Filter | None = None, *, before: int | None = None, limit: int = PAGE
) -> Page:
    """A page of campaigns that match `wanted`; `before` is the last page's `next_before`."""
    limit = max(1, min(limit, LARGEST_PAGE))
    rows = _matching(wanted or Filter()).order_by(CampaignRow.id.desc()).limit(limit + 1)
    if before is not None:
        rows = rows.where(CampaignRow.id < before)
    found = list((await session.scalars(rows)).all())
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _matching(wanted: Filter) -> Select[CampaignRow]:
    rows = select(CampaignRow)
    if wanted.statuses:
        rows = rows.where(CampaignRow.status.in_(wanted.statuses))
    else:
        rows = rows.where(CampaignRow.status != ARCHIVED)
    if wanted.name:
        rows = rows.where(CampaignRow.name.icontains(wanted.name, autoescape=True))
    if wanted.label is not None:
        # Labels are a JSON list: an element in its quotes is found in the list's text, and nothing else is.
        rows = rows.where(cast(CampaignRow.labels, String).contains(json.dumps(wanted.label), autoescape=True))
    for column, value in (
        (CampaignRow.tag_group, wanted.tag_group),
        (CampaignRow.provider_id, wanted.provider_id),
        (CampaignRow.source, wanted.source),
    ):
        if value is not None:
            rows = rows.where(column == value)
    return _within(rows, wanted)


def _within(rows: Select[CampaignRow], wanted: Filter) -> Select[CampaignRow]:
    if wanted.created_from is not None:
        rows = rows.where(CampaignRow.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        rows = rows.where(CampaignRow.created_at < wanted.created_before)
    if wanted.started_from is not None:
        rows = rows.where(CampaignRow.started_at >= wanted.started_from)
    if wanted.started_before is not None:
        rows = rows.where(CampaignRow.started_at < wanted.started_before)
    return rows
