"""Target against control: who reached the goal, everyone counted as assigned, each figure with its uncertainty."""

from __future__ import annotations

import msgspec

from twoticks.facts.store import FactStore
from twoticks.reports.comparison import NO_CONTROL, NO_GOAL, Estimate, line, window_open
from twoticks.reports.lift import SPLIT_ALARM, Arm, newcombe, relative, split_chance, verdict, walter, wilson
from twoticks.reports.question import CampaignContext
from twoticks.reports.sizes import measure
from twoticks.reports.value import Report, Rows


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group as assigned. `converted` is None without a goal, `rate` also where the group is empty."""

    people: int
    converted: int | None
    rate: Estimate | None


class Conversion(Report, frozen=True, kw_only=True):
    """`unavailable` says why there is nothing to compare; `interim` that the conversion window is still open.

    `difference` is of the rates, `lift` relative to the control group's rate, `incremental` the conversions that the
    message made: target people x difference. `split_p` is how likely the groups' sizes are if people were assigned as
    planned; `split_ok` is false below 0.001. `sent` and `sent_converted` are the overview's counts.
    """

    unavailable: str | None
    event_name: str | None
    interim: bool
    target: Group
    control: Group
    difference: Estimate | None
    lift: Estimate | None
    incremental: Estimate | None
    verdict: str | None
    split_p: float | None
    split_ok: bool
    sent: int
    sent_converted: int | None

    def rows(self) -> Rows:
        """One line a figure, with its bounds."""
        return ["figure", "value", "low", "high"], [
            ["target people", self.target.people, None, None],
            ["target converted", self.target.converted, None, None],
            line("target rate", self.target.rate),
            ["control people", self.control.people, None, None],
            ["control converted", self.control.converted, None, None],
            line("control rate", self.control.rate),
            line("difference of rates", self.difference),
            line("relative lift", self.lift),
            line("incremental conversions", self.incremental),
            ["verdict", self.verdict, None, None],
            ["chance of this split", self.split_p, None, None],
        ]


async def conversion(facts: FactStore, context: CampaignContext, now_ms: int) -> Conversion:
    """Compare the groups as of `now_ms` (Unix milliseconds)."""
    sizes = await measure(facts, context)
    target = Arm(context.qualified - sizes["control"], sizes["converted_target"])
    control = Arm(sizes["control"], sizes["converted_control"])
    has_goal = context.goal is not None
    unavailable = _unavailable(has_goal, target, control)
    compared = unavailable is None
    difference = newcombe(target, control) if compared else None
    chance = split_chance(target.people, control.people, context.control_percentage / 100)
    return Conversion(
        unavailable=unavailable,
        event_name=context.goal.event_name if context.goal else None,
        interim=window_open(context, now_ms),
        target=_group(target, has_goal),
        control=_group(control, has_goal),
        difference=Estimate.of(difference) if difference else None,
        lift=_lift(target, control) if compared else None,
        incremental=Estimate.of(difference.scaled(target.people)) if difference else None,
        verdict=verdict(target, control).value if compared else None,
        split_p=chance,
        split_ok=chance is None or chance >= SPLIT_ALARM,
        sent=sizes["sent"],
        sent_converted=sizes["converted"] if has_goal else None,
    )


def _unavailable(has_goal: bool, target: Arm, control: Arm) -> str | None:
    if not has_goal:
        return NO_GOAL
    return None if target.people and control.people else NO_CONTROL


def _group(arm: Arm, has_goal: bool) -> Group:
    rate = wilson(arm) if has_goal else None
    return Group(
        people=arm.people,
        converted=arm.converted if has_goal else None,
        rate=Estimate.of(rate) if rate else None,
    )


def _lift(target: Arm, control: Arm) -> Estimate | None:
    bounds = walter(target, control)
    if bounds is None:
        return None
    return Estimate(estimate=relative(target, control), low=bounds[0], high=bounds[1])
