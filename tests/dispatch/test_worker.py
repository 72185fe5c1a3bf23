from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from tests.campaigns.parts import add_people, add_template, eventually, insert_people, make_context, person
from tests.campaigns.parts import add_provider as configure
from tests.dispatch.parts import (
    REFERENCES,
    Drained,
    items,
    make_dispatcher,
    outcomes,
    set_status,
    start_campaign,
    status,
    working,
)
from tests.plain_provider import PlainProvider, plain_provider
from tests.world import phone
from twoticks.campaigns.context import Context
from twoticks.campaigns.search import get_campaign
from twoticks.dispatch.worker import Dispatcher
from twoticks.facts.store import FactStore
from twoticks.providers.transport import Transport
from twoticks.records.database import Database
from twoticks.records.items import AnswerItem, AttemptItem, NotAttemptedItem
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import Chunk


async def reaches(desk: Context, campaign: int, wanted: str, within: float = 20) -> None:
    async def reached() -> bool:
        return await status(desk, campaign) == wanted

    await eventually(reached, within)


async def settled(desk: Context) -> None:
    async def all_settled() -> bool:
        async with desk.database.session() as session:
            return set(await session.scalars(select(Chunk.state))) == {"settled"}

    await eventually(all_settled, 20)


def numbers(count: int) -> list[str]:
    return sorted(phone(n)[1:] for n in range(count))


async def test_everybody_gets_exactly_one_message(desk: Context, transport: Transport, remote: PlainProvider) -> None:
    await add_people(desk.facts, 45)
    campaign = await start_campaign(desk)
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    assert sorted(request["to"] for request in remote.requests) == numbers(45)
    assert {request["msgId"] for request in remote.requests} == {REFERENCES.encode(campaign, n) for n in range(45)}
    assert sorted(item.seq for item in await items(desk.journal, AttemptItem)) == list(range(45))
    assert await outcomes(desk.journal) == {"sent": 45}
    async with desk.database.session() as session:
        assert (await get_campaign(session, campaign)).completed_at is not None


