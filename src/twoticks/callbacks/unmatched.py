"""Items of callbacks whose message we do not know yet: tried again by the clock, for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from twoticks.callbacks.drain import Drain
from twoticks.callbacks.held import HeldReply
from twoticks.callbacks.matching import match_by_id, match_by_reference, recalled
from twoticks.callbacks.replies import attribute_replies
from twoticks.callbacks.round import Round, refused
from twoticks.callbacks.sends import number_failures
from twoticks.callbacks.writing import moment
from twoticks.records.database import Database
from twoticks.records.tables import Unmatched

NO_MESSAGE = "no message with this id"
STATUS_WAITS_MS = 24 * 60 * 60 * 1000
"""How long a status waits for its message before it goes to quarantine."""
REPLY_WAITS_MS = 60 * 60 * 1000
"""How long a reply waits for the message it names before it counts for the last one sent to that phone."""
_RECENT_MS = 15 * 60 * 1000
"""Younger items are looked at every time: their campaign may have been published a moment after them."""
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Unmatched items of one provider."""

    provider_id: int
    count: int
    oldest: datetime


async def waiting(database: Database) -> list[Waiting]:
    """How many items wait, by provider."""
    async with database.session() as session:
        rows = await session.execute(
            select(Unmatched.provider_id, func.count(), func.min(Unmatched.received_at))
            .group_by(Unmatched.provider_id)
            .order_by(Unmatched.provider_id)
        )
        return [Waiting(provider, count, oldest) for provider, count, oldest in rows]


async def retry_unmatched(drain: Drain, now: int) -> int:
    """Look again for the messages of what waits, and give up on what has waited too long; how many were settled.

    `now` is in Unix milliseconds. While the drain lags behind, what an item waits for may still be in the journal, so
    only the time that is read counts as waited. The first time everything is looked at, then what is new and what is
    to be given up: in between, an item is found when its id is learned. A number that other systems send through may
    have a million statuses waiting.
    """
    settled = after = 0
    until = drain.waited_until(now)
    due = _due(drain.retried_until, until)
    while True:
        async with drain.turn:
            rows = await _page(drain.context.database, due, after)
            if not rows:
                drain.retried_until = until
                return settled
            after = rows[-1].id
            gathered = Round(loose=[await recalled(drain.context, row) for row in rows])
            await match_by_reference(drain.context, gathered)
            await match_by_id(drain.context, gathered)
            await number_failures(drain.context, gathered)
            _give_up(gathered, until)
            await attribute_replies(drain.context, gathered)
            await drain.write(gathered)
            settled += len(gathered.settled)


def _give_up(gathered: Round, until: int) -> None:
    still = []
    for one in gathered.unmatched:
        reply = isinstance(one.held, HeldReply)
        if one.held.at + (REPLY_WAITS_MS if reply else STATUS_WAITS_MS) > until:
            still.append(one)
        elif reply:
            gathered.replies.append(one)
        else:
            gathered.quarantined.append(
                refused(one.source.provider, NO_MESSAGE, one.held.path, one.held, one.source.block)
            )
            gathered.settled.append(one.row)
    gathered.unmatched = still


def _due(since: int | None, until: int) -> ColumnElement[bool]:
    if since is None:
        return true()
    received = Unmatched.received_at
    return or_(
        received > moment(until - _RECENT_MS),
        and_(received > moment(since - REPLY_WAITS_MS), received <= moment(until - REPLY_WAITS_MS)),
        received <= moment(until - STATUS_WAITS_MS),
    )


async def _page(database: Database, due: ColumnElement[bool], after: int) -> list[Unmatched]:
    async with database.session() as session:
        rows = await session.scalars(
            select(Unmatched).where(Unmatched.id > after, due).order_by(Unmatched.id).limit(_PAGE)
        )
        return list(rows)
