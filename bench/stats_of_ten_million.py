"""How fast a campaign of ten million messages is counted: from tallies, and the same question asked of the facts.

Fills a fact store in a temporary folder, measures, and removes it. `--messages N` for another size.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from twoticks.facts.store import FactStore
from twoticks.reports.clicks import clicks
from twoticks.reports.cursors import cursor_at
from twoticks.reports.failures import errors
from twoticks.reports.funnel import funnel
from twoticks.reports.overview import overview
from twoticks.reports.people import people
from twoticks.reports.question import CampaignContext, ErrorWord, GoalLabel, LinkLabel
from twoticks.reports.sizes import measure
from twoticks.reports.trend import trend
from twoticks.settings import Settings
from twoticks.vocabulary import Capabilities

NOW = 1_763_000_000_000
SPREAD_HOURS = 6

# A message's fate is drawn from hashes of its number, thousandths at a time.
_DRAW = "(sipHash64(number, {}) % 1000)"
_TARGET = f"{_DRAW.format(1)} >= 50"
_SENT = f"{_TARGET} and {_DRAW.format(2)} >= 30"
_ARRIVED = f"{_SENT} and {_DRAW.format(4)} < 880"
_TAIL = "30 + toUInt32(exp2(17 * (sipHash64(number, {}) % 1000003) / 1000003))"
"""Seconds after the send: half within six minutes, the last after a day and a half."""

_FACTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("control", f"{_DRAW.format(1)} < 50", "0", "0", "0"),
    ("not_attempted", f"{_TARGET} and {_DRAW.format(2)} < 10", "0", "1 + number % 5", "0"),
    ("refused", f"{_TARGET} and {_DRAW.format(2)} between 10 and 19", "1", "10 + number % 5", "0"),
    ("unknown", f"{_TARGET} and {_DRAW.format(2)} between 20 and 29", "1", "20 + number % 3", "0"),
    ("attempted", f"{_TARGET} and {_DRAW.format(2)} between 20 and 119", "0", "0", "0"),
    ("sent", _SENT, "1", "0", "0"),
    ("delivered", f"{_SENT} and {_DRAW.format(4)} < 850", _TAIL.format(5), "0", "0"),
    ("viewed", f"{_ARRIVED} and {_DRAW.format(6)} < 600", _TAIL.format(7), "0", "0"),
    ("failed", f"{_SENT} and {_DRAW.format(4)} >= 860 and {_DRAW.format(4)} < 950", "45", "30 + number % 8", "0"),
    ("clicked", f"{_ARRIVED} and {_DRAW.format(8)} < 100", _TAIL.format(9), "1 + number % 3", "sipHash64(number, 20)"),
    ("clicked", f"{_ARRIVED} and {_DRAW.format(8)} < 20", _TAIL.format(10), "1 + number % 3", "sipHash64(number, 21)"),
    ("replied", f"{_ARRIVED} and {_DRAW.format(11)} < 20", _TAIL.format(12), "number % 2", "sipHash64(number, 22)"),
    ("converted", f"{_DRAW.format(13)} < 15", _TAIL.format(14), "0", "0"),
)

_INSERT = """
insert into facts
select 1, '{kind}', {key}, number, {event},
    toDateTime64('2025-11-01 04:30:00', 3, 'UTC')
        + toIntervalMillisecond(intDiv(number * {spread}, {messages})) + toIntervalSecond({delay}) as at,
    at, 1, 0
from numbers({messages})
where {fate}
"""

_MEMBERS = """
insert into members
select 1, number, concat('user-', toString(sipHash64(number))), concat('+91', toString(7000000000 + number)),
    if({control}, 'control', 'target'), '', 0, toDateTime64('2025-11-01 04:30:00', 3, 'UTC')
from numbers({messages})
"""

# Sizes of the same unions of facts; the differences between them would come on top.
_FROM_FACTS = """
select
    uniqExactIf(seq, kind = 'control'),
    uniqExactIf(seq, kind in ('sent', 'delivered', 'viewed', 'clicked', 'failed') or (kind = 'replied' and key = 0)),
    uniqExactIf(seq, kind in ('delivered', 'viewed', 'clicked') or (kind = 'replied' and key = 0)),
    uniqExactIf(seq, kind = 'delivered'),
    uniqExactIf(seq, kind = 'viewed'),
    uniqExactIf(seq, kind = 'clicked'),
    uniqExactIf(seq, kind = 'replied'),
    uniqExactIf(seq, kind = 'converted'),
    uniqExactIf(seq, kind = 'failed'),
    uniqExactIf(seq, kind = 'refused'),
    uniqExactIf(seq, kind in ('unknown', 'attempted')),
    uniqExactIf(seq, kind = 'not_attempted')
from facts
where campaign = 1
"""

# The same counts in full, subtractions included: what one would have to write without sets.
_FROM_FACTS_IN_FULL = """
select countIf(control), countIf(sent and not control), countIf(arrived and not control),
    countIf(refused and not (sent or control)), countIf(asked and not (sent or refused or control)),
    countIf(held and not (sent or refused or asked or control)), countIf(failed and not (arrived or control))
