"""Starts scheduled campaigns in the background, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy import func, select

from twoticks.campaigns.context import Context
from twoticks.campaigns.launch import launch
from twoticks.campaigns.lifecycle import SCHEDULED
from twoticks.errors import NotFound, TwoticksError
from twoticks.records.database import Database
from twoticks.records.tables import CampaignRow

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
RETRY_SECONDS = (1.0, 60.0)
"""First and longest pause after a start that failed."""

ADVISORY_LOCK = 0x7477_6C61
"""Class of the PostgreSQL locks that keep two processes from starting one campaign."""


class Launcher:
    """Looks for scheduled campaigns every second, and at once after `wake`.

    A start that fails is tried again for ever, less and less often; `CampaignRow.status_reason` says why meanwhile.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._again: dict[int, tuple[float, float]] = {}
        """Of each campaign whose start failed: when to try again, and the pause before that."""

    async def start(self) -> None:
        """Begin; campaigns whose start a crash interrupted are among the first."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="launcher")

    async def stop(self) -> None:
        """Finish the start under way and end."""
        self._stopping.set()
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    def wake(self) -> None:
        """There is a new campaign."""
        self._wake.set()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                for campaign_id in await self._scheduled():
                    if self._stopping.is_set():
                        return
                    await self._launch(campaign_id)
            except Exception as error:
                log.warning("launcher_failed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def _scheduled(self) -> list[int]:
        wanted = select(CampaignRow.id).where(CampaignRow.status == SCHEDULED).order_by(CampaignRow.id)
        async with self._context.database.session() as session:
            found = (await session.scalars(wanted)).all()
        now = asyncio.get_running_loop().time()
        self._again = {campaign: wait for campaign, wait in self._again.items() if campaign in found}
        return [campaign for campaign in found if campaign not in self._again or self._again[campaign][0] <= now]

    async def _launch(self, campaign_id: int) -> None:
        try:
            async with _alone(self._context.database, campaign_id) as alone:
                if alone:
                    await launch(self._context, campaign_id)
            self._again.pop(campaign_id, None)
        except NotFound:
            self._again.pop(campaign_id, None)
        except Exception as error:
            first, longest = RETRY_SECONDS
            _, before = self._again.get(campaign_id, (0.0, 0.0))
            pause = min(before * 2, longest) if before else first
            self._again[campaign_id] = (asyncio.get_running_loop().time() + pause, pause)
            await self._note(campaign_id, error)

    async def _note(self, campaign_id: int, error: Exception) -> None:
        log.warning("campaign_not_started", campaign=campaign_id, error=type(error).__name__, exc_info=error)
        words = error.message if isinstance(error, TwoticksError) else "an unexpected error, see the log"
        with suppress(TwoticksError):
            async with self._context.database.transaction() as session:
                campaign = await session.get(CampaignRow, campaign_id)
                if campaign is not None and campaign.status == SCHEDULED:
                    campaign.status_reason = f"The campaign could not be started yet: {words}"


@asynccontextmanager
async def _alone(database: Database, campaign_id: int) -> AsyncIterator[bool]:
    """Whether no other process is starting this campaign; SQLite has one process.

    The lock lives as long as this session's transaction, so a process that dies gives it up.
    """
    if not database.is_postgres:
        yield True
        return
    async with database.session() as session:
        yield bool(await session.scalar(select(func.pg_try_advisory_xact_lock(ADVISORY_LOCK, campaign_id))))
