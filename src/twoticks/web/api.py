"""Our own API beside the reports: providers, templates, campaigns, quarantine."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router, get, post

from twoticks.callbacks import quarantine
from twoticks.callbacks.unmatched import waiting
from twoticks.campaigns.directory import Configured
from twoticks.campaigns.lifecycle import PAUSED, RUNNING, STOPPED, move
from twoticks.campaigns.search import Filter, get_campaign, list_campaigns
from twoticks.campaigns.templates import create_template, list_templates
from twoticks.errors import BadInput, NotFound
from twoticks.jobs.runtime import Runtime
from twoticks.records.tables import CampaignRow, TemplateRow
from twoticks.web import bodies
from twoticks.web.auth import BY_PASSCODE, require_bearer
from twoticks.web.bodies import takes
from twoticks.web.jsonbody import as_object, decode_plan, refuse_unknown
from twoticks.web.parameters import LARGEST_ID, Block, Number, OptionalId, OptionalText, PageSize, Running, Text, Word

Http = Request[Any, Any, Any]
ACTIONS = {"pause": PAUSED, "resume": RUNNING, "stop": STOPPED}
_PROVIDER_KEYS = ("nickname", "kind", "settings")


@post(
    "/providers",
    status_code=201,
    tags=["Providers"],
    summary="Configure a provider",
    operation_class=takes(bodies.PROVIDER),
)
async def create_provider(request: Http, runtime: Running) -> dict[str, Any]:
    """`{"nickname", "kind", "settings"}`; the answer names the callback URLs to set at the provider."""
    body = as_object(decode_plan(await request.body()))
    refuse_unknown(body, _PROVIDER_KEYS)
    if not isinstance(body.get("settings"), dict):
        raise BadInput("settings must be an object", field="settings")
    for name in ("nickname", "kind"):
        if not isinstance(body.get(name), str):
            raise BadInput(f"{name} must be a text", field=name)
    return _provider(runtime, await runtime.directory.create(body["nickname"], body["kind"], body["settings"]))


@get("/providers", tags=["Providers"], summary="All providers")
async def get_providers(runtime: Running) -> dict[str, Any]:
    """With their callback URLs, without their credentials."""
    return {"providers": [_provider(runtime, one) for one in await runtime.directory.all()]}


@post("/providers/{provider_id:int}/resume", status_code=200, tags=["Providers"], summary="Let a provider send again")
async def resume_provider(runtime: Running, provider_id: Number) -> dict[str, Any]:
    """After the reason it was paused for is dealt with."""
    await runtime.directory.get(provider_id)
    await runtime.directory.pause(provider_id, None)
    return _provider(runtime, await runtime.directory.get(provider_id))


def _provider(runtime: Runtime, one: Configured) -> dict[str, Any]:
    return {
        "id": one.id,
        "nickname": one.nickname,
        "kind": one.kind,
        "paused_reason": one.paused_reason,
        **runtime.directory.urls(one),
    }


@post(
    "/templates",
    status_code=201,
    tags=["Templates"],
    summary="Write down an approved template",
    operation_class=takes(bodies.TEMPLATE),
)
async def post_template(request: Http, runtime: Running) -> dict[str, Any]:
    """`{"provider", "name", "language", "components"}`, components in Meta's shape."""
    row = await create_template(runtime.database, runtime.directory, decode_plan(await request.body()))
    return _template(row)


@get("/templates", tags=["Templates"], summary="All templates")
async def get_templates(runtime: Running, provider_id: OptionalId = None) -> dict[str, Any]:
    """By name and language."""
    async with runtime.database.session() as session:
        rows = await list_templates(session, provider_id)
    return {"templates": [_template(row) for row in rows]}


def _template(row: TemplateRow) -> dict[str, Any]:
    names = ("id", "provider_id", "name", "language", "components")
    return {name: getattr(row, name) for name in names}


@get("/campaigns", tags=["Campaigns"], summary="Campaigns, newest first")
async def get_campaigns(
    runtime: Running,
    name: OptionalText = None,
    status: OptionalText = None,
    label: OptionalText = None,
    tag_group: OptionalText = None,
    before: OptionalId = None,
    limit: PageSize = 50,
) -> dict[str, Any]:
    """Follow `next_before` for older ones."""
    wanted = Filter(statuses=(status,) if status else (), name=name, label=label, tag_group=tag_group)
    async with runtime.database.session() as session:
        page = await list_campaigns(session, wanted, before=before, limit=limit)
    return {"campaigns": [_campaign(row) for row in page.campaigns], "next_before": page.next_before}


