"""Goal events convert the messages whose window holds them: nothing else, and only once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twoticks.facts.store import FactStore
from twoticks.tracking.conversions import Conversions, Goal

START = 1_760_000_000_000
HOUR = 3_600_000
ALWAYS = {"received_from": 0, "received_to": START + 10_000 * HOUR}
TIME = pa.timestamp("ms", "UTC")


@dataclass(frozen=True)
class Member:
    identity: str
    campaign: int = 1
    seq: int = 0
    control: bool = False
    at: int = START


@dataclass(frozen=True)
class Event:
    identity: str
    at: int = START + HOUR
    event_id: int = 1
    name: str = "Charged"
    amount: float | str | None = 10.0
    received: int = START + 2 * HOUR


async def add_members(facts: FactStore, *members: Member) -> None:
    columns = {
        "campaign": pa.array([member.campaign for member in members], pa.uint32()),
        "seq": pa.array([member.seq for member in members], pa.uint32()),
        "identity": pa.array([member.identity for member in members]),
        "phone": pa.array(["" for _ in members]),
        "arm": pa.array([int(member.control) for member in members], pa.int8()),
        "held": pa.array([0 for _ in members], pa.int8()),
        "run": pa.array([0 for _ in members], pa.uint32()),
        "at": pa.array([member.at for member in members], TIME),
    }
    await facts.insert("members", pa.table(columns))


async def add_events(facts: FactStore, *events: Event) -> None:
    def having(kind: type) -> list[list[tuple[str, Any]]]:
        return [[("Amount", event.amount)] if isinstance(event.amount, kind) else [] for event in events]

    columns = {
        "name": pa.array([event.name for event in events]),
        "identity": pa.array([event.identity for event in events]),
        "at": pa.array([event.at for event in events], TIME),
        "received": pa.array([event.received for event in events], TIME),
        "event_id": pa.array([event.event_id for event in events], pa.uint64()),
        "texts": pa.array(having(str), pa.map_(pa.string(), pa.string())),
        "numbers": pa.array(having(float), pa.map_(pa.string(), pa.float64())),
    }
    await facts.insert("user_events", pa.table(columns))


async def conversions(facts: FactStore) -> dict[tuple[int, int, int], tuple[int, Decimal]]:
    rows = await facts.query(
        "select campaign, seq, event_id, toUnixTimestamp64Milli(at), amount from conversions final"
    )
    return {(campaign, seq, event_id): (at, amount) for campaign, seq, event_id, at, amount in rows}


async def converted(facts: FactStore) -> set[tuple[int, int, int]]:
    return set(
        await facts.query(
            "select campaign, seq, toUnixTimestamp64Milli(at) from facts final"
            " where kind = 'converted' and key = 0 and event = 0 and block = 0"
        )
    )


def goal(campaign: int = 1, hours: int = 24, name: str = "Charged", revenue: str | None = "Amount") -> Goal:
    return Goal(campaign, name, hours * 3600, revenue)


async def test_an_event_in_the_window_converts_the_message(facts: FactStore) -> None:
    await add_members(facts, Member("ann", seq=7))
    await add_events(facts, Event("ann", event_id=99, amount=499.5))
    assert await Conversions(facts).run([goal()], **ALWAYS) == 1
    assert await conversions(facts) == {(1, 7, 99): (START + HOUR, Decimal("499.5"))}
    assert await converted(facts) == {(1, 7, START + HOUR)}


async def test_the_fact_has_the_receipt_time_of_the_event(facts: FactStore) -> None:
    await add_members(facts, Member("ann"))
    await add_events(facts, Event("ann"))
    await Conversions(facts).run([goal()], **ALWAYS)
    assert await facts.query("select toUnixTimestamp64Milli(received) from facts") == [(START + 2 * HOUR,)]


async def test_control_members_convert_too(facts: FactStore) -> None:
    await add_members(facts, Member("ann", seq=0), Member("bob", seq=1, control=True))
    await add_events(facts, Event("ann"), Event("bob", event_id=2))
    await Conversions(facts).run([goal()], **ALWAYS)
    assert {seq for _, seq, _ in await converted(facts)} == {0, 1}
    ((size,),) = await facts.query("select groupBitmapMerge(msgs) from tallies where kind = 'converted'")
    assert size == 2


async def test_the_window_holds_its_beginning_and_not_its_end(facts: FactStore) -> None:
    await add_members(facts, Member("ann"))
    times = [START - 1, START, START + HOUR - 1, START + HOUR]
    await add_events(facts, *[Event("ann", at=at, event_id=number) for number, at in enumerate(times, 1)])
    await Conversions(facts).run([goal(hours=1)], **ALWAYS)
    assert {event_id for _, _, event_id in await conversions(facts)} == {2, 3}


async def test_every_campaign_has_its_own_window(facts: FactStore) -> None:
    await add_members(facts, Member("ann", campaign=1), Member("ann", campaign=2), Member("ann", campaign=3))
    await add_events(facts, Event("ann", at=START + 5 * HOUR))
    await Conversions(facts).run([goal(1, hours=5), goal(2, hours=6), goal(3, hours=24)], **ALWAYS)
    assert {campaign for campaign, _, _ in await conversions(facts)} == {2, 3}


async def test_every_message_of_a_campaign_to_the_person_converts(facts: FactStore) -> None:
    await add_members(facts, Member("ann", seq=0), Member("ann", seq=1, at=START + HOUR // 2))
    await add_events(facts, Event("ann"))
    await Conversions(facts).run([goal()], **ALWAYS)
    assert {seq for _, seq, _ in await conversions(facts)} == {0, 1}


async def test_other_events_and_campaigns_without_a_goal_do_not_count(facts: FactStore) -> None:
    await add_members(facts, Member("ann", campaign=1), Member("ann", campaign=2))
    await add_events(facts, Event("ann", name="Seen"), Event("bob", event_id=2))
    assert await Conversions(facts).run([goal(1)], **ALWAYS) == 0
    assert await Conversions(facts).run([], **ALWAYS) == 0
    assert await conversions(facts) == {}


async def test_only_events_received_in_the_range_are_looked_at(facts: FactStore) -> None:
    await add_members(facts, Member("ann"))
    await add_events(facts, *[Event("ann", event_id=number, received=START + number) for number in (1, 2, 3, 4)])
    await Conversions(facts).run([goal()], received_from=START + 1, received_to=START + 3)
    assert {event_id for _, _, event_id in await conversions(facts)} == {2, 3}


STATED: list[tuple[float | str | None, str]] = [
    (499.5, "499.5"),
    (1.13, "1.13"),
    (19.99, "19.99"),
    (0.1 + 0.2, "0.3"),
    (-20.0, "-20"),
    (0.00004, "0"),
    (0.00006, "0.0001"),
    (1e300, "90000000000000"),
    (-1e300, "-90000000000000"),
    ("499.50", "499.5"),
    ("a lot", "0"),
    ("inf", "0"),
    ("nan", "0"),
    (None, "0"),
]


async def test_revenue_is_a_decimal(facts: FactStore) -> None:
    await add_members(facts, Member("ann"))
    await add_events(
        facts, *[Event("ann", event_id=number, amount=stated) for number, (stated, _) in enumerate(STATED)]
    )
    await Conversions(facts).run([goal()], **ALWAYS)
    amounts = {event_id: amount for (_, _, event_id), (_, amount) in (await conversions(facts)).items()}
    assert amounts == {number: Decimal(amount) for number, (_, amount) in enumerate(STATED)}


async def test_a_goal_without_revenue_has_amounts_of_zero(facts: FactStore) -> None:
    await add_members(facts, Member("ann"))
    await add_events(facts, Event("ann"))
    await Conversions(facts).run([goal(revenue=None)], **ALWAYS)
    assert [amount for _, amount in (await conversions(facts)).values()] == [Decimal(0)]


async def test_an_event_told_again_later_counts_once_with_its_last_amount(facts: FactStore) -> None:
    await add_members(facts, Member("ann"))
    await add_events(facts, Event("ann", amount=10.0, received=START + 1))
    await add_events(facts, Event("ann", amount=12.0, received=START + 2))
    await Conversions(facts).run([goal()], **ALWAYS)
    assert [amount for _, amount in (await conversions(facts)).values()] == [Decimal(12)]
    assert len(await converted(facts)) == 1


people = st.sampled_from(["ann", "bob", "cem"])
hours = st.integers(0, 5)
members = st.lists(
    st.builds(
        Member,
        people,
        campaign=st.integers(1, 3),
        seq=st.integers(0, 3),
        control=st.booleans(),
        at=hours.map(lambda hour: START + hour * HOUR),
    ),
    max_size=8,
    unique_by=lambda member: (member.campaign, member.seq),
)
events = st.lists(
    st.builds(
        Event,
        people,
        at=hours.map(lambda hour: START + hour * HOUR),
        event_id=st.integers(1, 2**64 - 1),
        name=st.sampled_from(["Charged", "Seen"]),
        amount=st.none() | st.integers(-(10**6), 10**6).map(lambda cents: cents / 100),
        received=hours.map(lambda hour: START + hour * HOUR),
    ),
    max_size=10,
    unique_by=lambda event: event.event_id,
)
goals = st.lists(
    st.builds(goal, st.integers(1, 3), st.integers(1, 4), st.sampled_from(["Charged", "Seen"])),
    max_size=3,
    unique_by=lambda one: one.campaign,
)


def plainly(members: list[Member], events: list[Event], goals: list[Goal]) -> dict[Any, Any]:
    return {
        (member.campaign, member.seq, event.event_id): (event.at, Decimal(str(event.amount or 0)))
        for one in goals
        for member in members
        for event in events
        if member.campaign == one.campaign
        and event.name == one.event_name
        and event.identity == member.identity
        and member.at <= event.at < member.at + one.window_seconds * 1000
    }


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(members, events, goals, st.integers(-1, 6), st.booleans())
async def test_any_division_of_time_and_any_repetition_finds_what_plain_python_finds(
    facts: FactStore, members: list[Member], events: list[Event], goals: list[Goal], cut: int, again: bool
) -> None:
    for table in ("members", "members_by_user", "user_events", "conversions", "facts", "tallies"):
        await facts.command(f"truncate table {table}")
    await add_members(facts, *members)
    await add_events(facts, *events)
    job = Conversions(facts)
    middle = START + cut * HOUR
    for begin, end in [(0, middle), (middle, START + 9 * HOUR)] * (1 + again):
        await job.run(goals, received_from=begin, received_to=end)
    expected = plainly(members, events, goals)
    assert await conversions(facts) == expected
    assert await converted(facts) == {(campaign, seq, at) for (campaign, seq, _), (at, _) in expected.items()}
