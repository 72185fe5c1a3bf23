"""Target against control: who reached the goal, everyone analysed as assigned, each figure with its uncertainty."""

from __future__ import annotations

import msgspec

from twoticks.facts.store import FactStore
from twoticks.reports.lift import SPLIT_ALARM, Interval, Verdict, newcombe, split_p, verdict, walter, wilson
from twoticks.reports.question import CampaignContext
from twoticks.reports.sizes import measure
from twoticks.reports.value import Cell, Report, Rows

NO_CONTROL = "this campaign has no control group"
NO_GOAL = "this campaign has no conversion goal"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group as assigned; `rate` is None for an empty one."""

    people: int
    converted: int
    rate: Interval | None


class Conversion(Report, frozen=True, kw_only=True):
    """`unavailable` says why there is nothing to compare. Intervals are at 95 %.

    `interim` is true while the conversion window is open: looking often and stopping at a good moment would mislead.
    `split_p` is how likely the split is by chance; `split_ok` is false when it is below 0.001.
    """

    unavailable: str | None
    event_name: str | None
    interim: bool
    target: Group
    control: Group
    difference: Interval | None
    lift: Interval | None
    incremental: Interval | None
    verdict: str | None
    split_p: float | None
    split_ok: bool
    sent: int
    sent_converted: int

    def rows(self) -> Rows:
        """One line a figure, with its bounds."""
        header = ["figure", "value", "low", "high"]
        lines: list[list[Cell]] = [
            ["target people", self.target.people, None, None],
            ["target converted", self.target.converted, None, None],
            _line("target rate", self.target.rate),
            ["control people", self.control.people, None, None],
            ["control converted", self.control.converted, None, None],
            _line("control rate", self.control.rate),
            _line("difference of rates", self.difference),
            _line("relative lift", self.lift),
            _line("incremental conversions", self.incremental),
            ["verdict", self.verdict, None, None],
        ]
        return header, lines


async def conversion(facts: FactStore, context: CampaignContext, now_ms: int) -> Conversion:
    """Compare the groups; `now_ms` tells whether the window is still open."""
    sizes = await measure(facts, context)
    people, converted = context.qualified - sizes["control"], sizes["converted_target"]
    held, held_converted = sizes["control"], sizes["converted_control"]
    missing = NO_GOAL if context.goal is None else NO_CONTROL if not held else None
    difference = lift = incremental = None
    said: Verdict | None = None
    if missing is None:
        difference = newcombe(converted, people, held_converted, held)
        lift = walter(converted, people, held_converted, held)
        said = verdict(difference, converted + held_converted)
        incremental = _scaled(difference, people)
    chance = split_p(people, held, context.control_percentage / 100)
    return Conversion(
        unavailable=missing,
        event_name=None if context.goal is None else context.goal.event_name,
        interim=_open(context, now_ms),
        target=Group(people=people, converted=converted, rate=wilson(converted, people)),
        control=Group(people=held, converted=held_converted, rate=wilson(held_converted, held)),
        difference=difference,
        lift=lift,
        incremental=incremental,
        verdict=said,
        split_p=chance,
        split_ok=chance is None or chance >= SPLIT_ALARM,
        sent=sizes["sent"],
        sent_converted=sizes["converted"],
    )


def _open(context: CampaignContext, now_ms: int) -> bool:
    if context.goal is None or context.started_at is None:
        return False
    return now_ms < context.started_at + context.goal.window_seconds * 1000


def _scaled(interval: Interval | None, by: int) -> Interval | None:
    return None if interval is None else Interval(interval.estimate * by, interval.low * by, interval.high * by)


def _line(name: str, interval: Interval | None) -> list[Cell]:
    if interval is None:
        return [name, None, None, None]
    return [name, interval.estimate, interval.low, interval.high]
