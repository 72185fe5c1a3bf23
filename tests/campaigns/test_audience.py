from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.campaigns.parts import add_people, insert_people, person
from twoticks.campaigns import audience
from twoticks.campaigns.audience import Estimate, Snapshot, clear_members, count_audience, take_snapshot
from twoticks.campaigns.context import Context
from twoticks.errors import Unavailable

ALL = {"segment": "all"}
AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
Row = tuple[int, str, str, str, str]


async def members(desk: Context, campaign: int = 1) -> list[Row]:
    sql = "select seq, identity, phone, arm, held from members final where campaign = {c:UInt32} order by seq"
    return [tuple(row) for row in await desk.facts.query(sql, {"c": campaign})]  # type: ignore[misc]


async def test_members_are_numbered_densely_by_identity(desk: Context) -> None:
    await add_people(desk.facts, 50)
    taken = await take_snapshot(desk, 1, ALL, 0, AT)
    assert taken == Snapshot(50, 0, 0)
    rows = await members(desk)
    assert [row[:2] for row in rows] == [(n, f"user-{n:07d}") for n in range(50)]
    assert {row[3:] for row in rows} == {("target", "")}
    [(at,)] = await desk.facts.query("select distinct at from members")
    assert at == AT


async def test_only_people_who_match_are_in(desk: Context) -> None:
    await add_people(desk.facts, 20)
    field = {"name": "City", "operator": "equals", "value": "Pune"}
    where = {"common_profile_properties": {"profile_fields": [field]}}
    assert (await take_snapshot(desk, 1, {"where": where}, 0, AT)).qualified == 10
    assert {int(identity[5:]) % 2 for _, identity, *_ in await members(desk)} == {0}


async def test_values_that_look_like_sql_stay_values(desk: Context) -> None:
    await add_people(desk.facts, 3)
    field = {"name": "') or 1 --", "operator": "equals", "value": "x') or ('1'='1"}
    where = {"common_profile_properties": {"profile_fields": [field]}}
    assert (await take_snapshot(desk, 1, {"where": where}, 0, AT)).qualified == 0


async def test_erased_people_and_old_versions_are_out(desk: Context) -> None:
    await insert_people(desk.facts, [person(1), person(2)])
    await insert_people(desk.facts, [person(1, version=2, erased=True), person(2, version=2, phone="")])
    await take_snapshot(desk, 1, ALL, 0, AT)
    assert await members(desk) == [(0, "user-0000002", "", "target", "no_phone")]


async def test_the_reasons_to_hold_a_message_back_have_an_order(desk: Context) -> None:
    one = person(1)["phone"]
    await insert_people(
        desk.facts,
        [
            person(1),
            person(2, phone=one),
            person(3, phone=one, opted_out=True),
            person(4, phone="", opted_out=True),
            person(5, opted_out=True),
        ],
    )
    assert await take_snapshot(desk, 1, ALL, 0, AT) == Snapshot(5, 0, 4)
    assert [row[4] for row in await members(desk)] == ["", "duplicate_number", "opted_out", "no_phone", "opted_out"]


async def test_a_number_that_opted_out_gets_nothing_whichever_of_its_profiles_is_in_the_audience(desk: Context) -> None:
    number = person(1)["phone"]
    wish = person(2, phone=number, opted_out=True, texts={"City": "Kochi"}, flags={"MSG-dndWhatsApp": True})
    await insert_people(desk.facts, [person(1, texts={"City": "Pune"}), wish, person(3, texts={"City": "Pune"})])
    field = {"name": "City", "operator": "equals", "value": "Pune"}
    pune = {"where": {"common_profile_properties": {"profile_fields": [field]}}}
    assert (await count_audience(desk, pune, 0)).opted_out == 1
    await take_snapshot(desk, 1, pune, 0, AT)
    assert [(row[1], row[4]) for row in await members(desk)] == [("user-0000001", "opted_out"), ("user-0000003", "")]


