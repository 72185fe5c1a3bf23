"""From sent to converted: how many messages pass each stage, in any order of time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from twoticks.errors import BadInput
from twoticks.facts.store import FactStore
from twoticks.reports.metrics import METRICS
from twoticks.reports.question import CampaignContext
from twoticks.reports.sizes import measure
from twoticks.reports.support import supplied, unsupported
from twoticks.reports.value import Report, Rows, share, table

STAGES = ("sent", "delivered", "viewed", "clicked", "converted")
CLEARABLE = ("delivered", "viewed", "clicked")


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage; `of_previous` and `of_first` are shares from 0 to 1."""

    name: str
    label: str
    count: int
    of_previous: float | None
    of_first: float | None


class Funnel(Report, frozen=True, kw_only=True):
    """Stages that were not cleared; those that cannot be known are in `left_out`, each with why.

    A stage counts everyone who did it, whether or not receipts of the earlier stages came: people convert without
    clicking, so a stage may be larger than the one before it.
    """

    stages: list[Stage]
    left_out: dict[str, str]

    def rows(self) -> Rows:
        """One line a stage."""
        return table(self.stages, Stage.__struct_fields__)


async def funnel(facts: FactStore, context: CampaignContext, without: Sequence[str] = ()) -> Funnel:
    """The funnel without the stages in `without`; raises `BadInput` for one that cannot be cleared."""
    for name in without:
        if name not in CLEARABLE:
            raise BadInput(f"{name[:40]} cannot be cleared", field="without", hint=", ".join(CLEARABLE))
    why_not = unsupported(context, STAGES)
    counts = supplied(await measure(facts, context), why_not)
    stages: list[Stage] = []
    for name in STAGES:
        count = counts[name]
        if name in without or count is None:
            continue
        stages.append(
            Stage(
                name=name,
                label=METRICS[name].label,
                count=count,
                of_previous=share(count, stages[-1].count) if stages else None,
                of_first=share(count, stages[0].count) if stages else None,
            )
        )
    return Funnel(stages=stages, left_out={name: why for name, why in why_not.items() if name not in without})
