"""Times of providers are read whatever unit they are in, and absurd ones are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.providers.times import EARLIEST, LATEST, read_time


@pytest.mark.parametrize(
    "value",
    [1647441774, "1647441774", 1647441774000, "1647441774000", 1647441774.0, "1647441774.0", 1647441774000.0],
)
def test_seconds_and_milliseconds_as_number_or_text(value: object) -> None:
    assert read_time(value) == 1_647_441_774_000


def test_fraction_of_a_second_is_kept() -> None:
    assert read_time("1647441774.25") == 1_647_441_774_250


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        "0",
        -1647441774,
        "-1647441774",
        253_402_300_799,
        253_402_300_799_000,
        1_647_441_774_000_000,
        2**63,
        2**64,
        10**400,
        float("nan"),
        float("inf"),
        float("-inf"),
        1e300,
        "",
        " ",
        "soon",
        "nan",
        "infinity",
        "9" * 30,
        "1e400",
        "١٦٤٧٤٤١٧٧٤",
        "²",
        "2022-03-16T14:42:54Z",
        [],
        {},
        b"1647441774",
    ],
    ids=repr,
)
def test_absurd_value_is_no_time(value: object) -> None:
    assert read_time(value) is None


@given(
    st.one_of(st.integers(), st.floats(), st.text(max_size=25), st.integers().map(str), st.floats().map(str), st.none())
)
def test_any_value_is_a_sane_time_or_none(value: object) -> None:
    found = read_time(value)
    assert found is None or (type(found) is int and EARLIEST <= found < LATEST)
