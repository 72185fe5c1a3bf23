"""When messages were sent, delivered, viewed, …: each message once, in the period of its first fact of that kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.reports.periods import filled, interval_named, label, zone_named
from twoticks.reports.question import CampaignContext
from twoticks.reports.sets import BUCKETS
from twoticks.reports.support import notes, unsupported
from twoticks.reports.value import Cell, Report, Rows

SERIES: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "viewed": "viewed",
    "clicked": "clicked",
    "replied": "replied",
    "converted": "converted",
    "failed": "delivery_errors",
}
"""Name of each series, and the count of the overview that it sums to."""

_PARTS = (*(bucket for bucket in SERIES.values() if bucket != "converted"), "converted_target", "converted_unsent")


class Trend(Report, frozen=True, kw_only=True):
    """`series` has one number for each of `periods`, None where `unsupported` says why; `totals` are their sums."""

    interval: str
    time_zone: str
    periods: list[str]
    series: dict[str, list[int] | None]
    totals: dict[str, int | None]
    unsupported: dict[str, str]
    notes: list[str]

    def rows(self) -> Rows:
        """One line a period, one column a series."""
        columns: list[Sequence[Cell]] = [values or [None] * len(self.periods) for values in self.series.values()]
        return ["period", *self.series], [list(line) for line in zip(self.periods, *columns, strict=True)]


async def trend(facts: FactStore, context: CampaignContext, interval: str, time_zone: str | None = None) -> Trend:
    """The trend by `interval` (hour, day, week, month) in `time_zone`, by default the account's."""
    zone = zone_named(time_zone or context.time_zone)
    rows = await facts.query(
        statement(__package__, "trend"),
        {
            "campaign": context.id,
            "qualified": context.qualified,
            "interval": interval_named(interval),
            "zone": zone.key,
            **_marks(),
        },
    )
    news = _news(rows)
    periods = filled((period for part in news.values() for period in part), interval)
    why_not = unsupported(context, SERIES)
    series = {
        name: None if name in why_not else [news[bucket].get(period, 0) for period in periods]
        for name, bucket in SERIES.items()
    }
    return Trend(
        interval=interval,
        time_zone=zone.key,
        periods=[label(period, interval, zone) for period in periods],
        series=series,
        totals={name: None if values is None else sum(values) for name, values in series.items()},
        unsupported=why_not,
        notes=notes(context),
    )


def _marks() -> dict[str, list[str] | list[bool]]:
    """Which marks count for a part, and which keep a message out of it whenever they came."""
    wanted = [
        (part, counts, mark)
        for part in _PARTS
        for counts, marks in ((True, BUCKETS[part].of), (False, BUCKETS[part].without))
        for mark in marks
    ]
    return {
        "series": [part for part, _, _ in wanted],
        "counts": [counts for _, counts, _ in wanted],
        "marks": [mark for _, _, mark in wanted],
    }


def _news(rows: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Messages that are new in each period, by part; `rows` are running totals in the order of their periods."""
    totals: dict[str, list[tuple[str, int]]] = {part: [("", 0)] for part in _PARTS}
    for part, period, total in rows:
        if period:
            totals[part].append((period, total))
        else:
            totals[part][0] = (period, total)
    news = {
        part: {period: total - before for (_, before), (period, total) in pairwise(line) if total > before}
        for part, line in totals.items()
    }
    target, unsent = news.pop("converted_target"), news.pop("converted_unsent")
    news["converted"] = {
        period: count - unsent.get(period, 0) for period, count in target.items() if count > unsent.get(period, 0)
    }
    return news
