"""One message: the attempt is on disk before the request, the answer is on disk before the message counts as done.

A message that was asked for and not answered is unknown for ever, or until a callback proves it: never sent again.
A "not now" (429, 503, no connection) is no acceptance, so the same attempt asks again until the campaign's deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from twoticks.dispatch.board import Board
from twoticks.dispatch.chunks import Lease
from twoticks.dispatch.lane import Lane
from twoticks.errors import Unavailable
from twoticks.providers.base import OutgoingMessage, SendError
from twoticks.providers.transport import Transport
from twoticks.records.items import AnswerItem, AttemptItem
from twoticks.records.journal import Journal
from twoticks.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

Outcome = Literal["sent", "refused", "unknown"]

LOOK_SECONDS = 0.5
"""How long to wait for anything before looking whether the campaign may still send."""


class Closing:
    """Whether the worker is to end, and how long what is under way may still take."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._until = float("inf")

    def begin(self, grace_seconds: float) -> None:
        """End; a message that a provider put off may be tried again for `grace_seconds`."""
        self._until = time.monotonic() + grace_seconds
        self.event.set()

    @property
    def begun(self) -> bool:
        """Whether no new message may be tried."""
        return self.event.is_set()

    @property
    def over(self) -> bool:
        """Whether nothing may be tried again either."""
        return time.monotonic() >= self._until


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way, the lane it takes, and the lease that allows it."""

    campaign: int
    seq: int
    message: OutgoingMessage
    lane: Lane
    lease: Lease


class Sender:
    """Sends letters. `refused_credentials` is told of a campaign whose provider does not know us (any more)."""

    def __init__(
        self,
        journal: Journal,
        transport: Transport,
        board: Board,
        closing: Closing,
        refused_credentials: Callable[[int, SendError], Awaitable[None]],
    ) -> None:
        self._journal = journal
        self._transport = transport
        self._board = board
        self._closing = closing
        self._refused_credentials = refused_credentials

    async def send(self, letter: Letter) -> None:
        """Attempt, ask, and record what came back; raises `Unavailable` only while nothing was asked."""
        await self._journal.append(AttemptItem(at=_now(), campaign=letter.campaign, seq=letter.seq))
        if not letter.lease.valid:
            # Another worker may already look at what was attempted: it may miss this attempt, so we must not ask.
            log.warning("lease_lost_before_request", campaign=letter.campaign, seq=letter.seq)
            return
        error = await self._ask(letter)
        if error is not None and error.kind is ErrorKind.AUTHENTICATION and error.permanent:
            await self._refused_credentials(letter.campaign, error)

    async def _ask(self, letter: Letter) -> SendError | None:
        """Ask until there is an answer that counts, record it, and give the error if it was one."""
        while True:
            provider = letter.lane.provider
            try:
                accepted = await self._transport.send(
                    provider.adapter, letter.message, timeout=provider.limits.timeout_seconds
                )
            except SendError as error:
                if _not_now(error):
                    if await self._may_ask_again(letter, letter.lane.hold(error)):
                        continue
                elif not error.unknown:
                    letter.lane.answered()
                await self._record(_failure(letter, error))
                return error
            letter.lane.answered()
            await self._record(_answer(letter, "sent", message_id=accepted.message_id))
            return None

    async def _may_ask_again(self, letter: Letter, wait: float) -> bool:
        """Wait `wait` seconds, then for this message's turn; False once deadline, stop or our own end allow no more."""
        bucket = letter.lane.bucket
        own_turn = time.monotonic() + wait
        while True:
            standing = self._board.of(letter.campaign)
            left = standing.deadline - time.time()
            own = own_turn - time.monotonic()
            if standing.stopped or self._closing.over or max(bucket.paused_until - time.monotonic(), own, 0) >= left:
                return False
            if own > 0 or not standing.sending:
                await asyncio.sleep(min(LOOK_SECONDS, left, max(own, 0) or LOOK_SECONDS))
            elif await bucket.take(min(LOOK_SECONDS, left)):
                return True

    async def _record(self, item: AnswerItem) -> None:
        """Journal an answer; while the disk refuses there is nothing to do but to try again."""
        while True:
            try:
                await self._journal.append(item)
            except Unavailable:
                if self._closing.over:
                    log.error("answer_lost", campaign=item.campaign, seq=item.seq, outcome=item.outcome)
                    return
                await asyncio.sleep(LOOK_SECONDS)
            else:
                return


def _not_now(error: SendError) -> bool:
    return error.retry_after is not None and not error.unknown


def _failure(letter: Letter, error: SendError) -> AnswerItem:
    item = _answer(letter, "unknown" if error.unknown else "refused")
    return AnswerItem(
        at=item.at,
        campaign=item.campaign,
        seq=item.seq,
        outcome=item.outcome,
        provider=item.provider,
        kind=error.kind,
        code=error.code,
        text=error.text,
        permanent=error.permanent,
    )


def _answer(letter: Letter, outcome: Outcome, *, message_id: str | None = None) -> AnswerItem:
    return AnswerItem(
        at=_now(),
        campaign=letter.campaign,
        seq=letter.seq,
        outcome=outcome,
        provider=letter.lane.provider.id,
        message_id=message_id,
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
