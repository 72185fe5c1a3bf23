"""A drain on real stores, and what tests of callbacks ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.callbacks.bench import Bench, open_bench
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.secrets import MasterKey


@pytest.fixture
async def bench(database: Database, facts: FactStore, master_key: MasterKey) -> AsyncIterator[Bench]:
    """Stores, journal, directory and drain; nothing runs by itself."""
    async with open_bench(database, facts, master_key) as opened:
        yield opened
