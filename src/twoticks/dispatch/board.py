"""Where the campaigns under way stand, looked at twice a second: pauses and stops are seen from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from twoticks.campaigns.lifecycle import PAUSED, RUNNING, STOPPED
from twoticks.records.database import Database
from twoticks.records.tables import CampaignRow, ProviderRow


@dataclass(frozen=True, slots=True)
class Standing:
    """One campaign: `sending` unless it or its provider is paused, `stopped` for good, and until when it retries."""

    campaign_id: int
    provider_id: int
    status: str
    sending: bool
    deadline: float
    """Unix seconds."""

    @property
    def stopped(self) -> bool:
        """Whether nothing more of it may be sent."""
        return self.status not in (RUNNING, PAUSED)


GONE = Standing(0, 0, STOPPED, False, 0.0)


class Board:
    """The campaigns that run or are paused, and the stopped ones whose messages are not all accounted for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._standings: dict[int, Standing] = {}

    async def refresh(self) -> None:
        """Look again."""
        rows = (
            select(
                CampaignRow.id,
                CampaignRow.provider_id,
                CampaignRow.status,
                CampaignRow.deadline,
                ProviderRow.paused_reason,
            )
            .join(ProviderRow, ProviderRow.id == CampaignRow.provider_id)
            .where(
                or_(
                    CampaignRow.status.in_((RUNNING, PAUSED)),
                    and_(CampaignRow.status == STOPPED, CampaignRow.completed_at.is_(None)),
                )
            )
        )
        async with self._database.session() as session:
            found = (await session.execute(rows)).all()
        self._standings = {
            campaign: Standing(
                campaign,
                provider,
                status,
                sending=status == RUNNING and paused is None,
                deadline=0.0 if deadline is None else deadline.timestamp(),
            )
            for campaign, provider, status, deadline, paused in found
        }

    def of(self, campaign_id: int) -> Standing:
        """Where a campaign stands; one that is not on the board counts as stopped."""
        return self._standings.get(campaign_id, GONE)

    def sending(self) -> dict[int, list[int]]:
        """Campaigns that may send, by provider."""
        found: dict[int, list[int]] = {}
        for standing in self._standings.values():
            if standing.sending:
                found.setdefault(standing.provider_id, []).append(standing.campaign_id)
        return found

    def stopped(self) -> Iterator[int]:
        """Campaigns that were stopped and still have messages to account for."""
        return (standing.campaign_id for standing in self._standings.values() if standing.stopped)

    def hold(self, campaign_id: int) -> None:
        """Take a campaign for paused until the next look: whoever pauses it need not wait to be seen."""
        standing = self._standings.get(campaign_id)
        if standing is not None:
            self._standings[campaign_id] = Standing(campaign_id, standing.provider_id, PAUSED, False, standing.deadline)
