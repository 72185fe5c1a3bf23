"""Periods of a trend: hours, days, weeks from Monday (ISO 8601) and months, in a time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from twoticks.errors import BadInput

INTERVALS = ("hour", "day", "week", "month")
LARGEST = 5_000
"""More periods than this are not filled up: a stray time would make a chart of decades."""

_HOUR = 3600


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name in the IANA database; BadInput if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            "there is no such time zone", field="time_zone", hint="A name such as Asia/Kolkata or UTC."
        ) from None


def interval_named(name: str) -> str:
    """`name` if it is an interval; else BadInput."""
    if name not in INTERVALS:
        raise BadInput("there is no such interval", field="interval", hint=f"One of {', '.join(INTERVALS)}.")
    return name


def filled(found: Iterable[str], interval: str) -> list[str]:
    """The periods of `found` and the empty ones between them, in order, in the form the store gives them."""
    known = sorted(set(found))
    if not known:
        return []
    periods = [known[0]]
    for period in known[1:]:
        while (following := _NEXT[interval](periods[-1])) < period:
            periods.append(following)
            if len(periods) > LARGEST:
                return known
        periods.append(period)
    return periods


def label(period: str, interval: str, zone: ZoneInfo) -> str:
    """The period's first day, or the hour with its offset, in ISO 8601."""
    if interval != "hour":
        return period
    return datetime.fromtimestamp(int(period), UTC).astimezone(zone).isoformat()


def _next_day(days: int) -> Callable[[str], str]:
    return lambda period: (date.fromisoformat(period) + timedelta(days)).isoformat()


def _next_month(period: str) -> str:
    return (date.fromisoformat(period) + timedelta(31)).replace(day=1).isoformat()


def _next_hour(period: str) -> str:
    return f"{int(period) + _HOUR:010}"


_NEXT: dict[str, Callable[[str], str]] = {
    "hour": _next_hour,
    "day": _next_day(1),
    "week": _next_day(7),
    "month": _next_month,
}