from
(
    select seq,
        max(kind = 'control') as control,
        max(kind in ('delivered', 'viewed', 'clicked') or (kind = 'replied' and key = 0)) as arrived,
        max(kind = 'failed') as failed,
        max(kind = 'sent') or arrived or failed as sent,
        max(kind = 'refused') as refused,
        max(kind in ('unknown', 'attempted')) as asked,
        max(kind = 'not_attempted') as held
    from facts
    where campaign = 1
    group by seq
)
"""


def context(messages: int) -> CampaignContext:
    """The campaign as its reports see it."""
    numbers = (*range(1, 6), *range(10, 15), *range(20, 23), *range(30, 38))
    return CampaignContext(
        id=1,
        name="Ten million",
        status="completed",
        qualified=messages,
        started_at=1_761_971_400_000,
        time_zone="Asia/Kolkata",
        control_percentage=5,
        goal=GoalLabel("Charged", 86_400, "Amount"),
        links=tuple(LinkLabel(n, f"Link {n}", f"https://shop.example/{n}", True) for n in (1, 2, 3)),
        errors={n: ErrorWord(n, "external", "generic", "other", str(n), f"Error {n}", True) for n in numbers},
        capabilities=Capabilities(),
        currency="INR",
    )


async def fill(store: FactStore, messages: int) -> None:
    """Facts and members of the campaign."""
    for kind, fate, delay, key, event in _FACTS:
        values = {"kind": kind, "fate": fate, "delay": delay, "key": key, "event": event}
        await store.command(_INSERT.format(**values, spread=SPREAD_HOURS * 3_600_000, messages=messages))
    await store.command(_MEMBERS.format(control=f"{_DRAW.format(1)} < 50", messages=messages))


async def timed(label: str, ask: Callable[[], Awaitable[object]], times: int) -> float:
    """Median in milliseconds over `times` runs after one to warm up, printed with the fastest."""
    await ask()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - began) * 1000)
    median = statistics.median(taken)
    print(f"{label:52} {median:10.1f} ms  (fastest {min(taken):.1f})", flush=True)
    return median


def asked_anew(store: FactStore, ask: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """`ask` as after a write: nothing that is kept may answer."""

    async def anew() -> object:
        with store._kept.writing():
            pass
        return await ask()

    return anew


def stats_of(store: FactStore, campaign: CampaignContext) -> Callable[[], Awaitable[object]]:
    """What `/stats` asks."""
    return lambda: overview(store, campaign, NOW)


async def compare(store: FactStore, campaign: CampaignContext, times: int) -> None:
    """Print every figure."""
    tallies = await timed("all counts, from tallies", asked_anew(store, lambda: measure(store, campaign)), times)
    few = max(times // 5, 3)
    facts = await timed("the same unions, uniqExact over facts", lambda: store.query(_FROM_FACTS), few)
    full = await timed("the same counts in full, over facts", lambda: store.query(_FROM_FACTS_IN_FULL), few)
    print(f"{'ratio':52} {facts / tallies:10.0f} x   (in full {full / tallies:.0f} x)")
    await timed("overview, clicks and replies included", asked_anew(store, stats_of(store, campaign)), times)
    again = await timed("the same again, nothing written since", stats_of(store, campaign), times)
    print(f"{'ratio to uniqExact, asked again':52} {facts / again:10.0f} x")
    await timed("errors", lambda: errors(store, campaign), few)
    await timed("clicks by link", lambda: clicks(store, campaign), few)
    await timed("funnel", lambda: funnel(store, campaign), few)
    await timed("trend by day", lambda: trend(store, campaign, "day"), few)
    await timed("trend by hour", lambda: trend(store, campaign, "hour"), few)
    for bucket in ("sent", "delivered_not_viewed", "waiting"):
        for place in ("first", "middle", "last"):
            cursor = cursor_near(campaign, bucket, place)
            await timed(
                f"people, {bucket}, {place} page of 1,000",
                lambda bucket=bucket, cursor=cursor: people(store, campaign, bucket, None, cursor, 1000),
                few,
            )


def cursor_near(campaign: CampaignContext, bucket: str, place: str) -> str | None:
    """A cursor of the list that stands at this depth, as `people` makes them."""
    from_seq = {"first": 0, "middle": campaign.qualified // 2, "last": max(campaign.qualified - 2_000, 0)}[place]
    return cursor_at(from_seq, campaign.id, bucket, None) if from_seq else None


async def main(messages: int, times: int) -> None:
    """Fill, measure, clean up."""
    with tempfile.TemporaryDirectory(prefix="twoticks-bench-") as folder:
        store = await FactStore.open(Settings(facts=f"chdb://{Path(folder).resolve()}/facts"))
        try:
            began = time.perf_counter()
            await fill(store, messages)
            total = (await store.query("select count() from facts"))[0][0]
            parts = (await store.query("select count() from tallies"))[0][0]
            taken = time.perf_counter() - began
            print(f"{messages:,} messages, {total:,} facts, {parts:,} tallies; filled in {taken:.0f} s")
            await compare(store, context(messages), times)
        finally:
            await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=25)
    asked = parser.parse_args()
    asyncio.run(main(asked.messages, asked.times))
