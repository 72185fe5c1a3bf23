"""A block gives back what was put in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.errors import StoreDamaged
from twoticks.records.blocks import compressor, join, pack, unpack
from twoticks.records.items import AnyItem, AttemptItem, CallbackItem

numbers = st.integers(-(2**63), 2**64 - 1)
encode = msgspec.msgpack.Encoder().encode


def payload_of(items: list[Any]) -> bytes:
    return compressor().compress(join([encode(item) for item in items]))


@given(
    st.lists(
        st.builds(AttemptItem, at=numbers, campaign=numbers, seq=numbers)
        | st.builds(CallbackItem, at=numbers, provider=numbers, endpoint=st.just("inbound"), body=st.binary()),
        max_size=40,
    )
)
def test_any_items_come_back_equal(items: list[AnyItem]) -> None:
    assert unpack(1, pack(items)[1]) == items


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_any_count_comes_back(count: int) -> None:
    assert len(unpack(1, payload_of([AttemptItem(at=1, campaign=1, seq=1)] * count))) == count


def test_fields_of_a_newer_version_are_ignored() -> None:
    newer = {"t": "attempt", "at": 1, "campaign": 2, "seq": 3, "colour": {"new": [1, 2]}}
    assert unpack(1, payload_of([newer])) == [AttemptItem(at=1, campaign=2, seq=3)]


def test_an_item_of_a_newer_version_is_an_error_not_a_loss() -> None:
    with pytest.raises(StoreDamaged, match="Block 7"):
        unpack(7, payload_of([{"t": "telegram", "at": 1}]))


@pytest.mark.parametrize("position", [0, 5, 20, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    payload = bytearray(payload_of([CallbackItem(at=1, provider=1, endpoint="status", body=b"abcdefgh" * 4)]))
    payload[position] ^= 0xFF
    with pytest.raises(StoreDamaged):
        unpack(1, bytes(payload))


def test_a_cut_block_is_noticed() -> None:
    payload = payload_of([AttemptItem(at=1, campaign=1, seq=1)] * 50)
    with pytest.raises(StoreDamaged):
        unpack(1, payload[:-6])
