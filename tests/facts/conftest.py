"""Stores and facts for the tests of the fact store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from twoticks.facts.fact import FactBatch
from twoticks.facts.store import FactStore
from twoticks.settings import Settings
from twoticks.vocabulary import FactKind

AT = 1_700_000_000_000
Fill = Callable[..., Awaitable[None]]


@pytest.fixture
def own_settings(tmp_path: Path) -> Settings:
    """Settings of a store in a folder of its own: for tests that change what other tests rely on."""
    return Settings(data=tmp_path, readers=2)


@pytest.fixture
def own_store(own_settings: Settings) -> Callable[[], object]:
    """Opens the store of `own_settings` for the length of a `with`; chDB serves one folder at a time."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[FactStore]:
        store = await FactStore.open(own_settings)
        try:
            yield store
        finally:
            await store.close()

    return opened


@pytest.fixture
def fill() -> Fill:
    """Inserts one fact of `kind` for each number in `seqs`, `step` milliseconds apart."""

    async def insert(
        store: FactStore, campaign: int, seqs: range, kind: FactKind = FactKind.SENT, *, step: int = 0
    ) -> None:
        batch = FactBatch()
        for seq in seqs:
            batch.add(campaign, kind, seq, AT + seq * step, AT, 1)
        await store.insert_facts(batch)

    return insert
