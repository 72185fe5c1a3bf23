"""The figures of the pages: the same report values as the API's, arranged for the templates."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from twoticks.facts.store import FactStore
from twoticks.reports.clicks import clicks
from twoticks.reports.conversion import conversion
from twoticks.reports.failures import Errors, errors
from twoticks.reports.metrics import METRICS
from twoticks.reports.overview import overview
from twoticks.reports.question import CampaignContext
from twoticks.reports.trend import Trend, trend
from twoticks.web import view

INTERVALS = ("hour", "day", "week", "month")
SHOWN = ("sent", "delivered", "viewed", "clicked", "replied", "converted")
"""Series of the chart; the table beside it has them all."""

Series = tuple[tuple[str, str, tuple[int, ...]], ...]

_SIDES = {
    "internal": "Dispatch errors, internal: never asked of the provider",
    "external": "Dispatch errors, external: the provider\N{RIGHT SINGLE QUOTATION MARK}s answer, or none",
    "delivery": "Delivery errors: reported after the send",
}


async def campaign_figures(facts: FactStore, context: CampaignContext, interval: str, now_ms: int) -> dict[str, Any]:
    """Everything below the head of the campaign page."""
    counted, trended, failed, clicked, effect = await asyncio.gather(
        overview(facts, context, now_ms),
        trend(facts, context, interval),
        errors(facts, context),
        clicks(facts, context),
        conversion(facts, context, now_ms),
    )
    said = counted.to_json()
    periods, series = _drawn(trended)
    header, rows = trended.rows()
    return {
        "counts": said["counts"],
        "tiles": view.tiles(said["counts"], said["rates"], said["unsupported"]),
        "parts": view.parts(_placed(said)),
        "balanced": all(equation["difference"] == 0 for equation in said["balance"].values()),
        "notes": said["notes"],
        "automated_hits": said["automated_hits"],
        "trend_header": [header[0].capitalize(), *(_label(name) for name in header[1:])],
        "trend_rows": [[view.period(str(first), interval), *rest] for first, *rest in rows],
        "trend_tag": hashlib.sha256(repr((periods, series)).encode()).hexdigest()[:12],
        "intervals": INTERVALS,
        "errors": _by_side(failed),
        "clicks": clicked.to_json(),
        "effect": effect.to_json(),
        "verdicts": view.VERDICTS,
    }


async def trend_series(facts: FactStore, context: CampaignContext, interval: str) -> tuple[tuple[str, ...], Series]:
    """The chart's periods and series."""
    return _drawn(await trend(facts, context, interval))


async def list_figures(
    facts: FactStore, contexts: Sequence[CampaignContext], now_ms: int
) -> dict[int, dict[str, int | None]]:
    """The counts of several campaigns by their ids."""
    found = await asyncio.gather(*(overview(facts, context, now_ms) for context in contexts))
    return {context.id: value.counts for context, value in zip(contexts, found, strict=True)}


def _drawn(value: Trend) -> tuple[tuple[str, ...], Series]:
    series = tuple(
        (name, _label(name), tuple(numbers)) for name in SHOWN if (numbers := value.series[name]) is not None
    )
    return tuple(view.period(text, value.interval) for text in value.periods), series


def _label(name: str) -> str:
    return METRICS[name].label if name in METRICS else name.capitalize()


def _placed(said: Mapping[str, Any]) -> dict[str, int]:
    """Where all messages are, from the equations: they are counted even where a figure is not supported."""
    terms: dict[str, int] = {}
    for equation in said["balance"].values():
        terms |= equation["terms"]
    terms.pop("sent")
    return terms | {"qualified": said["balance"]["qualified"]["total"]}


def _by_side(value: Errors) -> list[dict[str, Any]]:
    rows = value.to_json()["errors"]
    groups = []
    for side, label in _SIDES.items():
        own = [row for row in rows if row["side"] == side]
        groups.append({"label": label, "total": sum(row["count"] for row in own), "rows": own})
    return groups
