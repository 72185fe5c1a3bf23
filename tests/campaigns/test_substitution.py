from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.campaigns.substitution import MissingValue, as_text, profile_values, read_text
from twoticks.errors import BadInput

PERSON = profile_values("ann", "+919800000001", {"Name": "Ann", "Points": 12.0, "Rate": 2.5, "Gold": True, "Empty": ""})


def fill(raw: str) -> str:
    return read_text(raw, "field").fill(PERSON)


@pytest.mark.parametrize(
    ("raw", "filled"),
    [
        ("Hi ${Name}!", "Hi Ann!"),
        ("${Name}${Name}", "AnnAnn"),
        ("${ Name }", "Ann"),
        ("${Points}", "12"),
        ("${Rate}", "2.5"),
        ("${Gold}", "true"),
        ("${identity} ${phone}", "ann +919800000001"),
        ("${Missing|there}", "there"),
        ("${Empty|there}", "there"),
        ("${Missing|}", ""),
        ("${Name|there}", "Ann"),
        ("costs $5 {x} 100%", "costs $5 {x} 100%"),
        ("{{Name}} {% if %} <%= x %>", "{{Name}} {% if %} <%= x %>"),
    ],
)
def test_fields_are_filled(raw: str, filled: str) -> None:
    assert fill(raw) == filled


@pytest.mark.parametrize("raw", ["${Missing}", "${Empty}"])
def test_a_missing_value_without_default_is_told(raw: str) -> None:
    with pytest.raises(MissingValue):
        fill(raw)


@pytest.mark.parametrize("raw", ["${", "${Name", "${}", "${|x}", "${a${b}}"])
def test_a_field_without_name_or_end_is_refused(raw: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_text(raw, "body.replacements[0]")
    assert refused.value.field == "body.replacements[0]"


def test_a_value_is_not_read_again() -> None:
    assert read_text("${Name}", "x").fill({"Name": "${identity}"}) == "${identity}"


def test_a_property_of_the_same_name_hides_the_identity() -> None:
    assert read_text("${identity}", "x").fill(profile_values("ann", "", {"identity": "other"})) == "other"


@given(st.text().filter(lambda text: "${" not in text))
def test_a_text_without_fields_stays_as_it_is(raw: str) -> None:
    text = read_text(raw, "x")
    assert text.fixed == raw
    assert text.fill({}) == raw


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(number: float) -> None:
    assert float(as_text(number)) == number
