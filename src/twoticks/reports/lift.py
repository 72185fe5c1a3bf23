"""The statistics of comparing two groups: rates, their difference, relative lift, and a check of the split.

Intervals are at 95 % unless said otherwise. Wilson and Newcombe: R. G. Newcombe, Statistics in Medicine 17 (1998),
857-872 and 873-890 (method 10). Relative lift: S. D. Walter, Statistics in Medicine 4 (1985), adjusted log ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import erfc, exp, log, sqrt
from statistics import NormalDist

LEVEL = 0.95
FEW = 5
"""Fewer conversions than this in both groups together say nothing."""
SPLIT_ALARM = 0.001
"""A split less likely than this is no chance: something assigned or dropped people unevenly."""
SPLIT_LEAST = 8


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its lower and upper bound."""

    estimate: float
    low: float
    high: float


class Verdict(StrEnum):
    """What the comparison says."""

    MORE = "more"
    LESS = "less"
    UNDECIDED = "cannot tell yet"
    TOO_FEW = "too few"


def quantile(level: float = LEVEL) -> float:
    """The two-sided quantile of the normal distribution."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(part: int, whole: int, level: float = LEVEL) -> Interval | None:
    """A rate with its score interval, which never leaves 0…1; None for an empty group."""
    if not whole:
        return None
    z2 = quantile(level) ** 2
    rate = part / whole
    middle = (rate + z2 / (2 * whole)) / (1 + z2 / whole)
    reach = sqrt(z2 * (rate * (1 - rate) / whole + z2 / (4 * whole**2))) / (1 + z2 / whole)
    return Interval(rate, max(middle - reach, 0.0), min(middle + reach, 1.0))


def newcombe(part: int, whole: int, control_part: int, control_whole: int, level: float = LEVEL) -> Interval | None:
    """Difference of two rates, target less control; None when a group is empty."""
    one, two = wilson(part, whole, level), wilson(control_part, control_whole, level)
    if one is None or two is None:
        return None
    difference = one.estimate - two.estimate
    below = sqrt((one.estimate - one.low) ** 2 + (two.high - two.estimate) ** 2)
    above = sqrt((one.high - one.estimate) ** 2 + (two.estimate - two.low) ** 2)
    return Interval(difference, difference - below, difference + above)


def walter(part: int, whole: int, control_part: int, control_whole: int, level: float = LEVEL) -> Interval | None:
    """Relative lift of rates, ratio less 1; half a conversion is added to each, so it is defined at none."""
    if not whole or not control_whole:
        return None
    ratio = log((part + 0.5) / (whole + 0.5)) - log((control_part + 0.5) / (control_whole + 0.5))
    variance = 1 / (part + 0.5) - 1 / (whole + 0.5) + 1 / (control_part + 0.5) - 1 / (control_whole + 0.5)
    reach = quantile(level) * sqrt(max(variance, 0.0))
    return Interval(exp(ratio) - 1, exp(ratio - reach) - 1, exp(ratio + reach) - 1)


def verdict(difference: Interval | None, conversions: int) -> Verdict:
    """In words: an interval that holds zero cannot tell."""
    if difference is None or conversions < FEW:
        return Verdict.TOO_FEW
    if difference.low > 0:
        return Verdict.MORE
    return Verdict.LESS if difference.high < 0 else Verdict.UNDECIDED


def split_p(target: int, control: int, control_share: float) -> float | None:
    """How likely a split as uneven as this one is, by chi-square with one degree of freedom; None when too small."""
    whole = target + control
    expected = whole * control_share
    if not 0 < control_share < 1 or min(target, control, expected, whole - expected) < SPLIT_LEAST:
        return None
    chi2 = (control - expected) ** 2 / expected + (target - (whole - expected)) ** 2 / (whole - expected)
    return erfc(sqrt(chi2 / 2))
