"""What a comparison of target and control needs before it can say anything, and how it shows an uncertain figure."""

from __future__ import annotations

import msgspec

from twoticks.reports.lift import Interval
from twoticks.reports.question import CampaignContext
from twoticks.reports.value import Cell

NO_CONTROL = "this campaign has no control group"
NO_GOAL = "this campaign has no conversion goal"
NO_PROPERTY = "the conversion goal names no revenue property"


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure between its 95 % bounds; None is what cannot be estimated."""

    estimate: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, interval: Interval) -> Estimate:
        """The same as `interval`."""
        return cls(estimate=interval.estimate, low=interval.low, high=interval.high)


def window_open(context: CampaignContext, now_ms: int) -> bool:
    """Whether people may still convert: until then figures are interim, and stopping at a good one would mislead."""
    if context.goal is None or context.started_at is None:
        return False
    return now_ms < context.started_at + context.goal.window_seconds * 1000


def line(name: str, figure: Estimate | None) -> list[Cell]:
    """A figure as a line of a CSV."""
    if figure is None:
        return [name, None, None, None]
    return [name, figure.estimate, figure.low, figure.high]
