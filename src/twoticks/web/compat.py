"""CleverTap's REST contracts, so that existing scripts work here: the same paths, fields and answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Router, post

from twoticks.campaigns.creation import asks_for_estimate, create_campaign, estimate
from twoticks.campaigns.lifecycle import SCHEDULED, STOPPED, move
from twoticks.campaigns.search import LARGEST_PAGE, Filter, get_campaign, list_campaigns
from twoticks.errors import BadInput, Conflict
from twoticks.jobs.clock import now_ms
from twoticks.jobs.context import campaign_context
from twoticks.jobs.runtime import Runtime
from twoticks.people.batch import UploadResult
from twoticks.people.consent import read_subscribe
from twoticks.people.upload import read_upload
from twoticks.records.tables import CampaignRow
from twoticks.reports.overview import overview
from twoticks.web import bodies
from twoticks.web.auth import BY_ACCOUNT, require_account
from twoticks.web.bodies import takes
from twoticks.web.jsonbody import as_object, decode, decode_plan
from twoticks.web.parameters import Running

Http = Request[Any, Any, Any]
SOURCE = "api"
_DRY = {"1", "true"}
_DIGITS = re.compile(r"[0-9]{1,10}")
_DAY = re.compile(r"(?:19|20|21)[0-9]{6}")


@post("/upload", status_code=200, summary="Upload profiles and events", operation_class=takes(bodies.UPLOAD))
async def upload(request: Http, runtime: Running) -> dict[str, Any]:
    """Up to 1,000 records; each bad one is answered with its reason, the others are taken."""
    result = read_upload(decode(await request.body()), region=runtime.account.region, now_ms=now_ms())
    if request.query_params.get("dryRun", "").lower() not in _DRY:
        await runtime.journal.append_many(result.items)
    return _answer(result)


@post("/subscribe", status_code=200, summary="Opt phone numbers out or in", operation_class=takes(bodies.SUBSCRIBE))
async def subscribe(request: Http, runtime: Running) -> dict[str, Any]:
    """The wish belongs to the number and holds for every profile that has it."""
    result = read_subscribe(decode(await request.body()), region=runtime.account.region, now_ms=now_ms())
    await runtime.journal.append_many(result.items)
    return _answer(result)


def _answer(result: UploadResult) -> dict[str, Any]:
    status = "success" if not result.unprocessed else "partial" if result.processed else "fail"
    return {"status": status, "processed": result.processed, "unprocessed": result.unprocessed}


@post("/targets/create.json", status_code=200, summary="Create a campaign", operation_class=takes(bodies.CAMPAIGN))
async def create(request: Http, runtime: Running) -> dict[str, Any]:
    """The campaign starts as soon as everything uploaded before is in; `estimate_only` answers numbers instead."""
    body = decode_plan(await request.body())
    if asks_for_estimate(body):
        return {"status": "success", "estimates": await estimate(runtime.planning, body)}
    campaign = await create_campaign(runtime.planning, body, SOURCE)
    runtime.launcher.wake()
    return {"status": "success", "id": campaign.id}


@post(
    "/targets/list.json",
    status_code=200,
    summary="List campaigns made through the API",
    operation_class=takes(bodies.PERIOD),
)
async def list_targets(request: Http, runtime: Running) -> dict[str, Any]:
    """`from` and `to` are days as YYYYMMDD in the account's time zone, both included."""
    body = as_object(decode(await request.body()))
    zone = ZoneInfo(runtime.account.time_zone)
    wanted = Filter(
        source=SOURCE,
        created_from=_day(body, "from", zone),
        created_before=_day(body, "to", zone) + timedelta(days=1),
    )
    async with runtime.database.session() as session:
        page = await list_campaigns(session, wanted, limit=LARGEST_PAGE)
    return {"status": "success", "targets": [_target(campaign, zone) for campaign in page.campaigns]}


def _target(campaign: CampaignRow, zone: ZoneInfo) -> dict[str, Any]:
    at = (campaign.started_at or campaign.created_at).astimezone(zone)
    return {
        "id": campaign.id,
        "name": campaign.name,
        "scheduled_on": int(f"{at:%Y%m%d%H%M}"),
        "status": campaign.status,
        "labels": campaign.labels,
        "tag_group": campaign.tag_group,
    }


