"""The pages that people open: sign-in, campaigns, one campaign, the people behind a number."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect, Template
from sqlalchemy import select

from twoticks.campaigns.search import get_campaign, list_campaigns
from twoticks.errors import NotFound, Unauthorized
from twoticks.jobs.clock import now_ms
from twoticks.jobs.context import campaign_context, campaign_contexts
from twoticks.jobs.runtime import Runtime
from twoticks.records.accounts import check_password, sign_in, sign_out
from twoticks.records.tables import CampaignRow, TemplateRow, User
from twoticks.reports.metrics import METRICS
from twoticks.reports.people import people
from twoticks.web import view
from twoticks.web.api import ACTIONS, change_status
from twoticks.web.auth import COOKIE, Connection, current_user
from twoticks.web.charts import THEMES, trend_svg
from twoticks.web.figures import INTERVALS, campaign_figures, list_figures, trend_series

Http = Request[Any, Any, Any]
_PAGE = 100


async def require_user(connection: Connection, _: Any) -> None:
    """Guard of the pages: somebody is signed in."""
    if await current_user(connection) is None:
        raise Unauthorized("please sign in")


@get("/", include_in_schema=False)
async def home() -> Redirect:
    """The campaigns are what people come for."""
    return Redirect("/campaigns")


@get("/sign-in", include_in_schema=False)
async def get_sign_in(request: Http, runtime: Runtime) -> Template:
    """The form."""
    async with runtime.database.session() as session:
        nobody = await session.scalar(select(User.id).limit(1)) is None
    context = {"next": local_path(request.query_params.get("next", "")), "nobody": nobody, "failed": False}
    return Template("sign_in.html", context=context)


@post("/sign-in", include_in_schema=False, status_code=200)
async def post_sign_in(request: Http, runtime: Runtime) -> Response[Any]:
    """Check e-mail address and password; both wrong and unknown answer alike."""
    form = await request.form()
    user = await check_password(runtime.database, str(form.get("email", "")), str(form.get("password", "")))
    after = local_path(str(form.get("next", "")))
    if user is None:
        return Template("sign_in.html", context={"next": after, "failed": True}, status_code=401)
    response = Redirect(after, status_code=303)
    response.set_cookie(
        COOKIE,
        await sign_in(runtime.database, user),
        httponly=True,
        samesite="lax",
        secure=runtime.settings.base_url.startswith("https:"),
        max_age=14 * 24 * 3600,
    )
    return response


@post("/sign-out", include_in_schema=False, status_code=303)
async def post_sign_out(request: Http, runtime: Runtime) -> Redirect:
    """End the session here and on the server."""
    await sign_out(runtime.database, request.cookies.get(COOKIE, ""))
    response = Redirect("/sign-in", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def local_path(target: str) -> str:
    """Where to go after signing in: a path of ours, whatever was asked for (no open redirect)."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target and "@" not in target else "/campaigns"


@get("/campaigns", include_in_schema=False, guards=[require_user])
async def get_campaigns(request: Http, runtime: Runtime, before: int | None = None) -> Template:
    """The list."""
    live = await _list_live(request, runtime, before)
    address = "/campaigns/live" + (f"?before={before}" if before else "")
    return _page(request, "campaigns.html", {"live": live, "tag": _tag(live), "address": address})


@get("/campaigns/live", include_in_schema=False, guards=[require_user])
async def get_campaigns_live(request: Http, runtime: Runtime, before: int | None = None) -> Response[Any]:
    """The list's changing part."""
    return _fragment(request, await _list_live(request, runtime, before))


async def _list_live(request: Http, runtime: Runtime, before: int | None) -> str:
    zone = runtime.account.time_zone
    async with runtime.database.session() as session:
        page = await list_campaigns(session, before=before)
    contexts = await campaign_contexts(runtime, page.campaigns)
    figures = await list_figures(runtime.facts, contexts, now_ms())
    nicknames = {one.id: one.nickname for one in await runtime.directory.all()}
    rows = [
        {**view.campaign_head(row, nicknames.get(row.provider_id, ""), "", zone), "counts": figures[row.id]}
        for row in page.campaigns
    ]
    columns = [{"name": name, "label": METRICS[name].label} for name in view.TILES]
    return _render(request, "campaigns_live.html", {"campaigns": rows, "columns": columns, "older": page.next_before})


@get("/campaigns/{campaign_id:int}", include_in_schema=False, guards=[require_user])
async def get_campaign_page(request: Http, runtime: Runtime, campaign_id: int, interval: str | None = None) -> Template:
    """One campaign."""
    row, head = await _head(runtime, campaign_id)
    interval = _interval(row, interval)
    live = await _campaign_live(request, runtime, row, head, interval)
    context = {
        "campaign": head,
        "moves": view.moves(row.status),
        "interval": interval,
        "live": live,
        "tag": _tag(live),
    }
    return _page(request, "campaign.html", context)


