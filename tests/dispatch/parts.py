"""A worker with all it needs, and a look at what it wrote."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from tests.campaigns.parts import SETTINGS, campaign_body
from twoticks.campaigns.context import Context
from twoticks.campaigns.creation import create_campaign
from twoticks.campaigns.launch import launch
from twoticks.campaigns.lifecycle import move
from twoticks.campaigns.search import get_campaign
from twoticks.dispatch.worker import Dispatcher
from twoticks.facts.fact import FactBatch
from twoticks.facts.store import FactStore
from twoticks.providers.transport import Transport
from twoticks.records.items import AnswerItem, AttemptItem, Item, NotAttemptedItem
from twoticks.records.journal import Journal
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References
from twoticks.vocabulary import FactKind

REFERENCES = References("abcdef")
TOKENS = LinkTokens(b"k" * 32)
T = TypeVar("T", bound=Item)


class Drained:
    """Brings attempts from the journal into the fact store when asked to, and counts how often."""

    def __init__(self, journal: Journal, facts: FactStore) -> None:
        self._journal = journal
        self._facts = facts
        self._done = 0
        self._turn = asyncio.Lock()
        self.asked = 0

    async def __call__(self, block_id: int) -> None:
        self.asked += 1
        async with self._turn:
            await self._drain(block_id)

    async def _drain(self, block_id: int) -> None:
        batch = FactBatch()
        while self._done < block_id:
            for block in await self._journal.read(self._done):
                for item in block.items:
                    self._add(batch, item, block.id)
                self._done = block.id
        await self._facts.insert_facts(batch)

    def _add(self, batch: FactBatch, item: Item, block_id: int) -> None:
        if isinstance(item, AttemptItem):
            batch.add(item.campaign, FactKind.ATTEMPTED, item.seq, item.at, item.at, block_id)
        if isinstance(item, NotAttemptedItem):
            for seq in item.seqs:
                batch.add(item.campaign, FactKind.NOT_ATTEMPTED, seq, item.at, item.at, block_id, key=1)


def make_dispatcher(desk: Context, transport: Transport, **settings: Any) -> Dispatcher:
    return Dispatcher(
        desk.database,
        desk.journal,
        desk.facts,
        desk.directory,
        transport,
        REFERENCES,
        TOKENS,
        replace(SETTINGS, **settings),
        desk.drained,
    )


@asynccontextmanager
async def working(desk: Context, transport: Transport, **settings: Any) -> AsyncIterator[Dispatcher]:
    """A started dispatcher, stopped at the end."""
    dispatcher = make_dispatcher(desk, transport, **settings)
    await dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.stop(grace_seconds=0)


async def start_campaign(desk: Context, **changes: Any) -> int:
    made = await create_campaign(desk, campaign_body(**changes), "test")
    await launch(desk, made.id)
    return made.id


async def set_status(desk: Context, campaign_id: int, to: str) -> None:
    async with desk.database.transaction() as session:
        await move(session, await get_campaign(session, campaign_id), to)


async def status(desk: Context, campaign_id: int) -> str:
    async with desk.database.session() as session:
        return (await get_campaign(session, campaign_id)).status


async def items(journal: Journal, kind: type[T]) -> list[T]:
    """Everything of one kind that is in the journal."""
    found: list[T] = []
    after = 0
    while blocks := await journal.read(after):
        found += [item for block in blocks for item in block.items if isinstance(item, kind)]
        after = blocks[-1].id
    return found


async def outcomes(journal: Journal) -> Counter[str]:
    """How many answers of each outcome there are."""
    return Counter(item.outcome for item in await items(journal, AnswerItem))
