"""Uploads are read record by record, with the answers CleverTap gives."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twoticks.errors import BadInput
from twoticks.people.batch import UploadResult
from twoticks.people.upload import read_upload
from twoticks.records.items import AnyItem, EventsItem, ProfilesItem

NOW = 1_760_000_000_000


def read(*records: object) -> UploadResult:
    return read_upload({"d": list(records)}, region="IN", now_ms=NOW)


def profile(**data: Any) -> dict[str, Any]:
    return {"identity": "ann", "type": "profile", "profileData": data}


def event(name: str = "Charged", ts: object = 1_759_999_000, **data: Any) -> dict[str, Any]:
    return {"identity": "ann", "type": "event", "evtName": name, "ts": ts, "evtData": data}


def taken(record: object) -> dict[str, Any]:
    result = read(record)
    assert result.unprocessed == []
    (item,) = result.items
    assert isinstance(item, ProfilesItem | EventsItem)
    assert item.at == NOW
    (change,) = item.records
    return change


def refusal(record: object) -> dict[str, Any]:
    result = read(record)
    assert result.processed == 0
    assert result.items == []
    (answer,) = result.unprocessed
    return answer


def props(record: object) -> dict[str, Any]:
    found: dict[str, Any] = taken(record)["props"]
    return found


def test_profiles_and_events_become_one_item_of_each_kind() -> None:
    result = read(profile(Name="Ann"), event(Amount=10), profile(Name="Bob"))
    assert result.processed == 3
    profiles, events = result.items
    assert isinstance(profiles, ProfilesItem)
    assert isinstance(events, EventsItem)
    assert [record["props"] for record in profiles.records] == [{"Name": "Ann"}, {"Name": "Bob"}]
    assert [record["props"] for record in events.records] == [{"Amount": 10}]


def test_the_answer_to_a_bad_email_is_clevertaps_to_the_letter() -> None:
    bad = profile(Email="nobody")
    result = read(profile(Email="ann@example.com"), bad)
    assert result.processed == 1
    assert result.unprocessed == [
        {
            "status": "fail",
            "code": 515,
            "error": "Profile data is incorrect. Email is not valid.Skipped record number : 2",
            "record": bad,
        }
    ]


def test_the_answer_to_a_nameless_event_is_clevertaps_to_the_letter() -> None:
    bad = event(name="")
    result = read(event(), bad)
    assert result.unprocessed == [
        {
            "status": "fail",
            "code": 509,
            "error": "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : 2",
            "record": bad,
        }
    ]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (event(name="   "), 509),
        (event(name="x" * 513), 509),
        ({"identity": "ann", "type": "event", "evtData": {}}, 509),
        ({"identity": "ann", "type": "event", "evtName": 7}, 509),
        ({"identity": "ann", "type": "event", "evtName": "a", "evtData": [1]}, 512),
        (profile(Email="a b@example.com"), 515),
        (profile(Email="ann@localhost"), 515),
        (profile(Email=7), 515),
        (profile(Email="a@" + "b" * 250 + ".com"), 515),
        (profile(Phone="12"), 516),
        (profile(Phone="ann"), 516),
        (profile(Phone="+910000000001"), 516),
        (profile(Phone=True), 516),
        (profile(Phone="+91 92132 31415 ext. 5"), 516),
        (profile(Employed="yes"), 517),
        (profile(Education="University"), 518),
        (profile(Married=True), 519),
        (profile(Age=0), 520),
        (profile(Age=120), 520),
        (profile(Age="old"), 520),
        (profile(Age=True), 520),
        (profile(**{f"p{number}": 1 for number in range(257)}), 522),
        ({"type": "profile", "profileData": {}}, 523),
        ({"identity": "", "type": "profile", "profileData": {}}, 523),
        ({"identity": " ", "type": "profile", "profileData": {}}, 523),
        ({"identity": True, "type": "profile", "profileData": {}}, 523),
        ({"identity": None, "type": "event", "evtName": "a"}, 523),
        ({"identity": "x" * 1025, "type": "profile", "profileData": {}}, 523),
        ({"identity": "\ud800", "type": "profile", "profileData": {}}, 523),
        ({"identity": "ann", "type": "token"}, 524),
        ({"identity": "ann"}, 524),
        (event(ts="yesterday"), 525),
        (event(ts=True), 525),
        (event(ts=-1), 525),
        (event(ts=946_684_799), 525),
        (event(ts=NOW // 1000 + 86_401), 525),
        (event(ts=NOW), 525),
        (event(ts=math.nan), 525),
        (event(ts=math.inf), 525),
        ("text", 600),
        (None, 600),
        ({"identity": "ann", "type": "profile"}, 601),
        ({"identity": "ann", "type": "profile", "profileData": "x"}, 601),
        (profile(**{"": 1}), 602),
        (profile(**{"é" * 61: 1}), 602),
        (profile(City="x" * 16_385), 603),
        (profile(City="\ud800"), 603),
        (profile(Tags=["\ud800"]), 603),
        (profile(Born="$D_today"), 603),
        (profile(Score=math.inf), 603),
        (profile(Tags={"$add": ["a"]}), 604),
        (profile(Visits={"$incr": 1}), 604),
        (profile(**{"MSG-whatsapp": "perhaps"}), 605),
    ],
)
def test_each_fault_has_its_code(record: object, code: int) -> None:
    answer = refusal(record)
    assert answer["code"] == code
    assert answer["status"] == "fail"
    assert answer["record"] is record
    assert answer["error"].endswith("Skipped record number : 1")


def test_the_phone_answer_says_so() -> None:
    answer = refusal(profile(Phone="12"))
    assert answer["error"] == "Profile data is incorrect. Phone number is not valid.Skipped record number : 1"


@pytest.mark.parametrize("written", ["+919213231415", "9213231415", "09213231415", "+91 92132-31415", 919213231415])
def test_phones_are_kept_in_e164(written: object) -> None:
    assert taken(profile(Phone=written)) == {"identity": "ann", "phone": "+919213231415", "props": {}}


def test_a_phone_of_null_is_removed_and_an_absent_one_is_left_alone() -> None:
    assert taken(profile(Phone=None))["phone"] == ""
    assert "phone" not in taken(profile(Name="Ann"))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("text", "text"),
        (7, 7),
        (1.5, 1.5),
        (True, True),
        (None, None),
        ("$D_1700000000", 1_700_000_000),
        (["bag", "shoes"], '["bag","shoes"]'),
        ([{"sku": 1}], '[{"sku":1}]'),
        ({"a": 1}, '{"a":1}'),
        ({"$delete": 1}, None),
        ({"$set": ["a"]}, '["a"]'),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (10**400, "1" + "0" * 400),
    ],
)
def test_values_are_kept_by_kind(value: object, kept: object) -> None:
    found = props(profile(Thing=value))["Thing"]
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(("written", "kept"), [(False, False), ("false", False), ("True", True), (1, True), (0, False)])
@pytest.mark.parametrize("name", ["MSG-whatsapp", "MSG-dndWhatsApp"])
def test_consent_is_understood_however_it_is_written(name: str, written: object, kept: bool) -> None:
    assert props(profile(**{name: written}))[name] is kept


def test_ages_written_as_texts_are_numbers() -> None:
    assert props(profile(Age="29"))["Age"] == 29


@pytest.mark.parametrize(
    ("keys", "identity"),
    [
        ({"identity": 555}, "555"),
        ({"identity": "ann@example.com"}, "ann@example.com"),
        ({"FBID": "f1"}, "f1"),
        ({"GPID": "g1"}, "g1"),
        ({"objectId": "o1", "FBID": "f1"}, "o1"),
        ({"identity": "", "objectId": "o1"}, "o1"),
    ],
)
def test_any_of_the_ids_becomes_the_identity(keys: dict[str, object], identity: str) -> None:
    assert taken({**keys, "type": "profile", "profileData": {}})["identity"] == identity


@pytest.mark.parametrize(
    ("ts", "at"),
    [
        (1_521_649_275, 1_521_649_275_000),
        ("1521649275", 1_521_649_275_000),
        (1_521_649_275.25, 1_521_649_275_250),
        (None, NOW),
        (946_684_800, 946_684_800_000),
        (NOW // 1000 + 86_400, NOW + 86_400_000),
    ],
)
def test_event_times_are_unix_seconds(ts: object, at: int) -> None:
    assert taken(event(ts=ts))["at"] == at


def test_an_event_without_data_has_no_properties() -> None:
    assert props({"identity": "ann", "type": "event", "evtName": "register"}) == {}


def number(record: dict[str, Any]) -> int:
    found: int = taken(record)["event_id"]
    return found


def test_the_same_event_told_twice_has_one_number() -> None:
    assert number(event(Amount=10, Items=["a"])) == number(event(Items=["a"], Amount=10))


def test_events_that_differ_in_anything_differ_in_number() -> None:
    records = [
        event(Amount=10),
        event(Amount=11),
        event(Amount=10, Note="x"),
        event(ts=1_759_999_001, Amount=10),
        event(name="Refund", Amount=10),
        {**event(Amount=10), "identity": "bob"},
    ]
    assert len({number(record) for record in records}) == len(records)


def test_an_events_own_id_decides_alone() -> None:
    first, second = {**event(Amount=10), "eventId": "o-1"}, {**event(ts=1_759_999_001), "eventId": "o-1"}
    assert number(first) == number(second) != number({**event(Amount=10), "eventId": "o-2"})


def test_an_event_id_among_the_properties_is_a_property() -> None:
    assert number(event(eventId="concert", Amount=10)) != number(event(eventId="concert", Amount=20))


@pytest.mark.parametrize("body", [None, [], {}, {"d": None}, {"d": {}}, {"d": []}, "x", {"d": [{}] * 1001}])
def test_a_body_that_is_no_list_of_up_to_1000_records_is_refused_whole(body: object) -> None:
    with pytest.raises(BadInput) as caught:
        read_upload(body, region="IN", now_ms=NOW)
    assert caught.value.field == "d"


def test_a_thousand_records_are_taken() -> None:
    assert read(*[profile(Name="Ann")] * 1000).processed == 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["identity", "FBID", "type", "ts", "evtName", "evtData", "profileData", "eventId", "Phone", "Age", "Email"]
)
records = st.dictionaries(
    keys,
    json_values | st.sampled_from(["event", "profile"]) | st.dictionaries(keys | st.text(max_size=4), json_values),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records | json_values, min_size=1, max_size=5))
def test_whatever_json_comes_in_every_record_is_taken_or_answered(sent: list[Any]) -> None:
    result = read(*sent)
    assert result.processed + len(result.unprocessed) == len(sent)
    for item in result.items:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(item), type=AnyItem) == item


def test_answers_can_be_encoded() -> None:
    assert json.dumps(read(event(name=""), profile(Age=0)).unprocessed)
