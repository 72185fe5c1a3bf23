"""Clicks by link: how many people, how many clicks, and which share of all."""

from __future__ import annotations

import msgspec

from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.reports.events import count_events
from twoticks.reports.question import CampaignContext, LinkLabel
from twoticks.reports.support import notes, unsupported
from twoticks.reports.value import Report, Rows, share, table

UNKNOWN_LINK = LinkLabel(0, "A link we do not know", "", False)


class LinkClicks(msgspec.Struct, frozen=True, kw_only=True):
    """One link; `share` is of all clicks. `key` is what `/people?in=clicked&key=` takes."""

    key: str
    label: str
    url: str
    tracked: bool
    people: int | None
    clicks: int | None
    share: float | None


class Clicks(Report, frozen=True, kw_only=True):
    """Links in the order of the template; `unsupported` says why there are no figures."""

    links: list[LinkClicks]
    unsupported: str | None
    notes: list[str]

    def rows(self) -> Rows:
        """One line a link."""
        return table(self.links, LinkClicks.__struct_fields__)


async def clicks(facts: FactStore, context: CampaignContext) -> Clicks:
    """The split of clicks; people of the control group are left out."""
    why = unsupported(context, ["clicked"]).get("clicked")
    people = dict(await facts.query(statement(__package__, "clicked"), _own(context)))
    events = await count_events(facts, context, targets_only=False)
    known = list(context.links)
    if people.get(0):
        known.append(UNKNOWN_LINK)
    return Clicks(
        links=[_row(link, people, events.clicks, events.clicks_total, why) for link in known],
        unsupported=why,
        notes=notes(context),
    )


def _own(context: CampaignContext) -> dict[str, int]:
    return {"campaign": context.id, "qualified": context.qualified}


def _row(link: LinkLabel, people: dict[int, int], clicked: dict[int, int], total: int, why: str | None) -> LinkClicks:
    silent = why is not None or (not link.tracked and not clicked.get(link.number))
    return LinkClicks(
        key=str(link.number),
        label=link.label,
        url=link.url,
        tracked=link.tracked,
        people=None if silent else people.get(link.number, 0),
        clicks=None if silent else clicked.get(link.number, 0),
        share=None if silent else share(clicked.get(link.number, 0), total),
    )
