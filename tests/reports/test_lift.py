from __future__ import annotations

from math import erf, isclose, log, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twoticks.reports.lift import Arm, Verdict, newcombe, quantile, relative, split_chance, verdict, walter, wilson


@st.composite
def arms(draw: st.DrawFn, least: int = 1) -> Arm:
    people = draw(st.integers(least, 10_000_000))
    return Arm(people, draw(st.integers(0, people)))


# Table I of Newcombe 1998 (857): the score method.
@pytest.mark.parametrize(
    ("converted", "people", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(converted: int, people: int, low: float, high: float) -> None:
    found = wilson(Arm(people, converted))
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


# Table II of Newcombe 1998 (873): method 10.
@pytest.mark.parametrize(
    ("target", "control", "low", "high"),
    [
        (Arm(70, 56), Arm(80, 48), 0.0524, 0.3339),
        (Arm(10, 9), Arm(10, 3), 0.1705, 0.8090),
        (Arm(7, 6), Arm(7, 2), 0.0582, 0.8062),
        (Arm(56, 5), Arm(29, 0), -0.0381, 0.1926),
        (Arm(10, 0), Arm(20, 0), -0.1611, 0.2775),
        (Arm(10, 0), Arm(10, 0), -0.2775, 0.2775),
        (Arm(10, 10), Arm(20, 0), 0.6791, 1.0),
        (Arm(10, 10), Arm(10, 0), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(target: Arm, control: Arm, low: float, high: float) -> None:
    found = newcombe(target, control)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(arm=arms())
def test_wilson_bounds_are_the_rates_that_the_score_test_does_not_reject(arm: Arm) -> None:
    found = wilson(arm)
    assert found is not None
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    z2 = quantile() ** 2
    for bound in (found.low, found.high):
        distance = (found.estimate - bound) ** 2 * arm.people
        assert isclose(distance, z2 * bound * (1 - bound), rel_tol=1e-5, abs_tol=1e-9)


@given(target=arms(), control=arms())
def test_newcombe_is_built_from_both_wilson_intervals(target: Arm, control: Arm) -> None:
    found, one, two = newcombe(target, control), wilson(target), wilson(control)
    assert found is not None
    assert one is not None
    assert two is not None
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    squares = (one.estimate - one.low) ** 2 + (two.high - two.estimate) ** 2
    assert isclose((found.estimate - found.low) ** 2, squares, rel_tol=1e-6, abs_tol=1e-12)
    mirrored = newcombe(control, target)
    assert mirrored is not None
    assert isclose(mirrored.low, -found.high, abs_tol=1e-9)


@given(target=arms(), control=arms())
def test_walter_bounds_lie_evenly_around_the_logarithm_with_a_half_added(target: Arm, control: Arm) -> None:
    assume(target.converted > 0)
    bounds = walter(target, control)
    assert bounds is not None
    low, high = log(bounds[0] + 1), log(bounds[1] + 1)
    rates = [(2 * arm.converted + 1) / (2 * arm.people + 1) for arm in (target, control)]
    assert isclose((low + high) / 2, log(rates[0] / rates[1]), rel_tol=1e-6, abs_tol=1e-6)
    parts = [2 / (2 * arm.converted + 1) - 2 / (2 * arm.people + 1) for arm in (target, control)]
    assert isclose((high - low) / 2, 1.959963984540054 * sqrt(sum(parts)), rel_tol=1e-6, abs_tol=1e-6)


@given(target=arms(), control=arms())
def test_the_relative_lift_lies_between_its_bounds(target: Arm, control: Arm) -> None:
    lift, bounds = relative(target, control), walter(target, control)
    assert bounds is not None
    assume(lift is not None and target.converted < target.people and control.converted < control.people)
    assert lift is not None
    assert bounds[0] <= lift + 1e-9
    assert lift - 1e-9 <= bounds[1]


@pytest.mark.parametrize(
    ("people", "rates", "newcombe_covers", "walter_covers"),
    [((9_000, 1_000), (0.02, 0.015), 0.952, 0.951), ((900, 100), (0.1, 0.08), 0.950, 0.952)],
)
def test_intervals_hold_the_truth_as_often_as_they_promise(
    people: tuple[int, int], rates: tuple[float, float], newcombe_covers: float, walter_covers: float
) -> None:
    rng = np.random.default_rng(7)
    draws = zip(*(rng.binomial(n, rate, 4_000) for n, rate in zip(people, rates, strict=True)), strict=True)
    held = [0, 0]
    for one, two in draws:
        target, control = Arm(people[0], int(one)), Arm(people[1], int(two))
        difference, bounds = newcombe(target, control), walter(target, control)
        assert difference is not None
        assert bounds is not None
        held[0] += difference.low <= rates[0] - rates[1] <= difference.high
        held[1] += bounds[0] <= rates[0] / rates[1] - 1 <= bounds[1]
    assert abs(held[0] / 4_000 - newcombe_covers) < 0.012
    assert abs(held[1] / 4_000 - walter_covers) < 0.012


def test_an_empty_group_has_no_interval() -> None:
    empty, some = Arm(0, 0), Arm(10, 3)
    assert wilson(empty) is None
    assert newcombe(some, empty) is None
    assert walter(empty, some) is None
    assert relative(empty, some) is None
    assert verdict(some, empty) is Verdict.TOO_FEW


def test_a_target_group_without_conversions_is_down_by_exactly_all() -> None:
    bounds = walter(Arm(100, 0), Arm(100, 5))
    assert bounds is not None
    assert bounds[0] == relative(Arm(100, 0), Arm(100, 5)) == -1
    assert relative(Arm(100, 5), Arm(100, 0)) is None


@pytest.mark.parametrize(
    ("target", "control", "said"),
    [
        (Arm(1000, 100), Arm(1000, 50), "more"),
        (Arm(1000, 50), Arm(1000, 100), "less"),
        (Arm(1000, 51), Arm(1000, 50), "cannot tell yet"),
        (Arm(1000, 4), Arm(1000, 0), "too few"),
    ],
)
def test_the_verdict_is_in_words(target: Arm, control: Arm, said: str) -> None:
    assert verdict(target, control).value == said


@given(people=st.integers(200, 1_000_000), share=st.floats(0.05, 0.95), off=st.floats(-0.02, 0.02))
def test_the_chance_of_a_split_is_that_of_a_normal_deviate(people: int, share: float, off: float) -> None:
    control = round(people * (share + off))
    chance = split_chance(people - control, control, share)
    assume(chance is not None)
    deviate = abs(control - people * share) / sqrt(people * share * (1 - share))
    assert chance == pytest.approx(1 - erf(deviate / sqrt(2)), abs=1e-9)


def test_a_split_that_was_planned_is_likely_and_a_broken_one_is_not() -> None:
    assert split_chance(900, 100, 0.1) == 1.0
    broken = split_chance(9_500, 500, 0.1)
    assert broken is not None
    assert broken < 1e-6
    # The public Cookie Cats experiment: 44,700 and 45,489 of an even split.
    assert split_chance(45_489, 44_700, 0.5) == pytest.approx(0.0086, abs=0.0001)


@pytest.mark.parametrize(("target", "control", "share"), [(0, 0, 0.1), (100, 0, 0.0), (7, 900, 0.5), (900, 100, 1.0)])
def test_a_split_without_two_real_groups_is_not_judged(target: int, control: int, share: float) -> None:
    assert split_chance(target, control, share) is None
