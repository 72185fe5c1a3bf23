"""What the campaign page shows, made from the report values: no figure is computed here, only words and widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from twoticks.campaigns.lifecycle import PAUSED, RUNNING, SCHEDULED
from twoticks.records.tables import CampaignRow
from twoticks.reports.metrics import METRICS

TILES = ("qualified", "sent", "delivered", "viewed", "clicked", "replied", "converted")
PARTS = ("control", "waiting", "not_attempted", "refused", "unknown", "delivery_errors", "pending", "delivered")
"""The buckets that share out `qualified`: sent is split into its three outcomes."""
_BAR = 1000.0
NONE = "\N{EN DASH}"


VERDICTS = {
    "more": "Yes: the target group converts more than the control group.",
    "less": "No: the target group converts less than the control group.",
    "cannot tell yet": "Cannot tell yet: the difference may be chance.",
    "too few": "Too few conversions to say anything.",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure; `why` is set instead of a value where the provider cannot supply it."""

    name: str
    label: str
    explanation: str
    value: int | None
    rate: str
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the bar that shows where all messages are; `x` and `width` of 1,000."""

    name: str
    label: str
    value: int
    x: str
    width: str


def tiles(counts: Mapping[str, int | None], rates: Mapping[str, Any], unsupported: Mapping[str, str]) -> list[Tile]:
    """The headline figures in reading order."""
    return [
        Tile(
            name=name,
            label=METRICS[name].label,
            explanation=METRICS[name].explanation,
            value=counts[name],
            rate=_rate(rates.get(name)),
            why=unsupported.get(name, ""),
        )
        for name in TILES
    ]


def _rate(rate: Any) -> str:
    if rate is None or rate["value"] is None:
        return ""
    return f"{percent(rate['value'])} of {METRICS[rate['of']].label.lower()}"


def parts(counts: Mapping[str, int]) -> list[Part]:
    """The bar's pieces; empty ones are left out of it."""
    whole = counts["qualified"]
    found, x = [], 0.0
    for name in PARTS:
        value = counts[name]
        if value:
            width = _BAR * value / whole
            found.append(Part(name, METRICS[name].label, value, f"{x:.2f}", f"{width:.2f}"))
            x += width
    return found


def count(value: int | None) -> str:
    """A count with thousands separated; a dash where there is none."""
    return NONE if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """A share in percent, with as many decimals as its size deserves."""
    if value is None:
        return NONE
    share = value * 100
    return f"{share:.1f} %" if share >= 1 or share == 0 else f"{share:.2g} %"


def signed(value: float) -> str:
    """A difference as a whole number with its sign."""
    return f"{value:+,.0f}".replace("-", "\N{MINUS SIGN}").replace("+0", "0")


def period(text: str, interval: str) -> str:
    """A period of the trend as its axis says it."""
    if interval == "hour":
        return f"{datetime.fromisoformat(text):%d %b %H:%M}"
    if interval == "day":
        return f"{datetime.fromisoformat(text):%d %b}"
    return text


def moment(at: datetime | None, zone: str) -> str:
    """A time as the account's people read it."""
    return "" if at is None else f"{at.astimezone(ZoneInfo(zone)):%d %b %Y, %H:%M}"


def campaign_head(row: CampaignRow, provider: str, template: str, zone: str) -> dict[str, Any]:
    """What stands above the figures."""
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "reason": row.status_reason,
        "moving": row.status in (SCHEDULED, RUNNING),
        "provider": provider,
        "template": template,
        "started": moment(row.started_at, zone),
        "time_zone": zone,
        "labels": row.labels,
    }


def moves(status: str) -> Sequence[dict[str, Any]]:
    """The buttons that a campaign in this status offers."""
    pause = {"action": "pause", "label": "Pause", "danger": False}
    resume = {"action": "resume", "label": "Resume", "danger": False}
    stop = {"action": "stop", "label": "Stop", "danger": True}
    return {RUNNING: (pause, stop), PAUSED: (resume, stop), SCHEDULED: (stop,)}.get(status, ())
