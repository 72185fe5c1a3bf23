"""Our errors say what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

from twoticks import errors
from twoticks.errors import BadInput, TwoticksError, Unauthorized, Unavailable, Unverified

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TwoticksError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_carries_message_field_and_hint(kind: type[TwoticksError]) -> None:
    error = kind("what", field="d[3].Phone", hint="what to do")
    assert (error.message, error.field, error.hint, str(error)) == ("what", "d[3].Phone", "what to do", "what")


def test_field_and_hint_may_be_missing() -> None:
    error = BadInput("what")
    assert (error.field, error.hint) == (None, None)


def test_unavailable_says_when_to_come_back() -> None:
    assert Unavailable("full").retry_after > 0
    assert Unavailable("full", retry_after=30).retry_after == 30


def test_a_callback_without_proof_is_unauthorized() -> None:
    assert issubclass(Unverified, Unauthorized)
