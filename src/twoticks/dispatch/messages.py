"""Turns a chunk into messages: who is left to be sent to, what they get, and who falls out and why."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator

from twoticks.campaigns.content import plan_content
from twoticks.campaigns.rendering import Content, Member
from twoticks.campaigns.search import get_campaign
from twoticks.campaigns.substitution import MissingValue
from twoticks.dispatch.chunks import Lease
from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.people.profiles import Profile, load_profiles
from twoticks.providers.base import OutgoingMessage
from twoticks.records.database import Database
from twoticks.records.items import NotAttemptedItem
from twoticks.records.journal import Journal
from twoticks.records.tables import TemplateRow
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References
from twoticks.vocabulary import NotAttempted

CAMPAIGNS_KEPT = 256


class Leavings:
    """Messages of one chunk that are never tried, by reason, until they are told to the journal."""

    def __init__(self, campaign: int) -> None:
        self._campaign = campaign
        self._seqs: dict[NotAttempted, list[int]] = {}

    def add(self, seq: int, reason: NotAttempted) -> None:
        """Message `seq` is not tried."""
        self._seqs.setdefault(reason, []).append(seq)

    async def journal(self, journal: Journal) -> None:
        """Write down what was added since the last time."""
        at = time.time_ns() // 1_000_000
        items = [
            NotAttemptedItem(at=at, campaign=self._campaign, seqs=seqs, reason=reason)
            for reason, seqs in self._seqs.items()
        ]
        if items:
            await journal.append_many(items)
        self._seqs.clear()


class ChunkMessages:
    """The messages of one lease that are still to be sent."""

    def __init__(
        self, lease: Lease, content: Content, members: list[tuple[int, str, str]], profiles: dict[str, Profile]
    ) -> None:
        self.lease = lease
        self.leavings = Leavings(lease.campaign_id)
        self._content = content
        self._members = members
        self._profiles = profiles

    def letters(self, references: References, tokens: LinkTokens) -> Iterator[tuple[int, OutgoingMessage]]:
        """Number and message of each, made one by one as they are taken; who gets none is in `leavings`."""
        campaign = self.lease.campaign_id
        for seq, identity, phone in self._members:
            profile = self._profiles.get(identity)
            reason = _obstacle(profile, phone)
            if profile is None or reason is not None:
                self.leavings.add(seq, reason or NotAttempted.ERASED)
                continue
            member = Member(campaign, seq, identity, phone, profile.props)
            try:
                message = self._content.render(member, reference=references.encode(campaign, seq), tokens=tokens)
            except MissingValue:
                self.leavings.add(seq, NotAttempted.MISSING_VALUE)
                continue
            yield seq, message


class Loader:
    """Loads chunks from the stores."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        facts: FactStore,
        base_url: str,
        drained: Callable[[int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._journal = journal
        self._facts = facts
        self._base_url = base_url
        self._drained = drained
        self._contents: dict[int, Content] = {}

    async def load(self, lease: Lease) -> ChunkMessages:
        """The chunk's remaining messages with their people's profiles."""
        members = await self.remaining(lease)
        profiles = await load_profiles(self._facts, [identity for _, identity, _ in members])
        return ChunkMessages(lease, await self._content(lease.campaign_id), members, profiles)

    async def remaining(self, lease: Lease) -> list[tuple[int, str, str]]:
        """Number, identity and phone of those whose message was not tried.

        A chunk that was leased before has attempts, which count from the moment they are in the journal: so what the
        journal has now must be in the fact store first.
        """
        asked = {"campaign": lease.campaign_id, "first": lease.first_seq, "last": lease.last_seq}
        handled: set[int] = set()
        if lease.fence > 1:
            await self._drained(await self._journal.head())
            rows = await self._facts.query(statement(__package__, "chunk_handled"), asked)
            handled = {seq for (seq,) in rows}
        members = await self._facts.query(statement(__package__, "chunk_members"), asked)
        return [(seq, identity, phone) for seq, identity, phone in members if seq not in handled]

    async def _content(self, campaign_id: int) -> Content:
        content = self._contents.get(campaign_id)
        if content is None:
            async with self._database.session() as session:
                campaign = await get_campaign(session, campaign_id)
                template = await session.get_one(TemplateRow, campaign.template_id)
            content = plan_content(template, campaign.content, self._base_url)
            if len(self._contents) >= CAMPAIGNS_KEPT:
                self._contents.clear()
            self._contents[campaign_id] = content
        return content


def _obstacle(profile: Profile | None, phone: str) -> NotAttempted | None:
    """What has changed since the audience was taken: people may have left, or asked for no more messages."""
    if profile is None or not phone:
        return NotAttempted.ERASED
    return NotAttempted.OPTED_OUT if profile.opted_out else None
