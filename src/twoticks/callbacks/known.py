"""Campaigns as callbacks need them, in memory: whose they are, which messages they have, where their links lead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from twoticks.callbacks.clicks import Links
from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.tables import CampaignRow, LinkRow
from twoticks.tracking.references import References

CONTROL = 1
REGISTERED = 2
_KEPT_BYTES = 256 << 20
_PER_QUERY = 1_000


@dataclass(slots=True, eq=False)
class Known:
    """One published campaign.

    `flags` has a byte per message number: CONTROL, and REGISTERED where its provider id is stored or about to be.
    """

    id: int
    provider: int
    started_at: int
    flags: bytearray
    links: Links


class Campaigns:
    """The cache. `find` is synchronous and asks nobody; `load` fetches what `find` needs.

    What is cached of a published campaign does not change, but a campaign that runs again gets more members:
    `load` notices a message number beyond those it knows.
    """

    def __init__(self, database: Database, facts: FactStore, references: References) -> None:
        self._database = database
        self._facts = facts
        self._decode = references.decode
        self._known: dict[int, Known] = {}

    def get(self, campaign: int) -> Known | None:
        """The campaign, if it is in the cache."""
        return self._known.get(campaign)

    def find(self, reference: str, provider: int) -> tuple[Known, int] | None:
        """The message that a reference names, if it may have had a callback from this provider.

        None for a reference of another deployment, of another provider's campaign, of a number beyond the campaign's
        members or of a member of the control group; also for a campaign that is not in the cache.
        """
        ours = self._decode(reference)
        if ours is None:
            return None
        known = self._known.get(ours[0])
        if known is None or known.provider != provider:
            return None
        seq = ours[1]
        if seq >= len(known.flags) or known.flags[seq] & CONTROL:
            return None
        return known, seq

    async def load_named(self, references: Iterable[str]) -> None:
        """Make `find` able to answer for `references`."""
        await self.load(found for found in map(self._decode, references) if found is not None)

    async def load(self, messages: Iterable[tuple[int, int]]) -> None:
        """Fetch the campaigns of these (campaign, message number) that are not known, or known to be smaller."""
        highest: dict[int, int] = {}
        for campaign, seq in messages:
            highest[campaign] = max(seq, highest.get(campaign, 0))
        missing = [
            campaign
            for campaign, seq in highest.items()
            if (known := self._known.get(campaign)) is None or seq >= len(known.flags)
        ]
        for start in range(0, len(missing), _PER_QUERY):
            for row in await self._rows(missing[start : start + _PER_QUERY]):
                await self._keep(row)

    def forget(self, campaigns: Iterable[int]) -> None:
        """Read these again when they are needed: their members have changed."""
        for campaign in campaigns:
            self._known.pop(campaign, None)

    def clear(self) -> None:
        """Read everything again: what a failed round was about to store is not stored."""
        self._known.clear()

    async def _rows(self, campaigns: list[int]) -> list[tuple[CampaignRow, list[LinkRow]]]:
        async with self._database.session() as session:
            rows = await session.scalars(
                select(CampaignRow).where(CampaignRow.id.in_(campaigns), CampaignRow.qualified.is_not(None))
            )
            links = await session.scalars(
                select(LinkRow).where(LinkRow.campaign_id.in_(campaigns)).order_by(LinkRow.number.desc())
            )
            of: dict[int, list[LinkRow]] = {}
            for link in links:
                of.setdefault(link.campaign_id, []).append(link)
            return [(row, of.get(row.id, [])) for row in rows]

    async def _keep(self, found: tuple[CampaignRow, list[LinkRow]]) -> None:
        row, links = found
        qualified = row.qualified or 0
        before = self._known.get(row.id)
        if row.started_at is None or (before is not None and len(before.flags) >= qualified):
            return
        flags = await self._flags(row.id, qualified)
        if before is not None:
            marked = np.frombuffer(bytes(before.flags), np.uint8)
            flags[: len(marked)] |= marked
        self._make_room(qualified)
        self._known[row.id] = Known(
            id=row.id,
            provider=row.provider_id,
            started_at=round(row.started_at.timestamp() * 1000),
            flags=bytearray(flags),
            links=Links((link.number, link.url, link.tracked) for link in links),
        )

    async def _flags(self, campaign: int, qualified: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        flags = np.zeros(qualified, np.uint8)
        control = await self._facts.query_arrow(statement(__package__, "control_members"), {"campaign": campaign})
        numbers = control.column("seq").to_numpy()
        flags[numbers[numbers < qualified]] = CONTROL
        return flags

    def _make_room(self, wanted: int) -> None:
        total = wanted + sum(len(known.flags) for known in self._known.values())
        for campaign in list(self._known):
            if total <= _KEPT_BYTES:
                return
            total -= len(self._known.pop(campaign).flags)
