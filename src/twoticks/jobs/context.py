"""What reports must know of campaigns, read from the records into frozen values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from twoticks.campaigns.search import get_campaign
from twoticks.jobs.runtime import Runtime
from twoticks.records.tables import CampaignRow, ErrorText, LinkRow
from twoticks.reports.question import CampaignContext, ErrorWord, GoalLabel, LinkLabel


async def campaign_context(runtime: Runtime, campaign_id: int) -> CampaignContext:
    """The context of one campaign; raises `NotFound` for an unknown id."""
    async with runtime.database.session() as session:
        campaign = await get_campaign(session, campaign_id)
    [context] = await campaign_contexts(runtime, [campaign])
    return context


async def campaign_contexts(runtime: Runtime, campaigns: Sequence[CampaignRow]) -> list[CampaignContext]:
    """The contexts of several campaigns, in their order."""
    links: dict[int, list[LinkLabel]] = defaultdict(list)
    wanted = select(LinkRow).where(LinkRow.campaign_id.in_([campaign.id for campaign in campaigns]))
    async with runtime.database.session() as session:
        for row in await session.scalars(wanted.order_by(LinkRow.number)):
            links[row.campaign_id].append(LinkLabel(row.number, row.label, row.url, row.tracked))
    words = {number: _word(text) for number, text in (await runtime.dictionary.all()).items()}
    return [await _context(runtime, campaign, tuple(links[campaign.id]), words) for campaign in campaigns]


async def _context(
    runtime: Runtime, campaign: CampaignRow, links: tuple[LinkLabel, ...], words: Mapping[int, ErrorWord]
) -> CampaignContext:
    configured = await runtime.directory.get(campaign.provider_id)
    started = campaign.started_at
    return CampaignContext(
        id=campaign.id,
        name=campaign.name,
        status=campaign.status,
        qualified=campaign.qualified or 0,
        started_at=None if started is None else int(started.timestamp() * 1000),
        time_zone=runtime.account.time_zone,
        control_percentage=campaign.control_percentage,
        goal=_goal(campaign),
        links=links,
        errors=words,
        capabilities=configured.adapter.capabilities,
        currency=runtime.account.currency,
    )


def _word(text: ErrorText) -> ErrorWord:
    return ErrorWord(
        number=text.number,
        side=text.side,
        provider_kind=text.provider_kind,
        kind=text.kind,
        code=text.code,
        text=text.text,
        permanent=text.permanent,
    )


def _goal(campaign: CampaignRow) -> GoalLabel | None:
    if campaign.goal is None:
        return None
    return GoalLabel(
        event_name=campaign.goal["event_name"],
        window_seconds=campaign.goal["window_seconds"],
        revenue_property=campaign.goal.get("revenue_property"),
    )
