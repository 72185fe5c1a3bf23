"""Broken bodies are read as far as they can be, in linear time."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twoticks.providers.bodies import UnusableError, clean, decode, optional_text, required_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_strict_json_is_read_as_it_is(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value


@given(JSON)
def test_oddities_beside_a_value_do_not_touch_it(value: object) -> None:
    body = b'\xef\xbb\xbf{"a": NaN, "b": "\xff", "c": "\\ud800", "d": ' + json.dumps(value).encode() + b"}"
    assert decode(body)["d"] == value


@settings(max_examples=10, deadline=None)
@given(JSON)
def test_endless_nesting_beside_a_value_does_not_touch_it(value: object) -> None:
    deep = b'{"a":' * 50_000 + b"[" * 50_000 + b'"]"' + b"]" * 50_000 + b"}" * 50_000
    assert decode(b'{"deep": ' + deep + b', "d": ' + json.dumps(value).encode() + b"}")["d"] == value


def test_integer_of_any_length_is_a_number() -> None:
    assert math.isinf(decode(b'{"a": ' + b"9" * 6000 + b"}")["a"])


def test_last_of_two_equal_keys_counts() -> None:
    assert decode(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize("body", [b"", b" \n", b"{", b"nul", b"{]", b"[" * 100_000, b'"' + b"\\" * 10_001, b"\x80\x81"])
def test_what_is_no_json_is_said_so(body: bytes) -> None:
    with pytest.raises(UnusableError):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [b"[" * 2_000_000, b'[{"a":' * 500_000, b"[" * 2000 + b'"\\' * 500_000, b"[" * 2000 + b'"' * 1_000_000],
    ids=["lists", "objects", "escapes", "quotes"],
)
def test_hostile_body_is_read_in_linear_time(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(UnusableError):
        decode(body)
    assert time.process_time() - began < 5


def test_text_is_made_storable() -> None:
    assert clean("a\ud800b\0c") == "a?b\ufffdc"


def test_optional_text_takes_the_first_that_holds_something() -> None:
    item = {"a": "", "b": None, "c": [], "d": 5, "e": "text"}
    assert optional_text(item, "a", "b", "c", "d", "e") == "5"
    assert optional_text(item, "e", limit=2) == "te"
    assert optional_text(item, "a", "z") == ""
    assert optional_text({"a": True, "b": 10**400}, "a", "b") == ""


def test_required_text_names_the_field_at_fault() -> None:
    assert required_text({"b": "x"}, "items[0]", "a", "b") == "x"
    for item, reason in (({}, "is missing"), ({"a": ""}, "is missing"), ({"a": 5}, "is no text")):
        with pytest.raises(UnusableError) as caught:
            required_text(item, "items[0]", "a", "b")
        assert (caught.value.reason, caught.value.path) == (reason, "items[0].a")