@get("/campaigns/{campaign_id:int}/live", include_in_schema=False, guards=[require_user])
async def get_campaign_live(
    request: Http, runtime: Runtime, campaign_id: int, interval: str | None = None
) -> Response[Any]:
    """The campaign page's changing part; 304 while nothing has changed."""
    row, head = await _head(runtime, campaign_id)
    return _fragment(request, await _campaign_live(request, runtime, row, head, _interval(row, interval)))


async def _head(runtime: Runtime, campaign_id: int) -> tuple[CampaignRow, dict[str, Any]]:
    async with runtime.database.session() as session:
        row = await get_campaign(session, campaign_id)
        template = await session.get_one(TemplateRow, row.template_id)
    provider = await runtime.directory.get(row.provider_id)
    return row, view.campaign_head(row, provider.nickname, template.name, runtime.account.time_zone)


def _interval(row: CampaignRow, asked: str | None) -> str:
    if asked in INTERVALS:
        return asked
    if row.started_at is None:
        return "hour"
    hours = (now_ms() / 1000 - row.started_at.timestamp()) / 3600
    return "hour" if hours < 48 else "day"


async def _campaign_live(request: Http, runtime: Runtime, row: CampaignRow, head: dict[str, Any], interval: str) -> str:
    context = await campaign_context(runtime, row.id)
    figures = await campaign_figures(runtime.facts, context, interval, now_ms())
    return _render(request, "campaign_live.html", {"campaign": head, "interval": interval, **figures})


@get("/campaigns/{campaign_id:int}/trend.svg", include_in_schema=False, guards=[require_user])
async def get_trend_svg(
    runtime: Runtime, campaign_id: int, interval: str = "day", theme: str = "light"
) -> Response[bytes]:
    """The trend as a picture."""
    if interval not in INTERVALS or theme not in THEMES:
        raise NotFound("there is no such chart")
    context = await campaign_context(runtime, campaign_id)
    periods, series = await trend_series(runtime.facts, context, interval)
    svg = await asyncio.to_thread(trend_svg, periods, series, theme)
    return Response(svg, media_type="image/svg+xml", headers={"cache-control": "private, max-age=60"})


@get("/campaigns/{campaign_id:int}/people", include_in_schema=False, guards=[require_user])
async def get_people_page(request: Http, runtime: Runtime, campaign_id: int) -> Template:
    """The people behind a number."""
    asked = request.query_params
    bucket, key, cursor = asked.get("in", "qualified"), asked.get("key"), asked.get("cursor")
    row, head = await _head(runtime, campaign_id)
    value = await people(runtime.facts, await campaign_context(runtime, row.id), bucket, key, cursor, _PAGE)
    query = urlencode({"in": bucket, **({"key": key} if key else {})})
    label = METRICS[bucket].label if bucket in METRICS else bucket.replace("_", " ").capitalize()
    context = {
        "campaign": head,
        "label": label,
        "query": query,
        "total": value.total,
        "rows": value.people,
        "next_cursor": value.next_cursor,
        "page_size": _PAGE,
    }
    return _page(request, "people.html", context)


@post("/campaigns/{campaign_id:int}/{action:str}", include_in_schema=False, guards=[require_user], status_code=303)
async def post_action(runtime: Runtime, campaign_id: int, action: str) -> Redirect:
    """Pause, resume or stop, then back to the campaign."""
    if action not in ACTIONS:
        raise NotFound(f"A campaign has no action {action[:40]}")
    await change_status(runtime, campaign_id, action)
    return Redirect(f"/campaigns/{campaign_id}", status_code=303)


def _page(request: Http, name: str, context: dict[str, Any]) -> Template:
    return Template(name, context={**context, "user": True}, headers={"cache-control": "no-store"})


def _render(request: Http, name: str, context: dict[str, Any]) -> str:
    engine = request.app.template_engine
    if engine is None:
        raise RuntimeError("the application has no templates")
    text: str = engine.get_template(name).render(**context)
    return text


def _tag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def _fragment(request: Http, text: str) -> Response[Any]:
    tag = _tag(text)
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers={"etag": tag})
    return Response(text, media_type="text/html", headers={"etag": tag, "cache-control": "no-store"})


router = Router(
    path="/",
    include_in_schema=False,
    route_handlers=[
        home,
        get_sign_in,
        post_sign_in,
        post_sign_out,
        get_campaigns,
        get_campaigns_live,
        get_campaign_page,
        get_campaign_live,
        get_trend_svg,
        get_people_page,
        post_action,
    ],
)
