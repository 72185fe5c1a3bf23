"""kill -9 of the whole process at random moments of sending and of receiving: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.plain_provider import PlainProvider, plain_provider
from tests.server import Caller, ServerProcess
from tests.world import add_campaign, add_people, add_provider, add_template

ROUNDS = 20
PEOPLE = 3000
CONCURRENCY = 20

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


class Echo:
    """The provider's side of callbacks: posts each status until it is acknowledged."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        self.acknowledged: set[str] = set()
        self.tasks: list[asyncio.Task[None]] = []

    def expect(self, request: dict[str, Any]) -> None:
        self.tasks.append(asyncio.create_task(self._post(request["msgId"])))

    async def _post(self, reference: str) -> None:
        await asyncio.sleep(random.random())
        statuses = [{"msgId": reference, "status": "delivered", "timestamp": "1764000000"}]
        body = json.dumps({"payloadVersion": "0.1", "statuses": statuses}).encode()
        while True:
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError):
                async with self.session.post(self.url, data=body, timeout=aiohttp.ClientTimeout(5)) as answer:
                    if answer.status == 200:
                        self.acknowledged.add(reference)
                        return
            await asyncio.sleep(0.05)


async def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    dice = random.Random(11)
    server = ServerProcess(tmp_path / "data")
    server.start()
    try:
        await server.ready()
        server.create_key()
        async with aiohttp.ClientSession() as session, plain_provider() as provider:
            caller = Caller(server, session)
            echo = await set_up(caller, provider)
            campaign = await add_campaign(caller, control_group={"type": "campaign", "percentage": 5})
            for _ in range(ROUNDS):
                await asyncio.sleep(dice.uniform(0.05, 0.6))
                server.kill()
                server.start()
                await server.ready()
            await settle_and_check(caller, campaign, provider, echo)
    finally:
        server.kill()


async def set_up(caller: Caller, provider: PlainProvider) -> Echo:
    urls = await add_provider(caller, provider, rate_per_second=150, max_concurrent_requests=CONCURRENCY)
    echo = Echo(urls["status_callback_url"], caller.session)

    async def remember(request: dict[str, Any]) -> None:
        # Every fifth message never gets a callback: what the crash left unknown stays unknown.
        if int(request["to"][-3:]) % 5:
            echo.expect(request)

    provider.before_answer = remember
    await add_template(caller)
    await add_people(caller, PEOPLE)
    return echo


async def settle_and_check(caller: Caller, campaign: int, provider: PlainProvider, echo: Echo) -> None:
    await caller.stats_when(campaign, lambda c: c["qualified"] and c["waiting"] == 0, within=120)
    await asyncio.gather(*echo.tasks)
    final = await caller.stats_when(campaign, lambda c: c["delivered"] == len(echo.acknowledged), within=60)
    counts = final["counts"]
    assert counts["qualified"] == PEOPLE
    assert max(provider.accepted.values()) == 1, "somebody was messaged twice"
    assert counts["unknown"] <= ROUNDS * CONCURRENCY
    assert len(provider.accepted) <= counts["sent"] + counts["unknown"]
    assert counts["sent"] >= len(echo.acknowledged)
    unknown = await caller.ours("GET", f"/api/v1/campaigns/{campaign}/people?in=unknown&limit=1000")
    assert unknown["total"] == counts["unknown"]