@get("/campaigns/{campaign_id:int}", tags=["Campaigns"], summary="One campaign as planned")
async def get_one_campaign(runtime: Running, campaign_id: Number) -> dict[str, Any]:
    """Its plan and where its life stands; the figures are at `/stats` below it."""
    async with runtime.database.session() as session:
        return _campaign(await get_campaign(session, campaign_id))


@post("/campaigns/{campaign_id:int}/{action:str}", status_code=200, tags=["Campaigns"], summary="Pause, resume or stop")
async def act_on_campaign(runtime: Running, campaign_id: Number, action: Word) -> dict[str, Any]:
    """`action` is pause, resume or stop."""
    if action not in ACTIONS:
        raise NotFound(f"A campaign has no action {action[:40]}", hint=", ".join(ACTIONS))
    return _campaign(await change_status(runtime, campaign_id, action))


async def change_status(runtime: Runtime, campaign_id: int, action: str) -> CampaignRow:
    """Do one of `ACTIONS`; raises `Conflict` where the campaign's status does not allow it."""
    async with runtime.database.transaction() as session:
        campaign = await get_campaign(session, campaign_id)
        await move(session, campaign, ACTIONS[action])
        return campaign


def _campaign(row: CampaignRow) -> dict[str, Any]:
    plain = (
        "id",
        "name",
        "status",
        "status_reason",
        "provider_id",
        "template_id",
        "audience",
        "control_percentage",
        "goal",
        "labels",
        "tag_group",
        "source",
        "qualified",
    )
    times = ("created_at", "started_at", "completed_at", "deadline")
    shown = {name: getattr(row, name) for name in plain}
    return {**shown, **{name: None if (at := getattr(row, name)) is None else at.isoformat() for name in times}}


@get("/quarantine", tags=["Quarantine"], summary="What could not be used, by reason")
async def get_quarantine(runtime: Running) -> dict[str, Any]:
    """Groups of callbacks with one reason, and how many items wait for a message we do not know yet."""
    groups = await quarantine.groups(runtime.database)
    waits = await waiting(runtime.database)
    return {
        "groups": [
            {
                "provider": group.provider_id,
                "reason": group.reason,
                "path": group.path,
                "count": group.count,
                "first_at": group.first_at.isoformat(),
                "last_at": group.last_at.isoformat(),
            }
            for group in groups
        ],
        "unmatched": {
            "count": sum(one.count for one in waits),
            "by_provider": [
                {"provider": one.provider_id, "count": one.count, "oldest": one.oldest.isoformat()} for one in waits
            ],
        },
    }


@get("/quarantine/cases", tags=["Quarantine"], summary="The callbacks of one group, verbatim")
async def get_quarantine_cases(
    runtime: Running, reason: Text, provider: OptionalId = None, after: Block = 0
) -> dict[str, Any]:
    """They may hold personal data."""
    found = await quarantine.cases(runtime.database, reason, provider, after=after)
    return {
        "cases": [
            {
                "id": case.id,
                "provider": case.provider_id,
                "path": case.path,
                "received_at": case.received_at.isoformat(),
                "content": case.content,
            }
            for case in found
        ]
    }


@post(
    "/quarantine/replay",
    status_code=200,
    tags=["Quarantine"],
    summary="Read a group again after a fix",
    operation_class=takes(bodies.QUARANTINE_GROUP),
)
async def replay_quarantine(request: Http, runtime: Running) -> dict[str, int]:
    """`{"reason", "provider"?}`; doing it twice changes nothing."""
    body = as_object(decode_plan(await request.body()))
    refuse_unknown(body, ("reason", "provider"))
    reason, provider = body.get("reason"), body.get("provider")
    if not isinstance(reason, str):
        raise BadInput("reason must be a text", field="reason")
    if not (provider is None or (isinstance(provider, int) and 0 <= provider <= LARGEST_ID)):
        raise BadInput("provider must be the number of a provider", field="provider")
    done = await quarantine.replay_group(runtime.drain, reason, provider)
    return {"read": done.read, "released": done.released}


router = Router(
    path="/api/v1",
    guards=[require_bearer],
    security=BY_PASSCODE,
    route_handlers=[
        create_provider,
        get_providers,
        resume_provider,
        post_template,
        get_templates,
        get_campaigns,
        get_one_campaign,
        act_on_campaign,
        get_quarantine,
        get_quarantine_cases,
        replay_quarantine,
    ],
)
