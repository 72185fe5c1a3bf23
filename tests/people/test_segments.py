"""Segments find exactly the people their conditions describe, and say what they do not understand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twoticks.errors import BadInput
from twoticks.facts.store import FactStore
from twoticks.people.profiles import apply_profiles
from twoticks.people.segments import Condition, compile_segment, compile_where
from twoticks.records.items import ProfilesItem

AWKWARD = "') or 1=1 -- {x:String} \\ ; %s"


def where(*conditions: object) -> dict[str, Any]:
    return {"common_profile_properties": {"profile_fields": list(conditions)}}


def condition(name: str, operator: str, *value: object) -> dict[str, Any]:
    return {"name": name, "operator": operator} | ({"value": value[0]} if value else {})


async def fill(facts: FactStore, people: dict[str, tuple[str, dict[str, Any]]]) -> None:
    records: list[dict[str, object]] = [
        {"identity": identity, "phone": phone, "props": props} for identity, (phone, props) in people.items()
    ]
    await facts.command("truncate table profiles")
    await apply_profiles(facts, [(1, 0, ProfilesItem(at=1, records=records))])


async def find(facts: FactStore, condition: Condition) -> set[str]:
    rows = await facts.query(f"select identity from profiles final where {condition.sql}", condition.parameters)
    return {identity for (identity,) in rows}


PEOPLE: dict[str, tuple[str, dict[str, Any]]] = {
    "ann": ("+919213231415", {"City": "Pune", "Age": 29, "Vip": True, "Score": 0.5, "Joined": 1_700_000_000}),
    "bob": ("+919213231416", {"City": "Delhi", "Age": 41, "Vip": False}),
    "cem": ("", {"City": "pune", "Age": "29"}),
    "dia": ("+14155551234", {AWKWARD: AWKWARD}),
    "42": ("", {}),
}


CASES: list[tuple[list[dict[str, Any]], set[str]]] = [
    ([condition("City", "equals", "Pune")], {"ann"}),
    ([condition("City", "equals", ["Pune", "Delhi"])], {"ann", "bob"}),
    ([condition("City", "in", ["Pune", "Delhi"])], {"ann", "bob"}),
    ([condition("City", "not_equals", "Pune")], {"bob", "cem", "dia", "42"}),
    ([condition("City", "not_in", ["Pune", "Delhi"])], {"cem", "dia", "42"}),
    ([condition("City", "contains", "un")], {"ann", "cem"}),
    ([condition("City", "contains", ["un", "el"])], {"ann", "bob", "cem"}),
    ([condition("City", "not_contains", "un")], {"bob", "dia", "42"}),
    ([condition("City", "does_not_contain", "un")], {"bob", "dia", "42"}),
    ([condition("City", "exists")], {"ann", "bob", "cem"}),
    ([condition("City", "not_exists")], {"dia", "42"}),
    ([condition("City", "does_not_exist", None)], {"dia", "42"}),
    ([condition("Age", "equals", 29)], {"ann", "cem"}),
    ([condition("Age", "equals", "29")], {"ann", "cem"}),
    ([condition("Age", "equals", 29.0)], {"ann", "cem"}),
    ([condition("Age", "greater_than", 29)], {"bob"}),
    ([condition("Age", "greater_than", "29")], {"bob"}),
    ([condition("Age", "greater_than_equals", 29)], {"ann", "bob"}),
    ([condition("Age", "less_than", 41)], {"ann"}),
    ([condition("Age", "less_than_equals", [10, 41])], {"ann", "bob"}),
    ([condition("Age", "between", [29, 40])], {"ann"}),
    ([condition("Age", "between", ["29", "41"])], {"ann", "bob"}),
    ([condition("Vip", "equals", True)], {"ann"}),
    ([condition("Vip", "equals", "True")], {"ann"}),
    ([condition("Vip", "equals", "false")], {"bob"}),
    ([condition("Vip", "not_equals", True)], {"bob", "cem", "dia", "42"}),
    ([condition("Score", "equals", 0.5)], {"ann"}),
    ([condition("Joined", "equals", "$D_1700000000")], {"ann"}),
    ([condition("Joined", "greater_than", "$D_1600000000")], {"ann"}),
    ([condition("Identity", "equals", 42)], {"42"}),
    ([condition("Identity", "in", ["ann", "bob"])], {"ann", "bob"}),
    ([condition("Identity", "contains", "n")], {"ann"}),
    ([condition("Phone", "exists")], {"ann", "bob", "dia"}),
    ([condition("Phone", "not_exists")], {"cem", "42"}),
    ([condition("Phone", "contains", "+91")], {"ann", "bob"}),
    ([condition("Phone", "equals", "+919213231415")], {"ann"}),
    ([condition("Phone", "equals", "")], set()),
    ([condition(AWKWARD, "equals", AWKWARD)], {"dia"}),
    ([condition("City", "exists"), condition("Age", "greater_than", 20)], {"ann", "bob"}),
    ([condition("Age", "greater_than", 20), condition("Age", "less_than", 40)], {"ann"}),
]


async def test_conditions_find_the_people_they_describe(facts: FactStore) -> None:
    await fill(facts, PEOPLE)
    found = [(asked, await find(facts, compile_where(where(*asked)))) for asked, _ in CASES]
    assert found == CASES


async def test_the_segment_all_finds_everyone(facts: FactStore) -> None:
    await fill(facts, PEOPLE)
    assert await find(facts, compile_segment("all")) == set(PEOPLE)


FIELDS = "where.common_profile_properties.profile_fields"


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        (None, "where.common_profile_properties", "missing"),
        ([], "where.common_profile_properties", "missing"),
        ({}, "where.common_profile_properties", "missing"),
        ({"event_name": "Charged"}, "where.common_profile_properties", "missing"),
        (where(condition("a", "exists")) | {"event_name": "Charged"}, "where.event_name", "event_name"),
        (where(condition("a", "exists")) | {"advanced_query": {"did_all": []}}, "where.advanced_query", "advanced"),
        ({"common_profile_properties": {}}, FIELDS, "missing"),
        ({"common_profile_properties": [1]}, FIELDS, "missing"),
        (
            {"common_profile_properties": {"profile_fields": [1], "technographics": [1]}},
            "where.common_profile_properties.technographics",
            "technographics",
        ),
        (where(), FIELDS, "1 to 100"),
        (where(*[condition("a", "exists")] * 101), FIELDS, "1 to 100"),
        ({"common_profile_properties": {"profile_fields": {"name": "a"}}}, FIELDS, "1 to 100"),
        (where("a"), f"{FIELDS}[0]", "object"),
        (where(condition("a", "exists") | {"from": 1}), f"{FIELDS}[0].from", "from"),
        (where(condition("", "exists")), f"{FIELDS}[0].name", "name"),
        (where({"operator": "exists"}), f"{FIELDS}[0].name", "name"),
        (where(condition("\ud800", "exists")), f"{FIELDS}[0].name", "Unicode"),
        (where(condition("a", "exists"), condition("a", "like", "x")), f"{FIELDS}[1].operator", "operator"),
        (where({"name": "a"}), f"{FIELDS}[0].operator", "operator"),
        (where({"name": "a", "operator": ["equals"]}), f"{FIELDS}[0].operator", "operator"),
        (where(condition("a", "equals")), f"{FIELDS}[0].value", "value"),
        (where(condition("a", "equals", [])), f"{FIELDS}[0].value", "1 to 1000"),
        (where(condition("a", "equals", ["x"] * 1001)), f"{FIELDS}[0].value", "1 to 1000"),
        (where(condition("a", "equals", {"x": 1})), f"{FIELDS}[0].value", "value"),
        (where(condition("a", "equals", [["x"]])), f"{FIELDS}[0].value", "value"),
        (where(condition("a", "equals", "\ud800")), f"{FIELDS}[0].value", "Unicode"),
        (where(condition("a", "equals", float("inf"))), f"{FIELDS}[0].value", "large"),
        (where(condition("a", "equals", 10**400)), f"{FIELDS}[0].value", "large"),
        (where(condition("a", "greater_than", "many")), f"{FIELDS}[0].value", "numbers"),
        (where(condition("a", "less_than", True)), f"{FIELDS}[0].value", "numbers"),
        (where(condition("a", "between", [1])), f"{FIELDS}[0].value", "two numbers"),
        (where(condition("a", "between", 1)), f"{FIELDS}[0].value", "two numbers"),
        (where(condition("a", "exists", False)), f"{FIELDS}[0].value", "no value"),
        (where(condition("Phone", "greater_than", 1)), f"{FIELDS}[0].value", "texts"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(asked: object, field: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        compile_where(asked)
    assert caught.value.field == field
    assert said in caught.value.message


@pytest.mark.parametrize("segment", ["vips", 7, None, "ALL"])
def test_other_segments_do_not_exist(segment: object) -> None:
    with pytest.raises(BadInput):
        compile_segment(segment)


def test_empty_parts_that_say_nothing_are_accepted() -> None:
    asked = where(condition("a", "exists")) | {"event_name": None, "advanced_query": {}}
    assert compile_where(asked) == compile_where(where(condition("a", "exists")))


def test_nothing_the_caller_wrote_is_in_the_sql() -> None:
    compiled = compile_where(where(condition("zebra", "equals", "lion"), condition("zebra", "contains", "lion")))
    assert not re.search("zebra|lion", compiled.sql)
    assert compiled.parameters["segment_0_name"] == "zebra"
    assert compiled.parameters["segment_1_texts"] == ["lion"]


names = st.sampled_from(["a", "b", "Phone", "Identity"])
texts = st.sampled_from(["", "x", "xy", "7", "7.5", "-1", "true", "False", "$D_7", "+911", "p1", "é"])
numbers = st.sampled_from([-1, 0, 7, 7.0, 7.5, 1e300, 2**53])
scalars = texts | numbers | st.booleans()
properties = st.dictionaries(st.sampled_from(["a", "b"]), scalars.filter(lambda value: value != "$D_7"))
crowds = st.lists(st.tuples(st.sampled_from(["", "+911", "+912"]), properties), min_size=1, max_size=8)
numeric = st.sampled_from([-1, 0, 7, 7.5, "7", "7.5", "$D_7"])
compared = st.sampled_from(["greater_than", "greater_than_equals", "less_than", "less_than_equals"])
equality = st.sampled_from(["equals", "not_equals", "in", "not_in", "contains", "not_contains"])
conditions = st.one_of(
    st.builds(condition, names, equality, scalars | st.lists(scalars, min_size=1, max_size=3)),
    st.builds(condition, st.sampled_from(["a", "b"]), compared, numeric | st.lists(numeric, min_size=1, max_size=2)),
    st.builds(condition, st.sampled_from(["a", "b"]), st.just("between"), st.lists(numeric, min_size=2, max_size=2)),
    st.builds(condition, names, st.sampled_from(["exists", "not_exists"])),
)


def as_number(value: Any) -> float:
    return float(str(value).removeprefix("$D_"))


def same(have: Any, asked: Any) -> bool:
    if isinstance(have, bool):
        return have is asked or (isinstance(asked, str) and asked.lower() == str(have).lower())
    if isinstance(have, str):
        return have == (str(asked).lower() if isinstance(asked, bool) else written(asked))
    try:
        return not isinstance(asked, bool) and have == as_number(asked)
    except ValueError:
        return False


def written(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def holds(have: Any, operator: str, asked: Any) -> bool:
    options = asked if isinstance(asked, list) else [asked]
    missing = have is None
    match operator:
        case "exists":
            return not missing
        case "equals" | "in":
            return not missing and any(same(have, option) for option in options)
        case "contains":
            return isinstance(have, str) and any(
                (str(option).lower() if isinstance(option, bool) else written(option)) in have for option in options
            )
        case "not_exists" | "not_equals" | "not_in" | "not_contains":
            return not holds(have, operator.replace("not_", ""), asked)
    if missing or isinstance(have, str | bool):
        return False
    bounds = [as_number(option) for option in options]
    match operator:
        case "greater_than":
            return have > min(bounds)
        case "greater_than_equals":
            return have >= min(bounds)
        case "less_than":
            return have < max(bounds)
        case "less_than_equals":
            return have <= max(bounds)
    return bounds[0] <= have <= bounds[1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(crowds, st.lists(st.lists(conditions, min_size=1, max_size=3), min_size=6, max_size=12))
async def test_the_store_agrees_with_plain_python(
    facts: FactStore, crowd: list[tuple[str, dict[str, Any]]], segments: list[list[dict[str, Any]]]
) -> None:
    people = {f"p{number}": person for number, person in enumerate(crowd)}
    await fill(facts, people)

    def value(identity: str, name: str) -> Any:
        phone, props = people[identity]
        return (
            {"Phone": phone or None, "Identity": identity}.get(name)
            if name in ("Phone", "Identity")
            else props.get(name)
        )

    for asked in segments:
        expected = {
            identity
            for identity in people
            if all(holds(value(identity, one["name"]), one["operator"], one.get("value")) for one in asked)
        }
        assert await find(facts, compile_where(where(*asked))) == expected, asked
