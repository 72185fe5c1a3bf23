"""Every count of a campaign at one moment, each with its share, and the equations that account for every message.

A person holds one message per campaign, so messages and people are the same numbers here; where a campaign runs more
than once, `converted` is to be counted by person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from twoticks.facts.store import FactStore
from twoticks.reports.events import automated_hits, count_events
from twoticks.reports.metrics import COUNTS, METRICS
from twoticks.reports.question import CampaignContext
from twoticks.reports.sizes import measure
from twoticks.reports.support import notes, supplied, unsupported
from twoticks.reports.value import Cell, Rate, Report, Rows, iso, share

_EQUATIONS = {
    "qualified": ("control", "waiting", "not_attempted", "refused", "unknown", "sent"),
    "sent": ("delivered", "delivery_errors", "pending"),
}


class Equation(msgspec.Struct, frozen=True, kw_only=True):
    """`total = sum of terms + difference`, counted from the sets even where a figure is not supported."""

    total: int
    terms: dict[str, int]
    difference: int


class Arms(msgspec.Struct, frozen=True, kw_only=True):
    """People of each group who reached the goal, everyone counted as assigned."""

    target: int | None
    control: int | None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the campaign's links we wrapped."""

    tracked: int
    total: int


class Overview(Report, frozen=True, kw_only=True):
    """`counts` holds None where `unsupported` says why. Each rate names its denominator."""

    as_of: str
    counts: dict[str, int | None]
    unsupported: dict[str, str]
    rates: dict[str, Rate]
    balance: dict[str, Equation]
    converted_by_arm: Arms
    replied_exact: int | None
    replied_last_message: int | None
    automated_hits: int
    links: Links
    notes: list[str]

    def rows(self) -> Rows:
        """One line a count."""
        header = ["name", "label", "count", "rate", "rate_of", "unsupported"]
        return header, [self._row(name) for name in self.counts]

    def _row(self, name: str) -> list[Cell]:
        rate = self.rates.get(name)
        value, of = (rate.value, rate.of) if rate else (None, None)
        return [name, METRICS[name].label, self.counts[name], value, of, self.unsupported.get(name)]


async def overview(facts: FactStore, context: CampaignContext, now_ms: int) -> Overview:
    """All counts of the campaign; `now_ms` (Unix milliseconds) is when they are read."""
    sizes, automated, events = await asyncio.gather(
        measure(facts, context),
        automated_hits(facts, context),
        count_events(facts, context, targets_only=True),
    )
    if sizes["active"] != sizes["active_anyone"]:
        # Somebody of the control group clicked or replied, which should not be: count again without them.
        events = await count_events(facts, context, targets_only=False)
    sizes |= {"clicks_total": events.clicks_total, "replies_total": events.replies}
    return _assembled(context, sizes, automated, now_ms)


def _assembled(context: CampaignContext, sizes: Mapping[str, int], automated: int, now_ms: int) -> Overview:
    why_not = unsupported(context)
    known = supplied(sizes, why_not)
    counts = {name: known[name] for name in COUNTS}
    return Overview(
        as_of=iso(now_ms),
        counts=counts,
        unsupported={name: why_not[name] for name in COUNTS if name in why_not},
        rates={name: Rate(value=share(counts[name], counts[of]), of=of) for name, of in _shares()},
        balance={total: _equation(sizes, total, terms) for total, terms in _EQUATIONS.items()},
        converted_by_arm=Arms(target=known["converted_target"], control=known["converted_control"]),
        replied_exact=known["replied_exact"],
        replied_last_message=known["replied_last_message"],
        automated_hits=automated,
        links=Links(tracked=context.links_tracked, total=len(context.links)),
        notes=_notes(context, sizes),
    )


def _shares() -> list[tuple[str, str]]:
    return [(name, of) for name in COUNTS if (of := METRICS[name].of)]


def _equation(sizes: Mapping[str, int], total: str, terms: tuple[str, ...]) -> Equation:
    parts = {name: sizes[name] for name in terms}
    return Equation(total=sizes[total], terms=parts, difference=sizes[total] - sum(parts.values()))


def _notes(context: CampaignContext, sizes: Mapping[str, int]) -> list[str]:
    found = notes(context)
    if context.goal is not None and (unsent := sizes["converted_unsent"]):
        found.append(f"{unsent} of the target group reached the goal without being sent the message")
    return found
