"""What planning a campaign works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from twoticks.campaigns.directory import Directory
from twoticks.facts.store import FactStore
from twoticks.records.accounts import AccountInfo
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.journal import Journal
from twoticks.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The stores, the providers and the account; one per process."""

    account: AccountInfo
    database: Database
    journal: Journal
    facts: FactStore
    dictionary: ErrorDictionary
    directory: Directory
    settings: Settings
    drained: Callable[[int], Awaitable[None]]
    """Returns when everything up to a block of the journal is in the fact store."""

    async def up_to_date(self) -> None:
        """Return when whatever was acknowledged before this call is in the fact store."""
        await self.drained(await self.journal.head())
