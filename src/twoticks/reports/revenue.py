"""Revenue of target against control: per user of everyone assigned, those who bought nothing included."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import msgspec

from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.reports.conversion import NO_CONTROL, NO_GOAL
from twoticks.reports.lift import Interval, quantile
from twoticks.reports.question import CampaignContext
from twoticks.reports.sizes import measure
from twoticks.reports.value import Cell, Report, Rows, share

NO_PROPERTY = "the conversion goal names no revenue property"
TOO_FEW_BUYERS = "too few buyers in a group for an interval (25 are needed)"
UNBOUNDED = "cannot be estimated"
BUYERS_LEAST = 25


@dataclass(frozen=True, slots=True)
class Spending:
    """One group: people assigned, how many bought, sum and sum of squares of what each spent."""

    people: int
    buyers: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """Revenue per user (ARPU)."""
        return self.total / self.people

    @property
    def variance_of_mean(self) -> float:
        """Sample variance of a user's spending, over the number of users."""
        spread = self.squares - self.total**2 / self.people
        return max(spread, 0.0) / (self.people - 1) / self.people


class Earnings(msgspec.Struct, frozen=True, kw_only=True):
    """One group's figures in the account's currency; `arpu` is None for an empty one."""

    people: int
    buyers: int
    revenue: float
    arpu: float | None


class Revenue(Report, frozen=True, kw_only=True):
    """`incremental` is (ARPU target - ARPU control) × people of the target; `boost` the relative difference of ARPUs.

    Where an interval is missing, `caution` says why; `unavailable` says why there is nothing to compare at all.
    """

    unavailable: str | None
    caution: str | None
    currency: str
    target: Earnings
    control: Earnings
    difference: Interval | None
    incremental: Interval | None
    boost: Interval | None
    boost_point: float | None
    incremental_point: float | None

    def rows(self) -> Rows:
        """One line a figure, with its bounds."""
        header = ["figure", "value", "low", "high"]
        lines: list[list[Cell]] = []
        for name, group in (("target", self.target), ("control", self.control)):
            lines += [[f"{name} {part}", getattr(group, part), None, None] for part in Earnings.__struct_fields__]
        for name, point, interval in (
            ("incremental revenue", self.incremental_point, self.incremental),
            ("boost", self.boost_point, self.boost),
        ):
            low, high = (None, None) if interval is None else (interval.low, interval.high)
            lines.append([name, point, low, high])
        return header, lines


async def revenue(facts: FactStore, context: CampaignContext, now_ms: int) -> Revenue:
    """Compare the groups' revenue in the conversion window."""
    del now_ms  # the same for every report that compares groups
    sizes = await measure(facts, context)
    rows = await facts.query(
        statement(__package__, "revenue"), {"campaign": context.id, "qualified": context.qualified}
    )
    spent = {bool(held): (buyers, total, squares) for held, buyers, total, squares in rows}
    target = Spending(context.qualified - sizes["control"], *spent.get(False, (0, 0.0, 0.0)))
    control = Spending(sizes["control"], *spent.get(True, (0, 0.0, 0.0)))
    missing = _missing(context, target, control)
    bounded = missing is None and min(target.buyers, control.buyers) >= BUYERS_LEAST
    point = None if missing else target.mean - control.mean
    difference = welch(target, control) if bounded else None
    boost = fieller(target, control) if bounded else None
    return Revenue(
        unavailable=missing,
        caution=_caution(missing, bounded, boost),
        currency=context.currency,
        target=_earnings(target),
        control=_earnings(control),
        difference=difference,
        incremental=None if difference is None else _scaled(difference, target.people),
        boost=boost,
        boost_point=None if point is None else share(point, control.mean),
        incremental_point=None if point is None else point * target.people,
    )


def welch(target: Spending, control: Spending) -> Interval | None:
    """Difference of means with unequal variances; None below two people in a group."""
    if min(target.people, control.people) < 2:
        return None
    one, two = target.variance_of_mean, control.variance_of_mean
    difference = target.mean - control.mean
    if not one + two:
        return Interval(difference, difference, difference)
    freedom = (one + two) ** 2 / (one**2 / (target.people - 1) + two**2 / (control.people - 1))
    reach = t_quantile(freedom) * sqrt(one + two)
    return Interval(difference, difference - reach, difference + reach)


def fieller(target: Spending, control: Spending) -> Interval | None:
    """Relative difference of means (E. C. Fieller, 1954); None where the control's mean may be zero."""
    if min(target.people, control.people) < 2 or not control.mean:
        return None
    z = quantile()
    g = z**2 * control.variance_of_mean / control.mean**2
    if g >= 1:
        return None
    ratio = target.mean / control.mean
    inner = target.variance_of_mean * (1 - g) + ratio**2 * control.variance_of_mean
    reach = z / abs(control.mean) * sqrt(max(inner, 0.0))
    return Interval(ratio - 1, (ratio - reach) / (1 - g) - 1, (ratio + reach) / (1 - g) - 1)


def t_quantile(freedom: float) -> float:
    """Student's t at 95 % two-sided, by the Cornish-Fisher expansion (error 2e-8 at 100 degrees of freedom)."""
    z = quantile()
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _missing(context: CampaignContext, target: Spending, control: Spending) -> str | None:
    if context.goal is None:
        return NO_GOAL
    if context.goal.revenue_property is None:
        return NO_PROPERTY
    return None if control.people and target.people else NO_CONTROL


def _caution(missing: str | None, bounded: bool, boost: Interval | None) -> str | None:
    if missing is not None:
        return None
    if not bounded:
        return TOO_FEW_BUYERS
    return f"boost {UNBOUNDED}" if boost is None else None


def _earnings(group: Spending) -> Earnings:
    return Earnings(
        people=group.people,
        buyers=group.buyers,
        revenue=group.total,
        arpu=group.mean if group.people else None,
    )


def _scaled(interval: Interval, by: int) -> Interval:
    return Interval(interval.estimate * by, interval.low * by, interval.high * by)
