"""Sends one leased chunk."""

from __future__ import annotations

import asyncio

from twoticks.dispatch.board import Board
from twoticks.dispatch.lane import Lane
from twoticks.dispatch.messages import ChunkMessages
from twoticks.dispatch.sender import LOOK_SECONDS, Closing, Letter, Sender
from twoticks.records.journal import Journal
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References


class ChunkRun:
    """Sends a chunk's messages as fast as its lane allows, as many at once as the lane has slots."""

    def __init__(
        self, chunk: ChunkMessages, lane: Lane, *, sender: Sender, journal: Journal, board: Board, closing: Closing
    ) -> None:
        self._chunk = chunk
        self._lane = lane
        self._sender = sender
        self._journal = journal
        self._board = board
        self._closing = closing
        self._failed: BaseException | None = None

    async def run(self, references: References, tokens: LinkTokens) -> bool:
        """Whether the chunk is finished: False when the campaign or the worker was to stop first.

        Messages under way are always seen to their end. Raises what kept a message from being attempted.
        """
        under_way: set[asyncio.Task[None]] = set()
        finished = True
        for seq, message in self._chunk.letters(references, tokens):
            slots = self._lane.slots
            if not await self._turn(slots):
                finished = False
                break
            letter = Letter(self._chunk.lease.campaign_id, seq, message, self._lane, self._chunk.lease)
            task = asyncio.create_task(self._deliver(letter, slots))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        while under_way:
            await asyncio.wait(under_way)
        if self._failed is not None:
            raise self._failed
        await self._chunk.leavings.journal(self._journal)
        return finished

    async def _turn(self, slots: asyncio.Semaphore) -> bool:
        """Take a slot and a token; False when no more may be sent from this chunk."""
        await slots.acquire()
        while self._may_send():
            if await self._lane.bucket.take(LOOK_SECONDS):
                return True
        slots.release()
        return False

    def _may_send(self) -> bool:
        lease = self._chunk.lease
        return (
            self._failed is None
            and lease.valid
            and not self._closing.begun
            and self._board.of(lease.campaign_id).sending
        )

    async def _deliver(self, letter: Letter, slots: asyncio.Semaphore) -> None:
        try:
            await self._sender.send(letter)
        except Exception as error:
            self._failed = self._failed or error
        finally:
            slots.release()
