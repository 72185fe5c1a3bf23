"""Times of facts: the provider's while it can be true, else our own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import HOUR, MINUTE, STARTED
from twoticks.callbacks.times import SLACK_MS, answered_by, bounded

TIMES = st.integers(min_value=-(2**63), max_value=2**63)
RECEIVED = st.integers(min_value=STARTED - HOUR, max_value=STARTED + 10_000 * HOUR)


@given(at=st.none() | TIMES, received=RECEIVED)
def test_the_time_lies_within_the_bounds_or_is_that_of_receipt(at: int | None, received: int) -> None:
    result, replaced = bounded(at, STARTED, received)
    assert result == (received if replaced else at)
    assert replaced or STARTED - SLACK_MS <= result <= received + SLACK_MS


@given(at=TIMES, received=RECEIVED)
def test_a_believable_time_is_never_replaced(at: int, received: int) -> None:
    believable = STARTED - SLACK_MS <= at <= received + SLACK_MS
    assert bounded(at, STARTED, received) == ((at, False) if believable else (received, True))


@given(at=st.none() | TIMES, received=RECEIVED)
def test_bounding_a_bounded_time_changes_nothing(at: int | None, received: int) -> None:
    result, _ = bounded(at, STARTED, received)
    assert bounded(result, STARTED, received)[0] == result


def test_a_missing_time_is_replaced_by_the_receipt() -> None:
    assert bounded(None, STARTED, STARTED + MINUTE) == (STARTED + MINUTE, True)


def test_both_ends_of_the_bounds_are_believed() -> None:
    received = STARTED + HOUR
    assert bounded(STARTED - SLACK_MS, STARTED, received) == (STARTED - SLACK_MS, False)
    assert bounded(received + SLACK_MS, STARTED, received) == (received + SLACK_MS, False)
    assert bounded(STARTED - SLACK_MS - 1, STARTED, received) == (received, True)
    assert bounded(received + SLACK_MS + 1, STARTED, received) == (received, True)


@given(at=st.none() | TIMES, received=RECEIVED)
def test_a_reply_answers_nothing_sent_after_its_receipt(at: int | None, received: int) -> None:
    assert answered_by(at, received) <= received


def test_a_reply_delivered_again_days_later_answers_what_was_sent_before_it_was_written() -> None:
    written = STARTED + HOUR
    assert answered_by(written, written + 72 * HOUR) == written + SLACK_MS


def test_a_reply_right_after_the_message_is_not_lost_to_a_clock_in_whole_seconds() -> None:
    attempted, written = STARTED + 700, STARTED
    assert attempted <= answered_by(written, attempted + 200)
