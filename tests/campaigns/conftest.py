"""An account with a provider and a template."""

from __future__ import annotations

import pytest

from tests.campaigns.parts import add_provider, add_template, make_context
from twoticks.campaigns.context import Context
from twoticks.facts.store import FactStore
from twoticks.records.database import Database
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey


@pytest.fixture
async def desk(database: Database, journal: Journal, facts: FactStore, master_key: MasterKey) -> Context:
    """A context whose account has the provider ``plain`` and the template ``order_ready``."""
    made = await make_context(database, journal, facts, master_key)
    await add_provider(made.directory)
    await add_template(made.database, made.directory)
    return made
