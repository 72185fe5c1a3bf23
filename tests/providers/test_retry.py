"""`Retry-After` is read in both its forms and never trusted blindly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.providers.retry import LONGEST_SECONDS, retry_after


def test_seconds() -> None:
    assert retry_after({"retry-after": "7"}) == 7.0


def test_http_date() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=30)
    assert 28 <= retry_after({"retry-after": format_datetime(moment, usegmt=True)}) <= 30


def test_date_in_the_past_is_now() -> None:
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "nan", "Wed, 99 Oct 2015", "7, 8", "²"])
def test_unreadable_wish_is_the_default(text: str) -> None:
    assert retry_after({"retry-after": text}, default=3.0) == 3.0


def test_missing_wish_is_the_default() -> None:
    assert retry_after({}) == 1.0


def test_long_wish_is_cut() -> None:
    assert retry_after({"retry-after": "9" * 50}) == LONGEST_SECONDS
    assert retry_after({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}) == LONGEST_SECONDS


@given(st.text(max_size=60))
def test_any_text_gives_a_sane_wait(text: str) -> None:
    assert 0 <= retry_after({"retry-after": text}) <= LONGEST_SECONDS