async def test_the_control_group_and_those_held_back_get_none(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    await insert_people(desk.facts, [person(n, opted_out=n % 5 == 0) for n in range(60)])
    campaign = await start_campaign(desk, control_group={"type": "campaign", "percentage": 30})
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    rows = await desk.facts.query("select phone, arm, held from members final")
    targets = {number[1:] for number, arm, held in rows if arm == "target" and held == ""}
    assert {request["to"] for request in remote.requests} == targets
    assert 0 < len(targets) < 48


async def test_each_answer_has_its_outcome(desk: Context, transport: Transport, remote: PlainProvider) -> None:
    how = {"0": "failure", "1": "throttle", "2": "error", "3": "late"}
    remote.behave = lambda number: how.get(number[-1], "ok")
    remote.late_seconds = 1.5
    await configure(desk.directory, "hasty", remote.url, timeout_seconds=0.5)
    await add_template(desk.database, desk.directory, "hasty")
    await add_people(desk.facts, 20)
    campaign = await start_campaign(desk, provider_nick_name="hasty")
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    found = {item.seq: item for item in await items(desk.journal, AnswerItem)}
    expected = {"0": "refused", "2": "refused", "3": "unknown"}
    assert {seq: item.outcome for seq, item in found.items()} == {
        n: expected.get(str(n % 10), "sent") for n in range(20)
    }
    assert (found[0].kind, found[0].code) == ("invalid_number", "2002")
    assert found[3].kind == "timeout"
    assert len(await items(desk.journal, AttemptItem)) == 20
    assert max(Counter(request["to"] for request in remote.requests).values()) == 1


async def test_a_missing_value_is_not_attempted(desk: Context, transport: Transport, remote: PlainProvider) -> None:
    await insert_people(desk.facts, [person(n, texts={"Name": "x"} if n % 2 else {}) for n in range(30)])
    content = {"template_name": "order_ready", "body": {"replacements": ["${Name}", "x"]}}
    campaign = await start_campaign(desk, content=content)
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    left = [seq for item in await items(desk.journal, NotAttemptedItem) for seq in item.seqs]
    assert sorted(left) == list(range(0, 30, 2))
    assert {item.reason for item in await items(desk.journal, NotAttemptedItem)} == {"missing_value"}
    assert sorted(item.seq for item in await items(desk.journal, AttemptItem)) == list(range(1, 30, 2))


async def test_an_unreachable_provider_refuses_at_the_deadline(desk: Context, transport: Transport) -> None:
    await configure(desk.directory, "gone", "http://127.0.0.1:9/send")
    await add_template(desk.database, desk.directory, "gone")
    await add_people(desk.facts, 5)
    campaign = await start_campaign(desk, provider_nick_name="gone", deadline_seconds=1)
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    answers = await items(desk.journal, AnswerItem)
    assert {(answer.outcome, answer.kind, answer.permanent) for answer in answers} == {
        ("refused", "unavailable", False)
    }
    assert len(answers) == 5


async def test_one_provider_out_of_order_does_not_hold_up_another(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    await configure(desk.directory, "gone", "http://127.0.0.1:9/send")
    await add_template(desk.database, desk.directory, "gone")
    await add_people(desk.facts, 300)
    stuck = await start_campaign(desk, provider_nick_name="gone")
    campaign = await start_campaign(desk)
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
        assert await status(desk, stuck) == "running"
        await set_status(desk, stuck, "stopped")
        await settled(desk)


async def test_two_workers_share_a_campaign(desk: Context, transport: Transport, remote: PlainProvider) -> None:
    await add_people(desk.facts, 150)
    campaign = await start_campaign(desk)
    async with working(desk, transport, chunk_size=10), working(desk, transport, chunk_size=10):
        await reaches(desk, campaign, "completed")
    assert sorted(request["to"] for request in remote.requests) == numbers(150)
    assert len(await items(desk.journal, AttemptItem)) == 150


async def test_workers_of_several_processes_share_a_campaign(
    postgres_dsn: str, facts: FactStore, master_key: MasterKey, transport: Transport, remote: PlainProvider
) -> None:
    databases = [await Database.open(postgres_dsn) for _ in range(3)]
    journals = [Journal(database) for database in databases]
    desks = []
    for database, journal in zip(databases, journals, strict=True):
        await journal.start()
        desks.append(await make_context(database, journal, facts, master_key, drained=Drained(journal, facts)))
    await configure(desks[0].directory, endpoint=remote.url, timeout_seconds=5)
    await add_template(databases[0], desks[0].directory)
    await add_people(facts, 120)
    campaign = await start_campaign(desks[0])
    dispatchers = [make_dispatcher(desk, transport) for desk in desks]
    for dispatcher in dispatchers:
        await dispatcher.start()
    await reaches(desks[0], campaign, "completed")
    for dispatcher, journal, database in zip(dispatchers, journals, databases, strict=True):
        await dispatcher.stop()
        await journal.stop()
        await database.close()
    assert sorted(request["to"] for request in remote.requests) == numbers(120)


async def test_a_crash_between_request_and_answer_never_sends_twice(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    await configure(desk.directory, "few", remote.url, max_concurrent_requests=7, timeout_seconds=5)
    await add_template(desk.database, desk.directory, "few")
    await add_people(desk.facts, 40)
    campaign = await start_campaign(desk, provider_nick_name="few")
    for_ever = asyncio.Event()

    async def stay(request: dict[str, Any]) -> None:
        if len(remote.requests) > 15:
            await for_ever.wait()

    async def stuck() -> bool:
        return len(remote.requests) >= 16 + 6

    remote.before_answer = stay
    crashed = make_dispatcher(desk, transport, lease_seconds=1)
    await crashed.start()
    await eventually(stuck)
    await kill(crashed)
    for_ever.set()
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    assert sorted(request["to"] for request in remote.requests) == numbers(40)
    attempts = [item.seq for item in await items(desk.journal, AttemptItem)]
    answers = [item.seq for item in await items(desk.journal, AnswerItem)]
    assert sorted(attempts) == list(range(40))
    assert len(set(answers)) == len(answers) == 40 - 7


async def kill(dispatcher: Dispatcher) -> None:
    """End a worker as a dead process ends: with no further step of any of its tasks."""
    deliveries = [task for task in asyncio.all_tasks() if "_deliver" in repr(task.get_coro())]
    tasks = [*dispatcher._loops, *dispatcher._under_way, *deliveries]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_alone_a_worker_takes_over_at_once_what_an_earlier_one_held(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    await add_people(desk.facts, 10)
    campaign = await start_campaign(desk)
    dead = make_dispatcher(desk, transport, lease_seconds=3600)
    assert len(await dead._chunks.lease([campaign], 5)) == 1
    dispatcher = make_dispatcher(desk, transport)
    await dispatcher.start(alone=True)
    await reaches(desk, campaign, "completed")
    await dispatcher.stop()
    assert len(remote.requests) == 10


async def test_a_pause_is_seen_within_a_second_and_undone(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    provider = await configure(desk.directory, "slow", remote.url, rate_per_second=20, timeout_seconds=5)
    await add_template(desk.database, desk.directory, "slow")
    await add_people(desk.facts, 60)
    campaign = await start_campaign(desk, provider_nick_name="slow")

    async def some() -> bool:
        return len(remote.requests) >= 5

    async with working(desk, transport):
        for pause, go_on in [
            (set_status(desk, campaign, "paused"), lambda: set_status(desk, campaign, "running")),
            (desk.directory.pause(provider.id, "no budget"), lambda: desk.directory.pause(provider.id, None)),
        ]:
            await eventually(some)
            await pause
            await asyncio.sleep(1.2)
            before = len(remote.requests)
            await asyncio.sleep(0.5)
            assert len(remote.requests) == before < 60
            await go_on()
        await reaches(desk, campaign, "completed")
    assert sorted(request["to"] for request in remote.requests) == numbers(60)


async def test_refused_credentials_pause_the_campaign(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    auth = {"basic": {"username": "tester", "password": "wrong"}}
    await configure(desk.directory, "locked", remote.url, auth=auth, max_concurrent_requests=2)
    await add_template(desk.database, desk.directory, "locked")
    await add_people(desk.facts, 50)
    campaign = await start_campaign(desk, provider_nick_name="locked")
    async with working(desk, transport):
        await reaches(desk, campaign, "paused")
        await asyncio.sleep(0.7)
        answers = await items(desk.journal, AnswerItem)
        assert 1 <= len(answers) <= 8
        assert {(a.outcome, a.kind) for a in answers} == {("refused", "authentication")}
    async with desk.database.session() as session:
        reason = (await get_campaign(session, campaign)).status_reason
    assert reason is not None
    assert "credentials" in reason


async def test_a_stopped_worker_sees_its_requests_to_their_answers(
    desk: Context, transport: Transport, remote: PlainProvider
) -> None:
    await add_people(desk.facts, 100)
    campaign = await start_campaign(desk)
    remote.behave = lambda number: "late"
    remote.late_seconds = 0.3
    await configure(desk.directory, "few", remote.url, max_concurrent_requests=5, timeout_seconds=5)
    dispatcher = make_dispatcher(desk, transport)
    await dispatcher.start()

    async def some() -> bool:
        return len(remote.requests) >= 8

    await eventually(some)
    await dispatcher.stop()
    attempts = {item.seq for item in await items(desk.journal, AttemptItem)}
    answers = {item.seq for item in await items(desk.journal, AnswerItem)}
    assert attempts == answers
    assert len(attempts) == len(remote.requests) < 100
    assert await outcomes(desk.journal) == {"sent": len(attempts)}
    async with desk.database.session() as session:
        assert "leased" not in set(await session.scalars(select(Chunk.state)))
    remote.behave = lambda number: "ok"
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    assert sorted(request["to"] for request in remote.requests) == numbers(100)


async def test_a_store_that_fails_for_a_moment_costs_nothing(
    desk: Context, transport: Transport, remote: PlainProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(desk.facts, 30)
    campaign = await start_campaign(desk)
    query = desk.facts.query
    failures = 3

    async def fail(*arguments: Any, **named: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError("no answer")
        return await query(*arguments, **named)

    monkeypatch.setattr(desk.facts, "query", fail)
    async with working(desk, transport):
        await reaches(desk, campaign, "completed")
    assert sorted(request["to"] for request in remote.requests) == numbers(30)


async def test_two_providers_have_a_lane_each(desk: Context, transport: Transport, remote: PlainProvider) -> None:
    async with plain_provider() as other:
        await configure(desk.directory, "second", other.url)
        await add_template(desk.database, desk.directory, "second")
        await add_people(desk.facts, 20)
        campaigns = [await start_campaign(desk), await start_campaign(desk, provider_nick_name="second")]
        async with working(desk, transport):
            for campaign in campaigns:
                await reaches(desk, campaign, "completed")
        assert sorted(remote.accepted) == sorted(other.accepted) == numbers(20)
