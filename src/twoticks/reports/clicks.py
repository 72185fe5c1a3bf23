"""The split of clicks: how many people opened each link, how often, and which share of all clicks that is."""

from __future__ import annotations

import msgspec

from twoticks.facts.store import FactStore
from twoticks.reports.composition import composed
from twoticks.reports.events import Events, count_events
from twoticks.reports.question import CampaignContext, LinkLabel
from twoticks.reports.support import notes, unsupported
from twoticks.reports.value import Report, Rows, share, table

_UNKNOWN = "Another link"


class LinkClicks(msgspec.Struct, frozen=True, kw_only=True):
    """One link; `key` narrows the list of people who clicked. None where nobody can tell us of its clicks."""

    key: str
    label: str
    url: str
    tracked: bool
    people: int | None
    clicks: int | None
    share: float | None


class Clicks(Report, frozen=True, kw_only=True):
    """The links in the order of the template. `share` is of `clicks_total`, the overview's count of that name."""

    clicks_total: int | None
    links: list[LinkClicks]
    unsupported: str | None
    notes: list[str]

    def rows(self) -> Rows:
        """One line a link."""
        return table(self.links, LinkClicks.__struct_fields__)


async def clicks(facts: FactStore, context: CampaignContext) -> Clicks:
    """The clicks of a campaign by link; one click seen by us and told by the provider counts once."""
    rows = await facts.query(
        composed("marks", "people_by_link"), {"campaign": context.id, "qualified": context.qualified}
    )
    people = {link: ours for link, ours, _ in rows}
    events = Events()
    if people:
        events = await count_events(facts, context, targets_only=not any(strangers for _, _, strangers in rows))
    why = unsupported(context, ["clicked"]).get("clicked")
    return Clicks(
        clicks_total=None if why else events.clicks_total,
        links=[_row(context, link, people, events) for link in _links(context, events)],
        unsupported=why,
        notes=notes(context),
    )


def _links(context: CampaignContext, events: Events) -> list[LinkLabel]:
    """The campaign's links, then what providers told of clicks elsewhere."""
    known = {link.number for link in context.links}
    others = [LinkLabel(number, _UNKNOWN, "", False) for number in sorted(events.clicks) if number not in known]
    return [*context.links, *others]


def _row(context: CampaignContext, link: LinkLabel, people: dict[int, int], events: Events) -> LinkClicks:
    told = link.tracked or context.capabilities.click_callbacks
    count = events.clicks.get(link.number, 0)
    return LinkClicks(
        key=str(link.number),
        label=link.label,
        url=link.url,
        tracked=link.tracked,
        people=people.get(link.number, 0) if told else None,
        clicks=count if told else None,
        share=share(count, events.clicks_total) if told else None,
    )
