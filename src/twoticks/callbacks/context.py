"""The parts that the steps of the drain work with."""

from __future__ import annotations

from dataclasses import dataclass

from twoticks.callbacks.attribution import Attribution
from twoticks.callbacks.known import Campaigns
from twoticks.campaigns.directory import Configured, Directory
from twoticks.errors import NotFound
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.journal import Journal


@dataclass(frozen=True, slots=True)
class Context:
    """Stores, caches and dictionaries of one drain."""

    database: Database
    journal: Journal
    facts: FactStore
    directory: Directory
    dictionary: ErrorDictionary
    campaigns: Campaigns
    attribution: Attribution

    async def provider(self, provider_id: int) -> Configured | None:
        """The configured provider, or None when there is none of this id (any more)."""
        found = self.directory.peek(provider_id)
        if found is not None:
            return found
        try:
            return await self.directory.get(provider_id)
        except NotFound:
            return None

    async def provider_kind(self, provider_id: int) -> str:
        """The kind of a provider, empty when it is gone."""
        found = await self.provider(provider_id)
        return "" if found is None else found.kind
