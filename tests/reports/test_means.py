from __future__ import annotations

from math import isclose

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twoticks.reports.lift import quantile
from twoticks.reports.means import Spending, fieller, t_quantile, welch


def spending(values: list[float], people: int | None = None) -> Spending:
    n = len(values) if people is None else people
    return Spending(n, sum(value != 0 for value in values), sum(values), sum(value * value for value in values))


def summary(people: int, mean: float, variance: float) -> Spending:
    return Spending(people, people, mean * people, (people - 1) * variance + people * mean * mean)


amounts = st.lists(st.floats(0, 10_000).map(lambda amount: round(amount, 2)), min_size=2, max_size=30)


# Tables of Student's t.
@pytest.mark.parametrize(
    ("freedom", "value"), [(24, 2.063899), (30, 2.042272), (60, 2.000298), (100, 1.983972), (1e9, 1.959964)]
)
def test_t_quantile_equals_the_tables(freedom: float, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, abs=2e-5)


def test_welch_gives_the_textbook_interval() -> None:
    # 15 people each, means 20.8 and 23.0, variances 7.9 and 3.8: 25 degrees of freedom, t = 2.0595.
    found = welch(summary(15, 20.8, 7.9), summary(15, 23.0, 3.8))
    assert found is not None
    assert found.estimate == pytest.approx(-2.2)
    assert (found.low, found.high) == pytest.approx((-2.2 - 1.8189, -2.2 + 1.8189), abs=5e-4)


@given(one=amounts, two=amounts)
def test_welch_counts_from_the_sums_what_the_values_say(one: list[float], two: list[float]) -> None:
    found = welch(spending(one), spending(two))
    assert found is not None
    assert isclose(found.estimate, float(np.mean(one) - np.mean(two)), rel_tol=1e-9, abs_tol=1e-9)
    errors = [float(np.var(values, ddof=1)) / len(values) for values in (one, two)]
    if sum(errors) > 1e-6:
        freedom = sum(errors) ** 2 / sum(error**2 / (len(v) - 1) for error, v in zip(errors, (one, two), strict=True))
        expected = t_quantile(freedom) * sum(errors) ** 0.5
        assert isclose((found.high - found.low) / 2, expected, rel_tol=1e-4)


@given(one=amounts, two=amounts, nobody=st.integers(0, 1000))
def test_fieller_bounds_are_the_ratios_that_the_data_do_not_contradict(
    one: list[float], two: list[float], nobody: int
) -> None:
    target, control = spending(one, len(one) + nobody), spending(two, len(two) + nobody)
    found = fieller(target, control)
    assume(found is not None and target.error + control.error > 1e-6)
    assert found is not None
    for bound in (found.low, found.high):
        ratio = bound + 1
        difference = (target.mean or 0) - ratio * (control.mean or 0)
        assert isclose(
            difference**2, quantile() ** 2 * (target.error + ratio**2 * control.error), rel_tol=1e-4, abs_tol=1e-3
        )
    assert found.low <= found.estimate <= found.high


def test_fieller_cannot_bound_a_ratio_to_what_may_be_zero() -> None:
    assert fieller(summary(100, 10, 100), summary(100, 1, 100)) is None
    assert fieller(summary(100, 10, 100), Spending(100)) is None


def test_groups_too_small_have_no_interval_and_no_mean() -> None:
    assert welch(Spending(0), summary(10, 1, 1)) is None
    assert welch(Spending(1, 1, 5.0, 25.0), summary(10, 1, 1)) is None
    assert fieller(Spending(1, 1, 5.0, 25.0), summary(10, 1, 1)) is None
    assert Spending(0).mean is None


def test_without_any_spread_the_interval_is_a_point() -> None:
    found = welch(Spending(10), Spending(20))
    assert found is not None
    assert (found.low, found.estimate, found.high) == (0, 0, 0)
