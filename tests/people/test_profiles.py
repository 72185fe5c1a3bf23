"""Profiles and events of people in a real fact store."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twoticks.facts.store import FactStore
from twoticks.people.profiles import Profile, apply_events, apply_profiles, load_profiles
from twoticks.records.items import EventsItem, ProfilesItem

NOW = 1_760_000_000_000


def item(*records: dict[str, Any]) -> ProfilesItem:
    return ProfilesItem(at=NOW, records=list(records))


def change(identity: str, phone: str | None = None, **props: Any) -> dict[str, Any]:
    return {"identity": identity, "props": props} | ({} if phone is None else {"phone": phone})


def happening(identity: str = "ann", at: int = NOW, event_id: int = 1, **props: Any) -> dict[str, Any]:
    return {"identity": identity, "name": "Charged", "at": at, "event_id": event_id, "props": props}


async def erase(facts: FactStore, identity: str) -> None:
    row = {
        "identity": [identity],
        "phone": [""],
        "version": pa.array([2**64 - 1], pa.uint64()),
        "erased": [True],
    }
    await facts.insert("profiles", pa.table(row))


async def test_every_kind_of_value_comes_back_as_it_was(facts: FactStore) -> None:
    props = {"Name": "Ann", "Age": 29, "Score": 0.5, "Member": True, "Zero": 0, "No": False, "Big": 2**53, "Empty": ""}
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911", **props)))])
    found = (await load_profiles(facts, ["ann"]))["ann"]
    assert found == Profile("ann", "+911", False, props)
    assert {name: type(value) for name, value in found.props.items()} == {
        name: type(value) for name, value in props.items()
    }


async def test_names_and_values_may_hold_anything(facts: FactStore) -> None:
    awkward = "'; drop table profiles -- \\ \" ` \n \t \0 {x:String} % नमस्ते 🙂"
    await apply_profiles(facts, [(1, 0, item(change(awkward, **{awkward: awkward})))])
    assert (await load_profiles(facts, [awkward]))[awkward].props == {awkward: awkward}


async def test_later_changes_win_property_by_property(facts: FactStore) -> None:
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911", City="Pune", Age=29), change("ann", City="Delhi")))])
    await apply_profiles(facts, [(2, 1, item(change("ann", Age=None))), (2, 0, item(change("ann", Age=30, Vip=True)))])
    assert (await load_profiles(facts, ["ann"]))["ann"] == Profile("ann", "+911", False, {"City": "Delhi", "Vip": True})


async def test_a_property_that_changes_its_kind_has_one_value(facts: FactStore) -> None:
    await apply_profiles(facts, [(1, 0, item(change("ann", Plan="gold")))])
    await apply_profiles(facts, [(2, 0, item(change("ann", Plan=2)))])
    assert (await load_profiles(facts, ["ann"]))["ann"].props == {"Plan": 2}


async def test_unknown_and_erased_people_have_no_profile(facts: FactStore) -> None:
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911"), change("bob")))])
    await erase(facts, "bob")
    assert set(await load_profiles(facts, ["ann", "bob", "cem"])) == {"ann"}


async def test_nobody_asked_for_is_nobody(facts: FactStore) -> None:
    assert await load_profiles(facts, []) == {}


async def test_erased_people_stay_erased(facts: FactStore) -> None:
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911", City="Pune")))])
    await erase(facts, "ann")
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911", City="Pune"))), (2, 0, item(change("ann", Age=1)))])
    assert await load_profiles(facts, ["ann"]) == {}
    assert await apply_events(facts, [EventsItem(at=NOW, records=[happening("ann")])]) == set()
    assert await facts.query("select count() from user_events") == [(0,)]


async def test_a_number_opts_out_for_everyone_who_has_it(facts: FactStore) -> None:
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911"), change("bob", "+911"), change("cem", "+912")))])
    await apply_profiles(facts, [(2, 0, item(change("bob", "+912")))])
    dnd = {"MSG-dndWhatsApp": True}
    await apply_profiles(facts, [(3, 0, item({"phone_is": "+911", "props": dnd}, {"phone_is": "+919", "props": dnd}))])
    found = await load_profiles(facts, ["ann", "bob", "cem"])
    assert {name for name, profile in found.items() if profile.opted_out} == {"ann"}


async def test_a_number_given_in_the_same_batch_opts_out(facts: FactStore) -> None:
    opting_out = {"phone_is": "+911", "props": {"MSG-dndWhatsApp": True}}
    await apply_profiles(facts, [(1, 0, item(change("ann", "+911"))), (2, 0, item(opting_out))])
    assert (await load_profiles(facts, ["ann"]))["ann"].opted_out


async def test_opting_out_is_kept_beside_the_profile(facts: FactStore) -> None:
    await apply_profiles(facts, [(1, 0, item(change("ann", **{"MSG-whatsapp": False}), change("bob")))])
    assert await facts.query("select identity, opted_out from profiles final order by identity") == [
        ("ann", True),
        ("bob", False),
    ]


changes = st.builds(
    change,
    st.sampled_from(["ann", "bob"]),
    st.none() | st.sampled_from(["+911", "+912", ""]),
    City=st.sampled_from(["Pune", 1, True, None]),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(told=st.lists(st.lists(changes, min_size=1, max_size=2), min_size=2, max_size=5), data=st.data())
async def test_any_replay_ends_in_the_same_profiles(
    facts: FactStore, told: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    await facts.command("truncate table profiles")
    numbered = [(block, 0, item(*records)) for block, records in enumerate(told, 1)]
    for entry in numbered:
        await apply_profiles(facts, [entry])
    expected = await load_profiles(facts, ["ann", "bob"])
    cut = data.draw(st.integers(1, len(numbered)))
    await apply_profiles(facts, numbered[:cut])
    for entry in data.draw(st.permutations(numbered))[:2]:
        await apply_profiles(facts, [entry])
    assert await load_profiles(facts, ["ann", "bob"]) == expected


async def test_events_are_kept_with_their_receipt_time_and_told_by_name(facts: FactStore) -> None:
    props = {"Amount": 499.5, "Store": "Pune", "Gift": True, "Count": 2}
    records = [happening(**props), {**happening("bob", event_id=2), "name": "Seen"}]
    assert await apply_events(facts, [EventsItem(at=NOW + 5, records=records)]) == {"Charged", "Seen"}
    ((at, received, event_id, texts, numbers, flags),) = await facts.query(
        "select toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(received), event_id, texts, numbers, flags"
        " from user_events where identity = 'ann'"
    )
    assert (at, received, event_id) == (NOW, NOW + 5, 1)
    assert (texts, numbers, flags) == ({"Store": "Pune"}, {"Amount": 499.5, "Count": 2.0}, {"Gift": True})


async def test_an_event_told_again_is_one_event(facts: FactStore) -> None:
    for _ in range(2):
        await apply_events(facts, [EventsItem(at=NOW, records=[happening(), happening(event_id=2)])])
    assert await facts.query("select count() from user_events final") == [(2,)]


async def test_events_of_twenty_years_can_come_at_once(facts: FactStore) -> None:
    month = 30 * 86_400_000
    records = [happening(at=NOW - number * month, event_id=number + 1) for number in range(240)]
    await apply_events(facts, [EventsItem(at=NOW, records=records)])
    assert await facts.query("select count() from user_events") == [(240,)]


@pytest.mark.parametrize("items", [[], [EventsItem(at=NOW, records=[])]])
async def test_no_events_are_no_rows(facts: FactStore, items: list[EventsItem]) -> None:
    assert await apply_events(facts, items) == set()


async def test_more_people_than_one_question_takes(facts: FactStore) -> None:
    names = [f"person {number}" for number in range(5001)]
    await apply_profiles(facts, [(1, 0, item(*[change(name, N=1) for name in names]))])
    await apply_profiles(facts, [(2, 0, item(*[change(name, N=2) for name in names]))])
    found = await load_profiles(facts, names)
    assert len(found) == 5001
    assert {profile.props["N"] for profile in found.values()} == {2}
