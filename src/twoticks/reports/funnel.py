"""From sent to converted: how many people did every step so far, in whatever order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from twoticks.errors import BadInput
from twoticks.facts.store import FactStore
from twoticks.reports.composition import composed
from twoticks.reports.metrics import METRICS
from twoticks.reports.question import CampaignContext
from twoticks.reports.sets import BUCKETS
from twoticks.reports.support import notes, unsupported
from twoticks.reports.value import Report, Rows, share, table

STEPS: dict[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "viewed": "viewed",
    "clicked": "clicked",
    "converted": "converted_target",
}
"""Each step and its bucket; being sent is the first step, so it is not asked again of those who converted."""
CLEARABLE = ("delivered", "viewed", "clicked")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`count` did this step and every one before it; the shares are of the step before and of the first."""

    name: str
    label: str
    count: int
    of_previous: float | None
    of_first: float | None


class Funnel(Report, frozen=True, kw_only=True):
    """`steps` without those that were cleared, and without those that `unsupported` explains."""

    steps: list[Step]
    without: list[str]
    unsupported: dict[str, str]
    notes: list[str]

    def rows(self) -> Rows:
        """One line a step."""
        return table(self.steps, Step.__struct_fields__)


async def funnel(facts: FactStore, context: CampaignContext, without: Iterable[str] = ()) -> Funnel:
    """The funnel without the steps that `without` clears; BadInput for one that is none or must stay."""
    cleared = list(dict.fromkeys(without))
    if set(cleared) - set(CLEARABLE):
        raise BadInput("this step cannot be cleared", field="without", hint=f"Some of {', '.join(CLEARABLE)}.")
    why_not = {name: why for name, why in unsupported(context, STEPS).items() if name not in cleared}
    names = [name for name in STEPS if name not in why_not and name not in cleared]
    counts = await _counts(facts, context, names)
    return Funnel(
        steps=[_step(place, names, counts) for place in range(len(names))],
        without=cleared,
        unsupported=why_not,
        notes=notes(context),
    )


async def _counts(facts: FactStore, context: CampaignContext, names: Sequence[str]) -> list[int]:
    wanted = [
        (step, counts, mark)
        for step, bucket in enumerate(BUCKETS[STEPS[name]] for name in names)
        for counts, marks in ((True, bucket.of), (False, bucket.without))
        for mark in marks
    ]
    rows = await facts.query(
        composed("marks", "funnel"),
        {
            "campaign": context.id,
            "qualified": context.qualified,
            "steps": [step for step, _, _ in wanted],
            "counts": [counts for _, counts, _ in wanted],
            "marks": [mark for _, _, mark in wanted],
        },
    )
    reached = dict(rows)
    totals: list[int] = []
    for step in range(len(names)):
        # A step that nobody did has no row, and nobody did what comes after it either.
        totals.append(reached.get(step, 0) if not totals or totals[-1] else 0)
    return totals


def _step(place: int, names: Sequence[str], counts: Sequence[int]) -> Step:
    return Step(
        name=names[place],
        label=METRICS[names[place]].label,
        count=counts[place],
        of_previous=share(counts[place], counts[place - 1]) if place else None,
        of_first=share(counts[place], counts[0]),
    )
