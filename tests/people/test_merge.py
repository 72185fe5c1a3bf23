"""Changes of profiles merge so that nothing old ever wins, in whatever order they are told again."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twoticks.people.merge import Book, State, version_of

Row = tuple[str, dict[str, Any], bool]
Change = dict[str, Any]

identities = st.sampled_from(["ann", "bob", "cem"])
phones = st.sampled_from(["+911", "+912"])
values = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.5, "x", "y"])
props = st.dictionaries(st.sampled_from(["City", "Age", "MSG-whatsapp", "MSG-dndWhatsApp"]), values, max_size=3)
changes = st.one_of(
    st.fixed_dictionaries({"identity": identities, "props": props}, optional={"phone": phones | st.just("")}),
    st.fixed_dictionaries({"phone_is": phones, "props": props}),
)
blocks = st.lists(st.lists(changes, max_size=3), min_size=1, max_size=6)


class Table:
    """Stands for the profiles table: the row with the highest version is the profile."""

    def __init__(self) -> None:
        self.rows: dict[str, State] = {}

    def apply(self, numbered: list[tuple[int, list[Change]]]) -> None:
        stored = [
            State(row.identity, row.phone, deepcopy(row.props), stored=row.version, version=row.version)
            for row in self.rows.values()
        ]
        book = Book(stored)
        for number, records in numbered:
            for record in records:
                book.merge(version_of(number, 0), record)
        self.rows.update({state.identity: state for state in book.changed()})

    def content(self) -> dict[str, Row]:
        return {name: (row.phone, typed(row.props), row.opted_out) for name, row in self.rows.items()}


def typed(found: dict[str, Any]) -> dict[str, Any]:
    return {name: (type(value), value) for name, value in found.items()}


def plainly(numbered: list[tuple[int, list[Change]]]) -> dict[str, Row]:
    """The same, with nothing clever: one change after another on one dictionary."""
    people: dict[str, tuple[str, dict[str, Any]]] = {}
    for _, records in numbered:
        for record in records:
            if "phone_is" in record:
                names = [name for name, (phone, _) in people.items() if phone == record["phone_is"]]
            else:
                names = [record["identity"]]
            for name in names:
                phone, found = people.get(name, ("", {}))
                merged = {key: value for key, value in {**found, **record["props"]}.items() if value is not None}
                people[name] = (record.get("phone", phone), merged)
    return {
        name: (phone, typed(found), found.get("MSG-whatsapp") is False or found.get("MSG-dndWhatsApp") is True)
        for name, (phone, found) in people.items()
    }


@settings(deadline=None)
@given(blocks, st.data())
def test_blocks_in_batches_of_any_size_and_any_replay_end_in_the_same_profiles(
    told: list[list[Change]], data: st.DataObject
) -> None:
    numbered = list(enumerate(told, 1))
    table = Table()
    applied = 0
    while applied < len(numbered):
        # A batch may begin again before where the last one ended, as after a crash, and may be a replay of anything.
        begin = data.draw(st.integers(0, applied))
        end = data.draw(st.integers(applied + 1, len(numbered)))
        table.apply(numbered[begin:end])
        applied = end
        replayed = data.draw(st.permutations(numbered[:applied]))
        for block in replayed[: data.draw(st.integers(0, len(replayed)))]:
            table.apply([block])
        assert table.content() == plainly(numbered[:applied])
    table.apply(numbered)
    assert table.content() == plainly(numbered)


def test_later_items_of_a_block_win() -> None:
    assert version_of(7, 1) > version_of(7, 0) > version_of(6, 2**20 - 1)


def test_an_index_that_would_spill_into_the_block_is_refused() -> None:
    with pytest.raises(ValueError, match="block"):
        version_of(1, 2**20)


def test_an_erased_person_stays_erased() -> None:
    book = Book([State("ann", stored=5, version=5, erased=True)])
    book.merge(version_of(9, 0), {"identity": "ann", "phone": "+911", "props": {"City": "Pune"}})
    assert book.changed() == []


def test_a_change_that_changes_nothing_is_not_written() -> None:
    book = Book([State("ann", "+911", {"City": "Pune"}, stored=5, version=5)])
    book.merge(version_of(9, 0), {"identity": "ann", "phone": "+911", "props": {"City": "Pune", "Age": None}})
    assert book.changed() == []


def test_a_profile_without_properties_is_a_profile() -> None:
    book = Book([])
    book.merge(version_of(1, 0), {"identity": "ann", "props": {}})
    assert [state.identity for state in book.changed()] == ["ann"]


def test_one_and_true_are_different_values() -> None:
    book = Book([State("ann", "", {"Member": 1}, stored=5, version=5)])
    book.merge(version_of(9, 0), {"identity": "ann", "props": {"Member": True}})
    assert book.changed()[0].props["Member"] is True


@pytest.mark.parametrize(
    ("props", "opted_out"),
    [
        ({}, False),
        ({"MSG-whatsapp": True}, False),
        ({"MSG-whatsapp": False}, True),
        ({"MSG-dndWhatsApp": True}, True),
        ({"MSG-dndWhatsApp": False, "MSG-whatsapp": False}, True),
        ({"MSG-dndWhatsApp": True, "MSG-whatsapp": True}, True),
        ({"MSG-dndWhatsApp": False, "MSG-whatsapp": True}, False),
    ],
)
def test_either_flag_opts_out(props: dict[str, Any], opted_out: bool) -> None:
    assert State("ann", "", props).opted_out is opted_out
