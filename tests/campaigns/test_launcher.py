from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.campaigns.parts import add_people, add_provider, add_template, eventually, make_context
from tests.campaigns.test_launch import campaign, create
from twoticks.campaigns import launcher as module
from twoticks.campaigns.context import Context
from twoticks.campaigns.launcher import Launcher
from twoticks.errors import Unavailable
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey


@pytest.fixture
async def launcher(desk: Context) -> AsyncIterator[Launcher]:
    started = Launcher(desk)
    await started.start()
    yield started
    await started.stop()


async def test_scheduled_campaigns_are_started(desk: Context, launcher: Launcher) -> None:
    await add_people(desk.facts, 3)
    made = [await create(desk) for _ in range(2)]
    launcher.wake()

    async def running() -> bool:
        return all([(await campaign(desk, one)).status == "running" for one in made])

    await eventually(running)


async def test_a_start_that_fails_is_tried_again_and_says_why(
    desk: Context, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(desk.facts, 3)
    launch = module.launch
    failing = True

    async def fail(context: Context, campaign_id: int) -> bool:
        if failing:
            raise Unavailable("the fact store is full")
        return await launch(context, campaign_id)

    monkeypatch.setattr(module, "launch", fail)
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.05, 0.1))
    monkeypatch.setattr(module, "POLL_SECONDS", 0.05)
    made = await create(desk)
    launcher.wake()

    async def reason() -> str | None:
        return (await campaign(desk, made)).status_reason

    assert await eventually(reason) == "The campaign could not be started yet: the fact store is full"
    failing = False

    async def running() -> bool:
        return (await campaign(desk, made)).status == "running"

    await eventually(running)
    assert await reason() is None


async def test_of_many_launchers_one_starts_a_campaign(
    any_database: Database, facts: FactStore, master_key: MasterKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not any_database.is_postgres:
        # SQLite is for one process, which has one launcher.
        return
    journal = Journal(any_database)
    await journal.start()
    desk = await make_context(any_database, journal, facts, master_key)
    await add_provider(desk.directory)
    await add_template(any_database, desk.directory)
    await add_people(facts, 30)
    made = await create(desk)
    starts = 0
    launch = module.launch

    async def count(context: Context, campaign_id: int) -> bool:
        nonlocal starts
        starts += 1
        await asyncio.sleep(0.2)
        return await launch(context, campaign_id)

    monkeypatch.setattr(module, "launch", count)
    launchers = [Launcher(desk) for _ in range(3)]
    for one in launchers:
        await one.start()

    async def running() -> bool:
        return (await campaign(desk, made)).status == "running"

    await eventually(running)
    for one in launchers:
        await one.stop()
    await journal.stop()
    assert starts == 1
    assert await facts.query("select count(), uniqExact(seq) from members") == [(30, 30)]
