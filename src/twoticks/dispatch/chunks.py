"""The durable queue: chunks of a campaign's messages, leased to one worker at a time.

A lease runs out by the database's clock where there is a server, and by the worker's own monotonic clock from before
the lease was asked for: so the worker stops no later than another may begin. `fence` grows with every lease, and what a
worker says of a chunk counts only under its own fence.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.campaigns.lifecycle import RUNNING
from twoticks.records.database import Database
from twoticks.records.tables import CampaignRow, Chunk, ProviderRow

READY, LEASED, SETTLED = "ready", "leased", "settled"


@dataclass(slots=True)
class Lease:
    """One chunk, ours until `valid_until` (on `time.monotonic`); both ends of the range belong to it."""

    chunk_id: int
    campaign_id: int
    first_seq: int
    last_seq: int
    fence: int
    valid_until: float

    @property
    def valid(self) -> bool:
        """Whether nobody else can have leased the chunk yet."""
        return time.monotonic() < self.valid_until


class Chunks:
    """Leases chunks for one worker, which `owner` names."""

    def __init__(self, database: Database, owner: str, lease_seconds: float) -> None:
        self._database = database
        self._owner = owner
        self._seconds = lease_seconds

    async def lease(
        self, campaigns: Collection[int], limit: int, *, status: str = RUNNING, held: Collection[int] = ()
    ) -> list[Lease]:
        """Up to `limit` chunks, oldest first, of those campaigns that have `status`.

        Running campaigns of a paused provider give none. `held` are chunks that this worker has in hand.
        """
        began = time.monotonic()
        async with self._database.transaction() as session:
            now = await self._now(session)
            chunks = (await session.scalars(_free(campaigns, status, held, now).limit(limit))).all()
            for chunk in chunks:
                chunk.state = LEASED
                chunk.fence += 1
                chunk.lease_owner = self._owner
                chunk.lease_until = now + timedelta(seconds=self._seconds)
        return [Lease(c.id, c.campaign_id, c.first_seq, c.last_seq, c.fence, began + self._seconds) for c in chunks]

    async def renew(self, leases: Iterable[Lease]) -> None:
        """Hold the leases for their whole time again; one that another worker has taken becomes invalid."""
        began = time.monotonic()
        async with self._database.transaction() as session:
            until = await self._now(session) + timedelta(seconds=self._seconds)
            for lease in leases:
                mine = await self._change(session, lease, state=LEASED, lease_until=until)
                lease.valid_until = began + self._seconds if mine else float("-inf")

    async def settle(self, lease: Lease) -> bool:
        """Every message of the chunk has its answer in the journal; False when the lease was lost before."""
        return await self._finish(lease, SETTLED)

    async def release(self, lease: Lease) -> bool:
        """Give the chunk back unfinished, for anybody to take at once; False when the lease was lost before."""
        return await self._finish(lease, READY)

    async def _finish(self, lease: Lease, state: str) -> bool:
        async with self._database.transaction() as session:
            mine = await self._change(session, lease, state=state, lease_owner=None, lease_until=None)
        lease.valid_until = float("-inf")
        return mine

    async def _change(self, session: AsyncSession, lease: Lease, **values: object) -> bool:
        changed = await session.execute(
            update(Chunk)
            .where(Chunk.id == lease.chunk_id, Chunk.fence == lease.fence, Chunk.state == LEASED)
            .values(**values)
            .returning(Chunk.id)
            .execution_options(synchronize_session=False)
        )
        return changed.first() is not None

    async def _now(self, session: AsyncSession) -> datetime:
        if not self._database.is_postgres:
            return datetime.now(UTC)
        now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        return now


async def release_all(database: Database) -> None:
    """Give up every lease; only for a worker that knows that there is no other."""
    async with database.transaction() as session:
        await session.execute(
            update(Chunk).where(Chunk.state == LEASED).values(state=READY, lease_owner=None, lease_until=None)
        )


def _free(campaigns: Collection[int], status: str, held: Collection[int], now: datetime) -> Select[Chunk]:
    rows = (
        select(Chunk)
        .join(CampaignRow, CampaignRow.id == Chunk.campaign_id)
        .where(
            Chunk.campaign_id.in_(campaigns),
            CampaignRow.status == status,
            or_(Chunk.state == READY, and_(Chunk.state == LEASED, Chunk.lease_until < now)),
        )
        # The first chunks of every campaign, then their second ones: a large campaign does not hold up a small one.
        .order_by(Chunk.first_seq, Chunk.id)
        .with_for_update(of=Chunk, skip_locked=True)
    )
    if held:
        rows = rows.where(Chunk.id.not_in(held))
    if status == RUNNING:
        paused = select(ProviderRow.id).where(ProviderRow.paused_reason.is_not(None))
        rows = rows.where(CampaignRow.provider_id.not_in(paused))
    return rows
