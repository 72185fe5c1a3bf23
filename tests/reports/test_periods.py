from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from twoticks.reports.periods import LARGEST, filled, label


def test_months_of_any_length_follow_each_other() -> None:
    assert filled(["2027-01-01", "2027-04-01"], "month") == ["2027-01-01", "2027-02-01", "2027-03-01", "2027-04-01"]


def test_weeks_cross_the_year() -> None:
    assert filled(["2026-12-21", "2027-01-11"], "week") == ["2026-12-21", "2026-12-28", "2027-01-04", "2027-01-11"]


def test_hours_follow_the_clock_that_moves_by_half_an_hour() -> None:
    assert filled(["0000003600", "0000009000"], "hour") == ["0000003600", "0000007200", "0000009000"]


def test_an_hour_is_labelled_with_its_offset() -> None:
    assert label("1764048600", "hour", ZoneInfo("Asia/Kolkata")) == "2025-11-25T11:00:00+05:30"


def test_decades_are_not_filled() -> None:
    assert filled(["1970-01-01", "2026-01-01"], "day") == ["1970-01-01", "2026-01-01"]
    assert len(filled(["1990-01-01", "2003-01-01"], "day")) < LARGEST


@given(st.sets(st.dates(min_value=date(2020, 1, 1), max_value=date(2026, 1, 1))))
def test_filling_keeps_every_period_and_the_order(days: set[date]) -> None:
    found = {str(day) for day in days}
    periods = filled(found, "day")
    assert found <= set(periods)
    assert periods == sorted(set(periods))