@post("/targets/stop.json", status_code=200, summary="Stop a campaign", operation_class=takes(bodies.CAMPAIGN_ID))
async def stop(request: Http, runtime: Running) -> dict[str, Any]:
    """What has not been attempted yet never will be."""
    campaign_id = _id(as_object(decode(await request.body())))
    async with runtime.database.transaction() as session:
        await move(session, await get_campaign(session, campaign_id), STOPPED)
    return {"status": "success", "message": "Campaign stopped", "id": campaign_id}


@post("/targets/result.json", status_code=200, summary="A campaign's result", operation_class=takes(bodies.CAMPAIGN_ID))
async def result(request: Http, runtime: Running) -> dict[str, Any]:
    """`sent` and `clicked` as in the original, every other count beside them; 409 before the campaign has started."""
    campaign_id = _id(as_object(decode(await request.body())))
    async with runtime.database.session() as session:
        campaign = await get_campaign(session, campaign_id)
    if campaign.status == SCHEDULED:
        raise Conflict("Campaign has no result as of yet", hint="Ask again once it runs.")
    value = await overview(runtime.facts, await campaign_context(runtime, campaign_id), now_ms())
    counts = msgspec.to_builtins(value)["counts"]
    completed = campaign.completed_at
    return {
        "status": "success",
        "result": {**counts, "clicked": counts["clicked"] or 0, "unsupported": value.unsupported},
        "metadata": {
            "campaign_name": campaign.name,
            "campaign_type": "WhatsApp",
            "status": campaign.status,
            "completed_at": None if completed is None else int(completed.timestamp()),
            "last_updated": int(datetime.now(UTC).timestamp()),
        },
    }


@post(
    "/message/report.json",
    status_code=200,
    summary="Campaigns of a period with their figures",
    operation_class=takes(bodies.REPORT),
)
async def message_report(request: Http, runtime: Running) -> dict[str, Any]:
    """Matched by start day; `channel` may hold anything but only WhatsApp exists here."""
    body = as_object(decode(await request.body()))
    zone = ZoneInfo(runtime.account.time_zone)
    wanted = Filter(started_from=_day(body, "from", zone), started_before=_day(body, "to", zone) + timedelta(days=1))
    channels = _texts(body, "channel")
    if channels and "whatsapp" not in channels:
        return {"status": "success", "messages": []}
    statuses, labels = _texts(body, "status"), _texts(body, "label")
    async with runtime.database.session() as session:
        page = await list_campaigns(session, wanted, limit=LARGEST_PAGE)
    chosen = [
        campaign
        for campaign in page.campaigns
        if (not statuses or campaign.status in statuses) and (not labels or labels & set(campaign.labels))
    ]
    return {"status": "success", "messages": [await _message(runtime, campaign, zone) for campaign in chosen]}


async def _message(runtime: Runtime, campaign: CampaignRow, zone: ZoneInfo) -> dict[str, Any]:
    value = await overview(runtime.facts, await campaign_context(runtime, campaign.id), now_ms())
    counts = msgspec.to_builtins(value)["counts"]
    started = (campaign.started_at or campaign.created_at).astimezone(zone)
    return {
        "message id": campaign.id,
        "message_name": campaign.name,
        "channel": "whatsapp",
        "delivery": "one_time",
        "start_date": f"{started:%d %b, %Y %H:%M:%S}",
        "status": campaign.status,
        "labels": campaign.labels,
        "conversion_event": None if campaign.goal is None else campaign.goal["event_name"],
        **counts,
    }


def _id(body: dict[str, Any]) -> int:
    value = body.get("id")
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadInput("id must be the number of a campaign", field="id")
    return value


def _day(body: dict[str, Any], name: str, zone: ZoneInfo) -> datetime:
    text = str(body.get(name, ""))
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=zone)
    except ValueError:
        what = "is no day" if name in body else "is missing"
        raise BadInput(f"{name} {what}", field=name, hint="A day such as 20260131.") from None


def _texts(body: dict[str, Any], name: str) -> set[str]:
    """The texts of a list, none for one that is not given."""
    value = body.get(name)
    if value is None:
        return set()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"{name} must be a list of texts", field=name)
    return set(value)


router = Router(
    path="/1",
    guards=[require_account],
    security=BY_ACCOUNT,
    tags=["CleverTap compatible"],
    route_handlers=[upload, subscribe, create, list_targets, stop, result, message_report],
)
