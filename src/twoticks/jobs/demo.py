"""Fills in an account and runs three campaigns in it, all through the public HTTP API."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import structlog

from twoticks.errors import Conflict
from twoticks.jobs import demo_plan
from twoticks.jobs.demo_api import Api
from twoticks.jobs.demo_shoppers import Shoppers
from twoticks.jobs.demo_world import PEOPLE, SEED, people

log = structlog.get_logger(__name__)

BATCH = 1000
PAUSE_S = 8.0
"""Between the starts of two campaigns."""


@dataclass(slots=True)
class DemoResult:
    """What the demo made."""

    profiles: int = 0
    campaigns: dict[str, int] = field(default_factory=dict)
    """Ids by name."""
    purchases: int = 0


async def run_demo(
    base_url: str,
    account_id: str,
    passcode: str,
    *,
    progress: Callable[[str], object],
    count: int = PEOPLE,
    seconds: float = math.inf,
) -> DemoResult:
    """Fill the account in, start the campaigns, and let people shop for `seconds` or until cancelled.

    `progress` is told in words what happens. On an account that has the demo's provider and templates already, these
    are used and the campaigns run once more.
    """
    async with aiohttp.ClientSession() as session:
        demo = _Demo(Api(session, base_url, account_id, passcode), base_url, progress)
        await demo.set_up()
        shopping = asyncio.create_task(demo.shoppers.run(seconds))
        try:
            await demo.fill(count)
            await shopping
        finally:
            shopping.cancel()
            with suppress(asyncio.CancelledError):
                await shopping
        demo.result.purchases = demo.shoppers.purchases
        return demo.result


class _Demo:
    def __init__(self, api: Api, base_url: str, progress: Callable[[str], object]) -> None:
        self._api = api
        self._base_url = base_url
        self._progress = progress
        self._started: float | None = None
        self.shoppers = Shoppers(api, SEED)
        self.result = DemoResult()

    async def set_up(self) -> None:
        """The provider and its templates."""
        with suppress(Conflict):
            await self._api.post("/api/v1/providers", demo_plan.provider())
        for template in demo_plan.templates(self._base_url):
            with suppress(Conflict):
                await self._api.post("/api/v1/templates", template)
        self._progress("The sandbox provider and three templates are set up.")

    async def fill(self, count: int) -> None:
        """Upload people, and start each campaign as soon as those it waits for are in."""
        plans = demo_plan.campaigns()
        batch = []
        for record in people(count):
            batch.append(record)
            if len(batch) == BATCH:
                await self._upload(batch)
                batch = []
                while plans and plans[0].after_people < 1 and self.result.profiles >= plans[0].after_people * count:
                    await self._start(plans.pop(0))
        if batch:
            await self._upload(batch)
        self._progress(f"{self.result.profiles:,} people are uploaded.")
        for plan in plans:
            await self._start(plan)

    async def _upload(self, batch: list[dict[str, object]]) -> None:
        answer = await self._api.post("/1/upload", {"d": batch})
        self.result.profiles += answer["processed"]

    async def _start(self, plan: demo_plan.Plan) -> None:
        clock = asyncio.get_running_loop()
        if self._started is not None:
            await asyncio.sleep(max(self._started + PAUSE_S - clock.time(), 0))
        self._started = clock.time()
        name = plan.body["name"]
        campaign = (await self._api.post("/1/targets/create.json", plan.body))["id"]
        self.result.campaigns[name] = campaign
        self.shoppers.watch(campaign)
        log.info("demo_campaign_started", campaign=campaign)
        self._progress(f"{name}: {self._base_url}/campaigns/{campaign}")
