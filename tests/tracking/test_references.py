"""References name a message exactly, and only our own are read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twoticks.tracking.references import LARGEST, References, message_digest

references = References("k3x9a2")
numbers = st.integers(0, LARGEST)


@settings(deadline=None)
@given(numbers, numbers)
def test_a_reference_comes_back_as_what_it_names(campaign: int, seq: int) -> None:
    text = references.encode(campaign, seq)
    assert references.decode(text) == (campaign, seq)
    assert len(text) <= 64
    assert re.fullmatch(r"[0-9a-z|]+", text)


@settings(deadline=None)
@given(st.text(alphabet="0123456789|k3x9a2 \u0661-+_", max_size=40))
def test_whatever_is_read_is_what_we_would_have_written(text: str) -> None:
    found = references.decode(text)
    assert found is None or references.encode(*found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "7|3|k3x9a2",
        "7|3|k3x9a2|7|1",
        "7|3|k3x9a2|8",
        "7|3|other1|7",
        "7|3||7",
        "07|3|k3x9a2|07",
        "7|03|k3x9a2|7",
        "|3|k3x9a2|",
        "7||k3x9a2|7",
        "-7|3|k3x9a2|-7",
        "+7|3|k3x9a2|+7",
        " 7|3|k3x9a2| 7",
        "1_0|3|k3x9a2|1_0",
        "\u0667|3|k3x9a2|\u0667",
        "²|3|k3x9a2|²",
        "7|4294967296|k3x9a2|7",
        "4294967296|3|k3x9a2|4294967296",
        "9" * 5000 + "|3|k3x9a2|" + "9" * 5000,
        "7|3|K3X9A2|7",
        "7|3|k3x9a2|7\n",
    ],
)
def test_other_texts_name_nothing(text: str) -> None:
    assert references.decode(text) is None


@pytest.mark.parametrize(("campaign", "seq"), [(-1, 0), (0, -1), (LARGEST + 1, 0), (0, LARGEST + 1)])
def test_numbers_out_of_range_are_not_encoded(campaign: int, seq: int) -> None:
    with pytest.raises(ValueError, match="32-bit"):
        references.encode(campaign, seq)


@pytest.mark.parametrize("tag", ["", "a|b"])
def test_a_tag_that_breaks_the_shape_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        References(tag)


def test_digests_tell_providers_and_ids_apart() -> None:
    digests = {message_digest(provider, text) for provider in (1, 2) for text in ("", "1", "wamid.A", "wamid.B")}
    assert len(digests) == 8
    assert {len(digest) for digest in digests} == {16}


def test_an_id_that_is_no_valid_unicode_has_a_digest() -> None:
    assert message_digest(1, "\ud800") != message_digest(1, "\ud801")
