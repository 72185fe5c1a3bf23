"""The parts around a drain for tests, and short ways to ask what came of callbacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.factories import TAG
from twoticks.callbacks.drain import Drain
from twoticks.campaigns.directory import Directory
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.items import AnyItem
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References

FACT_TABLES = (
    "facts",
    "tallies",
    "members",
    "members_by_user",
    "members_by_phone",
    "profiles",
    "user_events",
    "automated_hits",
)


class Fact(NamedTuple):
    """A fact as reports tell facts apart."""

    campaign: int
    kind: str
    key: int
    seq: int
    event: int
    at: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Real stores with a drain that is stepped by hand."""

    database: Database
    facts: FactStore
    journal: Journal
    directory: Directory
    dictionary: ErrorDictionary
    references: References
    tokens: LinkTokens
    drain: Drain

    async def feed(self, *items: AnyItem) -> None:
        """Journal the items as one block and drain all there is."""
        await self.journal.append_many(list(items))
        await self.run()

    async def run(self) -> None:
        """Drain all there is."""
        while await self.drain.run_once():
            pass

    async def all_facts(self) -> set[Fact]:
        """Every fact once."""
        rows = await self.facts.query(
            "select distinct campaign, toString(kind), key, seq, event, toUnixTimestamp64Milli(at) from facts"
        )
        return {Fact(*row) for row in rows}

    async def kinds(self, campaign: int, seq: int) -> set[str]:
        """The kinds of facts of one message."""
        return {fact.kind for fact in await self.all_facts() if (fact.campaign, fact.seq) == (campaign, seq)}

    async def counts(self) -> dict[tuple[Any, ...], list[int]]:
        """The message numbers of every (campaign, kind, key), from the tallies."""
        rows = await self.facts.query(
            "select campaign, toString(kind), key, arraySort(bitmapToArray(groupBitmapMergeState(msgs)))"
            " from tallies group by campaign, kind, key order by campaign, kind, key"
        )
        return {tuple(row[:3]): list(row[3]) for row in rows}

    async def empty_facts(self, tables: Sequence[str] = FACT_TABLES) -> None:
        """Lose what the fact store holds."""
        for table in tables:
            await self.facts.command(f"truncate table {table}")
        self.drain.context.campaigns.clear()


@asynccontextmanager
async def open_bench(database: Database, facts: FactStore, key: MasterKey) -> AsyncIterator[Bench]:
    """The parts, with a started journal."""
    journal = Journal(database)
    await journal.start()
    directory = Directory(database, key, "https://twoticks.example", allow_private=True)
    dictionary = ErrorDictionary(database)
    references = References(TAG)
    tokens = LinkTokens(key.derive("links"))
    drain = Drain(database, journal, facts, directory, references, dictionary, tokens)
    try:
        yield Bench(database, facts, journal, directory, dictionary, references, tokens, drain)
    finally:
        await drain.stop()
        await journal.stop()
