"""Link tokens open to what they name and to nothing else."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twoticks.tracking.links import LinkTokens

tokens = LinkTokens(b"k" * 32)
others = LinkTokens(b"o" * 32)
numbers = st.integers(0, 0xFFFF_FFFF)
link_numbers = st.integers(0, 0xFFFF)
ALPHABET = string.ascii_letters + string.digits + "-_+/=. é"


@settings(deadline=None)
@given(numbers, numbers, link_numbers)
def test_a_token_opens_to_what_it_names(campaign: int, seq: int, link: int) -> None:
    token = tokens.encode(campaign, seq, link)
    assert tokens.decode(token) == (campaign, seq, link)
    assert re.fullmatch(r"[A-Za-z0-9_-]{34,35}", token)


@settings(deadline=None)
@given(numbers, numbers, link_numbers, st.data())
def test_any_changed_character_closes_it(campaign: int, seq: int, link: int, data: st.DataObject) -> None:
    token = tokens.encode(campaign, seq, link)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda character: character != token[place]))
    assert tokens.decode(token[:place] + other + token[place + 1 :]) is None


def test_every_other_last_character_closes_it() -> None:
    for link in (1, 300):
        token = tokens.encode(5, 6, link)
        spellings = [token[:-1] + last for last in ALPHABET]
        assert [text for text in spellings if tokens.decode(text)] == [token]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_texts_we_did_not_write_open_nothing(text: str) -> None:
    assert tokens.decode(text) is None


@pytest.mark.parametrize("change", ["{}=", "{}==", " {}", "{}\n", "{}A", "A{}", "{}.{}"])
def test_surrounding_characters_close_it(change: str) -> None:
    token = tokens.encode(1, 2, 3)
    assert tokens.decode(change.format(token, token)) is None


def test_another_key_does_not_open_it() -> None:
    assert others.decode(tokens.encode(1, 2, 3)) is None


@pytest.mark.parametrize(("campaign", "seq", "link"), [(-1, 0, 0), (2**32, 0, 0), (0, 2**32, 0), (0, 0, 2**16)])
def test_numbers_out_of_range_are_not_encoded(campaign: int, seq: int, link: int) -> None:
    with pytest.raises(OverflowError):
        tokens.encode(campaign, seq, link)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="short"):
        LinkTokens(b"short")
