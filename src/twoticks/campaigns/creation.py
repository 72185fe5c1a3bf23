"""Makes campaigns out of what ``/1/targets/create.json`` asks for, and answers how many people one would reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from twoticks.campaigns.audience import count_audience
from twoticks.campaigns.content import plan_content
from twoticks.campaigns.context import Context
from twoticks.campaigns.directory import Configured
from twoticks.campaigns.grammar import CampaignPlan, read_campaign
from twoticks.campaigns.lifecycle import SCHEDULED
from twoticks.campaigns.rendering import Content
from twoticks.campaigns.templates import find_template
from twoticks.errors import BadInput, NotFound
from twoticks.records.tables import CampaignRow, LinkRow, TemplateRow

log = structlog.get_logger(__name__)


def asks_for_estimate(body: object) -> bool:
    """Whether `body` wants numbers only; then `estimate` answers it and `create_campaign` refuses it."""
    return isinstance(body, dict) and body.get("estimate_only") is True


async def create_campaign(context: Context, body: object, source: str) -> CampaignRow:
    """A scheduled campaign, which a `Launcher` starts; raises `BadInput` with the field at fault.

    `source` says where it came from, such as ``api`` or ``dashboard``.
    """
    plan = read_campaign(body)
    if plan.estimate_only:
        raise BadInput("An estimate makes no campaign", field="estimate_only")
    provider, template, content = await _resolve(context, plan)
    now = datetime.now(UTC)
    wait = plan.deadline_seconds or context.settings.send_deadline_hours * 3600
    campaign = CampaignRow(
        name=plan.name,
        status=SCHEDULED,
        status_reason=None,
        provider_id=provider.id,
        template_id=template.id,
        content=plan.content,
        audience=plan.audience,
        control_percentage=plan.control_percentage,
        goal=None if plan.goal is None else msgspec.to_builtins(plan.goal),
        labels=list(plan.labels),
        tag_group=plan.tag_group,
        source=source,
        qualified=None,
        created_at=now,
        started_at=None,
        completed_at=None,
        # Counted from the creation for now; the launch counts the same time from the start.
        deadline=now + timedelta(seconds=wait),
    )
    async with context.database.transaction() as session:
        session.add(campaign)
        await session.flush()
        session.add_all(
            LinkRow(campaign_id=campaign.id, number=link.number, label=link.label, url=link.url, tracked=link.tracked)
            for link in content.links
        )
    log.info("campaign_created", campaign=campaign.id, source=source)
    return campaign


async def estimate(context: Context, body: object) -> dict[str, Any]:
    """How many people the campaign of `body` would qualify and reach, and why not the others; creates nothing.

    The control group is the planned share: who is in it is drawn when the campaign starts.
    """
    plan = read_campaign(body)
    await _resolve(context, plan)
    await context.up_to_date()
    counted = await count_audience(context, plan.audience, plan.control_percentage)
    answer: dict[str, Any] = msgspec.to_builtins(counted)
    return answer


async def _resolve(context: Context, plan: CampaignPlan) -> tuple[Configured, TemplateRow, Content]:
    try:
        provider = await context.directory.by_nickname(plan.provider_nick_name)
    except NotFound as error:
        raise BadInput(error.message, field=error.field, hint=error.hint) from None
    async with context.database.session() as session:
        template = await find_template(session, provider.id, plan.given.template_name, plan.given.locale)
    return provider, template, plan_content(template, plan.content, context.settings.base_url)
