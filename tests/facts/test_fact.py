"""Facts gathered into one Arrow table."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.facts.fact import FactBatch, event_number
from twoticks.facts.store import FactStore
from twoticks.vocabulary import FactKind

_U32 = st.integers(0, 2**32 - 1)
_U64 = st.integers(0, 2**64 - 1)
_MS = st.integers(0, 4_102_444_800_000)
_FACT = st.fixed_dictionaries(
    {
        "campaign": _U32,
        "kind": st.sampled_from(FactKind),
        "seq": _U32,
        "at": _MS,
        "received": _MS,
        "block": _U64,
        "key": _U32,
        "event": _U64,
        "time_replaced": st.booleans(),
    }
)


@given(st.lists(_FACT, max_size=20))
def test_a_table_holds_what_was_added_in_that_order(facts: list[dict[str, int]]) -> None:
    batch = FactBatch()
    for fact in facts:
        batch.add(**fact)
    table = batch.table()
    assert len(batch) == len(facts) == table.num_rows
    for name in ("campaign", "kind", "seq", "block", "key", "event", "time_replaced"):
        assert table[name].to_pylist() == [fact[name] for fact in facts]
    for name in ("at", "received"):
        assert table[name].cast("int64").to_pylist() == [fact[name] for fact in facts]


def test_a_number_too_large_for_its_column_adds_nothing() -> None:
    batch = FactBatch()
    with pytest.raises(struct.error):
        batch.add(1, FactKind.SENT, 2**32, 0, 0, 0)
    assert len(batch) == 0


def test_a_table_does_not_change_with_its_batch() -> None:
    batch = FactBatch()
    batch.add(1, FactKind.SENT, 7, 0, 0, 0)
    table = batch.table()
    batch.clear()
    batch.add(1, FactKind.SENT, 8, 0, 0, 0)
    assert table["seq"].to_pylist() == [7]


async def test_every_kind_comes_back_as_its_word(facts: FactStore) -> None:
    batch = FactBatch()
    for kind in FactKind:
        batch.add(1, kind, int(kind), 1_700_000_000_123, 1_700_000_000_456, 9, key=3, event=2**63, time_replaced=True)
    await facts.insert_facts(batch)
    rows = await facts.query(
        "select toString(kind), seq, toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(received), block, key, event,"
        " time_replaced from facts order by seq"
    )
    rest = (1_700_000_000_123, 1_700_000_000_456, 9, 3, 2**63, 1)
    assert rows == [(kind.name.lower(), int(kind), *rest) for kind in FactKind]


@given(st.lists(st.text() | st.integers(), max_size=4))
def test_an_event_number_is_stable_and_never_zero(parts: list[object]) -> None:
    number = event_number(*parts)
    assert number == event_number(*parts)
    assert 0 < number < 2**64


def test_an_event_number_depends_on_where_parts_end() -> None:
    assert event_number("ab", "c") != event_number("a", "bc") != event_number("abc")


def test_an_event_number_is_the_same_in_every_release() -> None:
    assert event_number("click", 1, "2024-01-01") == 6985047740824214542
