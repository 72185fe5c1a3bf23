"""Comparing two groups by their rates: intervals, relative lift, a verdict in words, and a check of the split.

Pure arithmetic. Everyone assigned is counted, target first and control second; intervals are at 95 % unless said
otherwise. Nothing here is NaN: what cannot be computed is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import erfc, exp, log, sqrt
from statistics import NormalDist

LEVEL = 0.95
FEW_CONVERSIONS = 5
"""Fewer than this in both groups together say nothing."""
SPLIT_ALARM = 0.001
"""A split less likely than this has another cause than chance; the threshold is GrowthBook's."""
SPLIT_LEAST = 8
"""Smallest group whose split is judged."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between its lower and upper bound."""

    estimate: float
    low: float
    high: float

    def scaled(self, by: float) -> Interval:
        """The interval of `by` times what this one is of; `by` is not negative."""
        return Interval(self.estimate * by, self.low * by, self.high * by)


@dataclass(frozen=True, slots=True)
class Arm:
    """One group: how many people, and how many of them reached the goal."""

    people: int
    converted: int


class Verdict(StrEnum):
    """Does the target group convert more than the control group?"""

    MORE = "more"
    LESS = "less"
    CANNOT_TELL = "cannot tell yet"
    TOO_FEW = "too few"


def quantile(level: float = LEVEL) -> float:
    """The two-sided quantile of the normal distribution."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(arm: Arm, level: float = LEVEL) -> Interval | None:
    """A rate with its score interval, which stays within 0…1; None for an empty group.

    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; here as method 3 of R. G. Newcombe, Stat. Med. 17 (1998) 857.
    """
    if not arm.people:
        return None
    n, z = arm.people, quantile(level)
    rate = arm.converted / n
    middle = 2 * arm.converted + z * z
    reach = z * sqrt(z * z + 4 * arm.converted * (1 - rate))
    whole = 2 * (n + z * z)
    # At none and at all the bound is exact, which rounding would miss.
    low = 0.0 if not arm.converted else (middle - reach) / whole
    high = 1.0 if arm.converted == n else (middle + reach) / whole
    return Interval(rate, low, high)


def newcombe(target: Arm, control: Arm, level: float = LEVEL) -> Interval | None:
    """Difference of the rates; None if a group is empty.

    Hybrid of two Wilson intervals: method 10 of R. G. Newcombe, Stat. Med. 17 (1998) 873.
    """
    one, two = wilson(target, level), wilson(control, level)
    if one is None or two is None:
        return None
    difference = one.estimate - two.estimate
    below = sqrt((one.estimate - one.low) ** 2 + (two.high - two.estimate) ** 2)
    above = sqrt((one.high - one.estimate) ** 2 + (two.estimate - two.low) ** 2)
    return Interval(difference, difference - below, difference + above)


def walter(target: Arm, control: Arm, level: float = LEVEL) -> tuple[float, float] | None:
    """Bounds of the relative lift, a ratio of rates less 1; None if a group is empty.

    Logarithm of the ratio with half a conversion added to each count, so that it is defined at none:
    S. D. Walter, Biometrika 62 (1975) 371.
    """
    if not target.people or not control.people:
        return None
    centre = _adjusted_log(target) - _adjusted_log(control)
    reach = quantile(level) * sqrt(_adjusted_variance(target) + _adjusted_variance(control))
    # Nobody in the target group is a lift of exactly -100 %, which the logarithm only nears.
    low = exp(centre - reach) - 1 if target.converted else -1.0
    return low, exp(centre + reach) - 1


def _adjusted_log(arm: Arm) -> float:
    return log((arm.converted + 0.5) / (arm.people + 0.5))


def _adjusted_variance(arm: Arm) -> float:
    return 1 / (arm.converted + 0.5) - 1 / (arm.people + 0.5)


def relative(target: Arm, control: Arm) -> float | None:
    """(rate of target - rate of control) / rate of control; None if nobody of the control group converted."""
    if not target.people or not control.converted:
        return None
    return (target.converted / target.people) / (control.converted / control.people) - 1


def verdict(target: Arm, control: Arm, level: float = LEVEL) -> Verdict:
    """What the difference says: an interval that holds zero cannot tell."""
    difference = newcombe(target, control, level)
    if difference is None or target.converted + control.converted < FEW_CONVERSIONS:
        return Verdict.TOO_FEW
    if difference.low > 0:
        return Verdict.MORE
    return Verdict.LESS if difference.high < 0 else Verdict.CANNOT_TELL


def split_chance(target: int, control: int, control_share: float) -> float | None:
    """How likely chance alone splits the groups this unevenly: chi-square, one degree of freedom.

    `control_share` is what was planned, between 0 and 1. None where a group is, or was to be, too small to judge.
    """
    people = target + control
    planned_control, planned_target = people * control_share, people * (1 - control_share)
    if min(target, control, planned_target, planned_control) < SPLIT_LEAST:
        return None
    chi_square = (control - planned_control) ** 2 / planned_control + (target - planned_target) ** 2 / planned_target
    return erfc(sqrt(chi_square / 2))
