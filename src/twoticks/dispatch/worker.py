"""The dispatcher: keeps every provider busy with chunks of the campaigns that run."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from twoticks.campaigns.directory import Directory
from twoticks.campaigns.lifecycle import PAUSED, close_if_settled, move
from twoticks.campaigns.search import get_campaign
from twoticks.dispatch.board import Board
from twoticks.dispatch.chunkrun import ChunkRun
from twoticks.dispatch.chunks import Chunks, Lease, release_all
from twoticks.dispatch.lane import Lane
from twoticks.dispatch.messages import Loader
from twoticks.dispatch.sender import LOOK_SECONDS, Closing, Sender
from twoticks.dispatch.sweep import Sweeper
from twoticks.errors import Conflict, TwoticksError
from twoticks.facts.store import FactStore
from twoticks.providers.base import SendError
from twoticks.providers.transport import Transport
from twoticks.records.database import Database
from twoticks.records.journal import Journal
from twoticks.settings import Settings
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References

log = structlog.get_logger(__name__)

FAILURE_SECONDS = 1.0
"""Pause after a chunk that could not be sent: whatever a store suffers from needs a moment."""

GRACE_SECONDS = 5.0
"""At the end of a worker: how long a message that the provider put off may still be tried again."""


class Dispatcher:
    """Sends what running campaigns have to send. Any number of them, in any number of processes, may share the work."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        facts: FactStore,
        directory: Directory,
        transport: Transport,
        references: References,
        tokens: LinkTokens,
        settings: Settings,
        drained: Callable[[int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._journal = journal
        self._directory = directory
        self._references = references
        self._tokens = tokens
        self._settings = settings
        self._chunks = Chunks(database, uuid.uuid4().hex, settings.lease_seconds)
        self._board = Board(database)
        self._closing = Closing()
        self._loader = Loader(database, journal, facts, settings.base_url, drained)
        self._sender = Sender(journal, transport, self._board, self._closing, self._pause_campaign)
        self._sweeper = Sweeper(database, journal, self._chunks, self._loader)
        self._lanes: dict[int, Lane] = {}
        self._in_hand: dict[int, Lease] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    async def start(self, *, alone: bool = False) -> None:
        """Begin. `alone`: no other worker can be alive, so that chunks an earlier one held are free at once."""
        if alone:
            await release_all(self._database)
        self._loops = [
            asyncio.create_task(self._run(), name="dispatcher"),
            asyncio.create_task(self._renew(), name="dispatcher-leases"),
        ]

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Try no new message, see those under way to their answers, and give the chunks back."""
        self._closing.begin(grace_seconds)
        self._wake.set()
        if not self._loops:
            return
        await self._loops[0]
        while self._under_way:
            await asyncio.wait(self._under_way)
        self._loops[1].cancel()
        with suppress(asyncio.CancelledError):
            await self._loops[1]
        self._loops = []

    async def _run(self) -> None:
        while not self._closing.begun:
            self._wake.clear()
            try:
                await self._board.refresh()
                if stopped := list(self._board.stopped()):
                    self._start(self._sweeper.sweep(stopped))
                for provider_id, campaigns in self._board.sending().items():
                    await self._fill_safely(provider_id, campaigns)
            except Exception as error:
                log.warning("dispatch_failed", error=type(error).__name__, exc_info=error)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def _fill_safely(self, provider_id: int, campaigns: list[int]) -> None:
        """A provider that cannot be used must not hold up the others."""
        try:
            await self._fill(provider_id, campaigns)
        except Exception as error:
            log.warning("lane_failed", provider=provider_id, exc_info=error)

    async def _fill(self, provider_id: int, campaigns: list[int]) -> None:
        """Lease chunks until the provider's lane is full; a campaign without any left may be complete."""
        provider = await self._directory.get(provider_id)
        if provider_id not in self._lanes:
            self._lanes[provider_id] = Lane(provider)
        lane = self._lanes[provider_id]
        lane.adjust(provider)
        room = lane.room(self._settings.chunk_size)
        if room <= 0:
            return
        leases = await self._chunks.lease(campaigns, room, held=list(self._in_hand))
        for lease in leases:
            self._in_hand[lease.chunk_id] = lease
            lane.chunks += 1
            self._start(self._work(lease, lane))
        busy = {lease.campaign_id for lease in self._in_hand.values()}
        if len(leases) < room:
            for campaign_id in campaigns:
                if campaign_id not in busy:
                    await self._close(campaign_id)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _work(self, lease: Lease, lane: Lane) -> None:
        """Send one chunk, and hand it back if that failed: whoever leases it next tries only what was not attempted."""
        try:
            await self._send(lease, lane)
        except Exception as error:
            log.warning("chunk_failed", chunk=lease.chunk_id, campaign=lease.campaign_id, exc_info=error)
            await asyncio.sleep(FAILURE_SECONDS)
            with suppress(TwoticksError):
                await self._chunks.release(lease)
        finally:
            del self._in_hand[lease.chunk_id]
            lane.chunks -= 1
            self._wake.set()

    async def _send(self, lease: Lease, lane: Lane) -> None:
        chunk = await self._loader.load(lease)
        run = ChunkRun(
            chunk, lane, sender=self._sender, journal=self._journal, board=self._board, closing=self._closing
        )
        if await run.run(self._references, self._tokens):
            await self._chunks.settle(lease)
            await self._close(lease.campaign_id)
        else:
            await self._chunks.release(lease)

    async def _close(self, campaign_id: int) -> None:
        async with self._database.transaction() as session:
            if await close_if_settled(session, campaign_id):
                log.info("campaign_completed", campaign=campaign_id)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            try:
                if self._in_hand:
                    await self._chunks.renew(list(self._in_hand.values()))
            except Exception as error:
                log.warning("leases_not_renewed", error=type(error).__name__)

    async def _pause_campaign(self, campaign_id: int, error: SendError) -> None:
        """Every further message would be refused the same way: somebody must look first."""
        if not self._board.of(campaign_id).sending:
            return
        self._board.hold(campaign_id)
        reason = f"The provider refused our credentials ({error.code}): correct them, then go on."
        with suppress(Conflict):
            async with self._database.transaction() as session:
                await move(session, await get_campaign(session, campaign_id), PAUSED, reason)
        log.warning("campaign_paused", campaign=campaign_id, code=error.code)
