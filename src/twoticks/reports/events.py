"""Totals of what may happen more than once to a message: clicks by link, replies, and hits that no person made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.reports.question import CampaignContext


@dataclass(frozen=True, slots=True)
class Events:
    """How many clicks each link had, by number, and how many replies came."""

    clicks: dict[int, int] = field(default_factory=dict)
    replies: int = 0

    @property
    def clicks_total(self) -> int:
        """Over all links; so it is what the split by link sums to."""
        return sum(self.clicks.values())


async def count_events(facts: FactStore, context: CampaignContext, *, targets_only: bool) -> Events:
    """Clicks and replies of everyone but the control group.

    `targets_only` says that no control member clicked or replied, which is as it should be and saves looking.
    """
    asked = {"campaign": context.id, "qualified": context.qualified, "targets_only": targets_only}
    rows = await facts.query_kept(statement(__package__, "events"), asked)
    totals = Counter({(what, link): times for what, link, times, _ in rows})
    if any(told for _, _, _, told in rows):
        more = await facts.query_kept(statement(__package__, "messages_only_told"), asked)
        totals.update({(what, link): times for what, link, times in more})
    return Events(
        clicks={link: times for (what, link), times in totals.items() if what == "clicked"},
        replies=sum(times for (what, _), times in totals.items() if what == "replied"),
    )


async def automated_hits(facts: FactStore, context: CampaignContext) -> int:
    """Hits on tracked links that no person made; they count nowhere else."""
    rows = await facts.query_kept(statement(__package__, "automated"), {"campaign": context.id})
    return int(rows[0][0])
