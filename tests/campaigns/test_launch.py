from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from tests.campaigns.parts import add_people, campaign_body, insert_people, make_context, person
from tests.campaigns.test_audience import members
from twoticks.campaigns import launch as module
from twoticks.campaigns.context import Context
from twoticks.campaigns.creation import create_campaign
from twoticks.campaigns.launch import launch
from twoticks.campaigns.lifecycle import move
from twoticks.campaigns.search import get_campaign
from twoticks.errors import Unavailable
from twoticks.records.items import MembersItem
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import CampaignRow, Chunk


async def create(desk: Context, **changes: Any) -> int:
    return (await create_campaign(desk, campaign_body(**changes), "test")).id


async def campaign(desk: Context, campaign_id: int) -> CampaignRow:
    async with desk.database.session() as session:
        return await get_campaign(session, campaign_id)


async def chunks(desk: Context) -> list[tuple[int, int, str, int]]:
    async with desk.database.session() as session:
        rows = await session.scalars(select(Chunk).order_by(Chunk.id))
        return [(row.first_seq, row.last_seq, row.state, row.fence) for row in rows]


async def facts_of(desk: Context, campaign_id: int) -> Counter[tuple[str, str]]:
    words = {number: row.code for number, row in (await desk.dictionary.all()).items()}
    sql = "select kind, key, seq, at from facts final where campaign = {c:UInt32}"
    rows = await desk.facts.query(sql, {"c": campaign_id})
    return Counter((kind, words.get(key, "")) for kind, key, _, _ in rows)


async def members_items(desk: Context) -> list[MembersItem]:
    blocks = await desk.journal.read(0, 1000)
    return [item for block in blocks for item in block.items if isinstance(item, MembersItem)]


async def test_a_started_campaign_runs_with_chunks_over_all_members(desk: Context) -> None:
    await add_people(desk.facts, 25)
    made = await create(desk, deadline_seconds=90)
    before = datetime.now(UTC)
    assert await launch(desk, made)
    row = await campaign(desk, made)
    assert (row.status, row.qualified) == ("running", 25)
    assert row.started_at is not None
    assert row.deadline is not None
    assert row.started_at.microsecond == 0
    assert timedelta(0) <= before - row.started_at < timedelta(seconds=2)
    assert row.deadline - row.started_at == timedelta(seconds=90)
    assert await chunks(desk) == [(0, 9, "ready", 0), (10, 19, "ready", 0), (20, 24, "ready", 0)]
    assert not await launch(desk, made)


async def test_those_who_are_never_sent_to_have_their_facts(desk: Context) -> None:
    one = person(0)["phone"]
    people = [person(n) for n in range(100)]
    await insert_people(
        desk.facts,
        [*people, person(100, phone=one), person(101, phone=""), person(102, opted_out=True), person(103, phone="")],
    )
    made = await create(desk, control_group={"type": "campaign", "percentage": 30})
    await launch(desk, made)
    expected: Counter[tuple[str, str]] = Counter()
    for _, _, _, arm, held in await members(desk, made):
        if arm == "control":
            expected["control", ""] += 1
        elif held:
            expected["not_attempted", held] += 1
    assert await facts_of(desk, made) == expected
    assert expected["control", ""] > 0
    started = (await campaign(desk, made)).started_at
    assert await desk.facts.query("select distinct at from facts") == [(started,)]


async def test_the_journal_holds_the_snapshot(desk: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 10)
    await add_people(desk.facts, 25)
    await insert_people(desk.facts, [person(30, opted_out=True)])
    made = await create(desk, control_group={"type": "campaign", "percentage": 50})
    await launch(desk, made)
    before = await members(desk, made)
    items = await members_items(desk)
    assert [item.campaign for item in items] == [made] * 3
    await desk.facts.command("truncate table members")
    for item in items:
        await desk.facts.insert("members", pa.ipc.open_stream(item.arrow).read_all())
    assert await members(desk, made) == before
    [(at,)] = await desk.facts.query("select distinct at from members")
    assert at == (await campaign(desk, made)).started_at


async def test_an_empty_audience_completes_at_once(desk: Context) -> None:
    made = await create(desk)
    await launch(desk, made)
    row = await campaign(desk, made)
    assert (row.status, row.qualified) == ("completed", 0)
    assert row.completed_at is not None
    assert await chunks(desk) == []


async def test_a_launch_waits_for_what_was_uploaded_before(desk: Context, master_key: MasterKey) -> None:
    waited: list[int] = []

    async def drained(block_id: int) -> None:
        waited.append(block_id)
        await add_people(desk.facts, 7)

    late = await make_context(desk.database, desk.journal, desk.facts, master_key, drained=drained)
    head = await desk.journal.append(MembersItem(at=0, campaign=99, arrow=b""))
    made = await create(late)
    await launch(late, made)
    assert waited == [head]
    assert (await campaign(late, made)).qualified == 7


STEPS = ["take_snapshot", "_publish", "_hold_back", "_journal", "_open", "_add_chunks"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_launch_that_broke_off_is_done_once_in_the_end(
    desk: Context, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await add_people(desk.facts, 15)
    await insert_people(desk.facts, [person(30, opted_out=True)])
    made = await create(desk, control_group={"type": "campaign", "percentage": 20})

    async def fail(*_: object, **__: object) -> None:
        raise Unavailable("no room")

    with monkeypatch.context() as patched:
        patched.setattr(module, step, fail)
        with pytest.raises(Unavailable):
            await launch(desk, made)
    row = await campaign(desk, made)
    assert row.status == "scheduled"
    assert await chunks(desk) == []
    published = row.qualified is not None
    assert published == (step not in ("take_snapshot", "_publish"))
    # People who come between the tries are in only if nothing was published yet.
    await insert_people(desk.facts, [person(0, identity="aaa", phone="+919899999999")])
    assert await launch(desk, made)
    row = await campaign(desk, made)
    assert (row.status, row.qualified) == ("running", 16 if published else 17)
    found = await members(desk, made)
    assert [seq for seq, *_ in found] == list(range(row.qualified or 0))
    for table in ("members_by_user", "members_by_phone"):
        [(numbers, rows)] = await desk.facts.query(f"select uniqExact(seq), count() from {table} final")
        assert numbers == rows
    assert sum((await facts_of(desk, made)).values()) == sum(arm == "control" or held != "" for *_, arm, held in found)
    assert len(await chunks(desk)) == 2


async def test_a_campaign_stopped_while_it_is_counted_leaves_no_members(
    desk: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(desk.facts, 5)
    made = await create(desk)
    take = module.take_snapshot

    async def take_and_stop(*arguments: Any) -> Any:
        taken = await take(*arguments)
        async with desk.database.transaction() as session:
            await move(session, await get_campaign(session, made), "stopped")
        return taken

    monkeypatch.setattr(module, "take_snapshot", take_and_stop)
    assert not await launch(desk, made)
    row = await campaign(desk, made)
    assert (row.status, row.qualified, row.started_at) == ("stopped", None, None)
    assert await members(desk, made) == []
    assert await chunks(desk) == []
