"""An account whose provider is a real HTTP server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.campaigns.parts import add_provider as configure
from tests.campaigns.parts import add_template, make_context
from tests.dispatch.parts import Drained
from tests.plain_provider import PlainProvider, plain_provider
from twoticks.campaigns.context import Context
from twoticks.facts.store import FactStore
from twoticks.providers.transport import Transport
from twoticks.records.database import Database
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey


@pytest.fixture
async def remote() -> AsyncIterator[PlainProvider]:
    """The provider's side."""
    async with plain_provider() as provider:
        yield provider


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    """A started transport."""
    started = Transport(allow_private=True)
    await started.start()
    yield started
    await started.close()


@pytest.fixture
async def desk(
    database: Database, journal: Journal, facts: FactStore, master_key: MasterKey, remote: PlainProvider
) -> Context:
    """A context whose provider ``plain`` is `remote`, with the template ``order_ready``."""
    made = await make_context(database, journal, facts, master_key, drained=Drained(journal, facts))
    await configure(made.directory, endpoint=remote.url, timeout_seconds=5)
    await add_template(database, made.directory)
    return made
