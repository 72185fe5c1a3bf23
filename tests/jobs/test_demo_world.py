from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import phonenumbers

from twoticks.jobs.demo_world import BIG_CITIES, PEOPLE, people
from twoticks.people.upload import read_upload
from twoticks.records.items import ProfilesItem


@cache
def world() -> list[dict[str, Any]]:
    return list(people())


def properties() -> list[dict[str, Any]]:
    return [record["profileData"] for record in world()]


def phones() -> list[str]:
    return [data["Phone"] for data in properties() if "Phone" in data]


def test_the_world_is_the_same_every_time() -> None:
    assert list(people(500)) == world()[:500]
    assert list(people(500, seed=8)) != world()[:500]


def test_everybody_has_an_identity_of_their_own() -> None:
    assert len({record["identity"] for record in world()}) == PEOPLE


def test_every_record_is_taken_by_the_upload() -> None:
    for start in range(0, PEOPLE, 1000):
        result = read_upload({"d": world()[start : start + 1000]}, region="IN", now_ms=1_790_000_000_000)
        assert (result.processed, result.unprocessed) == (1000, [])
        [item] = result.items
        assert isinstance(item, ProfilesItem)


def test_numbers_belong_to_the_country_where_their_owner_lives() -> None:
    owners = {data["Phone"]: data["Country"] for data in reversed(properties()) if "Phone" in data}
    found = {phone: phonenumbers.region_code_for_number(phonenumbers.parse(phone)) for phone in list(owners)[::7]}
    assert found == {phone: owners[phone] for phone in found}


def test_american_numbers_are_those_kept_for_made_up_people() -> None:
    assert all("55501" in phone for phone in phones() if phone.startswith("+1"))


def test_some_people_have_no_number_or_share_one() -> None:
    shared = sum(count - 1 for count in Counter(phones()).values())
    assert 40 < PEOPLE - len(phones()) < 140
    assert 60 < shared < 180


def test_some_people_opted_out_or_have_no_name() -> None:
    opted_out = sum(data.get("MSG-whatsapp") is False for data in properties())
    assert 300 < opted_out < 500
    assert 30 < sum("Name" not in data for data in properties()) < 100


def test_most_people_live_in_india_and_two_thirds_in_big_cities() -> None:
    countries = Counter(data["Country"] for data in properties())
    assert set(countries) == {"IN", "AE", "NP", "SG", "GB", "US", "BR"}
    assert countries["IN"] / PEOPLE > 0.85
    assert 0.6 < sum(data["City"] in BIG_CITIES for data in properties()) / PEOPLE < 0.7
