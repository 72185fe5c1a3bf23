"""Accounts for the messages of stopped campaigns that were never tried."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from twoticks.campaigns.lifecycle import STOPPED, close_if_settled
from twoticks.dispatch.chunks import Chunks, Lease
from twoticks.dispatch.messages import Leavings, Loader
from twoticks.records.database import Database
from twoticks.records.journal import Journal
from twoticks.vocabulary import NotAttempted

log = structlog.get_logger(__name__)

CHUNKS_AT_ONCE = 20


class Sweeper:
    """Takes the chunks of stopped campaigns once no worker sends from them any more."""

    def __init__(self, database: Database, journal: Journal, chunks: Chunks, loader: Loader) -> None:
        self._database = database
        self._journal = journal
        self._chunks = chunks
        self._loader = loader
        self._turn = asyncio.Lock()

    async def sweep(self, campaigns: Sequence[int]) -> None:
        """Settle what is free of `campaigns`; does nothing while an earlier call is at it."""
        if not campaigns or self._turn.locked():
            return
        async with self._turn:
            try:
                await self._sweep(campaigns)
            except Exception as error:
                log.warning("sweep_failed", error=type(error).__name__, exc_info=error)

    async def _sweep(self, campaigns: Sequence[int]) -> None:
        while leases := await self._chunks.lease(campaigns, CHUNKS_AT_ONCE, status=STOPPED):
            for lease in leases:
                await self._settle(lease)
        for campaign_id in campaigns:
            async with self._database.transaction() as session:
                await close_if_settled(session, campaign_id)

    async def _settle(self, lease: Lease) -> None:
        leavings = Leavings(lease.campaign_id)
        for seq, _, _ in await self._loader.remaining(lease):
            leavings.add(seq, NotAttempted.STOPPED)
        await leavings.journal(self._journal)
        await self._chunks.settle(lease)