async def test_people_with_one_phone_are_in_one_arm(desk: Context) -> None:
    people = [person(n, phone=person(n // 3)["phone"]) for n in range(600)]
    await insert_people(desk.facts, people)
    taken = await take_snapshot(desk, 1, ALL, 50, AT)
    arms: dict[str, set[str]] = {}
    for _, _, number, arm, held in await members(desk):
        arms.setdefault(number, set()).add(arm)
        assert arm == "target" or held == ""
    assert all(len(found) == 1 for found in arms.values())
    assert 0 < taken.control < 600


async def test_the_control_group_has_about_its_share_and_differs_by_campaign(desk: Context) -> None:
    await add_people(desk.facts, 2000)
    drawn = []
    for campaign in (1, 2):
        taken = await take_snapshot(desk, campaign, ALL, 20, AT)
        # Five standard deviations of a binomial: a fair draw leaves this range once in two million times.
        assert abs(taken.control - 400) < 5 * (2000 * 0.2 * 0.8) ** 0.5
        drawn.append({identity for _, identity, _, arm, _ in await members(desk, campaign) if arm == "control"})
    assert drawn[0] != drawn[1]


async def test_the_draw_is_the_same_when_it_is_repeated(desk: Context) -> None:
    await add_people(desk.facts, 300)
    await take_snapshot(desk, 1, ALL, 30, AT)
    before = await members(desk)
    await clear_members(desk, 1)
    assert await members(desk) == []
    await take_snapshot(desk, 1, ALL, 30, AT + timedelta(hours=1))
    assert await members(desk) == before


async def test_clearing_one_campaign_leaves_the_others(desk: Context) -> None:
    await add_people(desk.facts, 5)
    for campaign in (1, 2):
        await take_snapshot(desk, campaign, ALL, 0, AT)
    await clear_members(desk, 1)
    for table in ("members", "members_by_user", "members_by_phone"):
        rows = await desk.facts.query(f"select campaign, count() from {table} group by campaign")
        assert rows == [(2, 5)]


async def test_a_part_of_a_snapshot_is_not_taken_for_the_whole(desk: Context) -> None:
    await add_people(desk.facts, 5)
    await take_snapshot(desk, 1, ALL, 0, AT)
    await desk.facts.command("alter table members delete where seq = 2 settings mutations_sync = 2")
    with pytest.raises(Unavailable):
        await audience._counted(desk, 1)


async def test_an_estimate_says_who_would_be_reached(desk: Context) -> None:
    one = person(1)["phone"]
    await insert_people(
        desk.facts,
        [person(1), person(2, phone=one), person(3, phone=""), person(4, opted_out=True), person(5), person(6)],
    )
    assert await count_audience(desk, ALL, 0) == Estimate(6, 0, 6, 3, 1, 1, 1)
    half = await count_audience(desk, ALL, 50)
    assert (half.control, half.target) == (3, 3)
    field = {"name": "Name", "operator": "equals", "value": "nobody"}
    where = {"common_profile_properties": {"profile_fields": [field]}}
    assert await count_audience(desk, {"where": where}, 10) == Estimate(0, 0, 0, 0, 0, 0, 0)


PEOPLE = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, st.integers(0, 99))
async def test_every_phone_is_sent_to_at_most_once(
    desk: Context, people: list[tuple[int, bool]], percentage: int
) -> None:
    await desk.facts.command("truncate table profiles")
    await clear_members(desk, 9)
    rows = [person(n, phone=f"+91{phone}" if phone else "", opted_out=out) for n, (phone, out) in enumerate(people)]
    if rows:
        await insert_people(desk.facts, rows)
    taken = await take_snapshot(desk, 9, ALL, percentage, AT)
    found = await members(desk, 9)
    sent = Counter(number for _, _, number, arm, held in found if arm == "target" and held == "")
    assert taken.qualified == len(people)
    assert taken.qualified == taken.control + taken.held + sum(sent.values())
    assert max(sent.values(), default=1) == 1
    assert "" not in sent
