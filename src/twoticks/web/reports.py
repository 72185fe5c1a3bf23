"""The report routes of a campaign: one value each, as JSON or CSV."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get

from twoticks.jobs.clock import now_ms
from twoticks.jobs.context import campaign_context
from twoticks.reports.clicks import clicks
from twoticks.reports.conversion import conversion
from twoticks.reports.failures import errors
from twoticks.reports.funnel import funnel
from twoticks.reports.overview import overview
from twoticks.reports.people import people
from twoticks.reports.revenue import revenue
from twoticks.reports.trend import trend
from twoticks.web.auth import BY_PASSCODE, require_bearer
from twoticks.web.formats import render
from twoticks.web.parameters import Bucket, Format, Number, OptionalText, PageSize, Running, Text


@get("/stats", summary="Every count of a campaign, its rates and both balance equations")
async def get_stats(runtime: Running, campaign_id: Number, fmt: Format = "json") -> Response[Any]:
    """All counts at one moment; a figure the provider cannot supply is null, with the reason."""
    context = await campaign_context(runtime, campaign_id)
    return render(await overview(runtime.facts, context, now_ms()), fmt, f"campaign-{campaign_id}-stats")


@get("/trend", summary="When messages were sent, delivered, viewed, …")
async def get_trend(
    runtime: Running, campaign_id: Number, interval: Text = "day", time_zone: OptionalText = None, fmt: Format = "json"
) -> Response[Any]:
    """Each message once, in its first period; `interval` is hour, day, week or month."""
    context = await campaign_context(runtime, campaign_id)
    value = await trend(runtime.facts, context, interval, time_zone or context.time_zone)
    return render(value, fmt, f"campaign-{campaign_id}-trend-{interval}")


@get("/errors", summary="Dispatch and delivery errors, each with what to do")
async def get_errors(runtime: Running, campaign_id: Number, fmt: Format = "json") -> Response[Any]:
    """Each message once, under its earliest reason; every side's sum equals the counts of `/stats`."""
    context = await campaign_context(runtime, campaign_id)
    return render(await errors(runtime.facts, context), fmt, f"campaign-{campaign_id}-errors")


@get("/people", summary="The people behind a number")
async def get_people(
    runtime: Running,
    campaign_id: Number,
    bucket: Bucket = "qualified",
    key: OptionalText = None,
    cursor: OptionalText = None,
    limit: PageSize = 100,
    fmt: Format = "json",
) -> Response[Any]:
    """One page; follow `next_cursor`. `key` narrows to one link or one error."""
    context = await campaign_context(runtime, campaign_id)
    value = await people(runtime.facts, context, bucket, key, cursor, limit)
    return render(value, fmt, f"campaign-{campaign_id}-{bucket}")


@get("/funnel", summary="From sent to converted")
async def get_funnel(runtime: Running, campaign_id: Number, without: Text = "", fmt: Format = "json") -> Response[Any]:
    """Stages in order; `without=delivered,viewed` clears stages."""
    context = await campaign_context(runtime, campaign_id)
    cleared = tuple(stage.strip() for stage in without.split(",") if stage.strip())
    return render(await funnel(runtime.facts, context, cleared), fmt, f"campaign-{campaign_id}-funnel")


@get("/clicks", summary="Clicks by link")
async def get_clicks(runtime: Running, campaign_id: Number, fmt: Format = "json") -> Response[Any]:
    """People, clicks and share of each link."""
    context = await campaign_context(runtime, campaign_id)
    return render(await clicks(runtime.facts, context), fmt, f"campaign-{campaign_id}-clicks")


@get("/conversion", summary="Target against control")
async def get_conversion(runtime: Running, campaign_id: Number, fmt: Format = "json") -> Response[Any]:
    """Rates of both groups as assigned, their difference and lift, each with its interval."""
    context = await campaign_context(runtime, campaign_id)
    return render(await conversion(runtime.facts, context, now_ms()), fmt, f"campaign-{campaign_id}-conversion")


@get("/revenue", summary="Revenue of target against control")
async def get_revenue(runtime: Running, campaign_id: Number, fmt: Format = "json") -> Response[Any]:
    """Revenue per user of both groups and the incremental revenue, with its interval."""
    context = await campaign_context(runtime, campaign_id)
    return render(await revenue(runtime.facts, context, now_ms()), fmt, f"campaign-{campaign_id}-revenue")


router = Router(
    path="/api/v1/campaigns/{campaign_id:int}",
    guards=[require_bearer],
    security=BY_PASSCODE,
    tags=["Reports"],
    route_handlers=[get_stats, get_trend, get_errors, get_people, get_funnel, get_clicks, get_conversion, get_revenue],
)
