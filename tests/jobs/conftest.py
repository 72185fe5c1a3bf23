"""A process's parts on real stores, with nothing running in the background."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server import free_port
from twoticks.jobs.assembly import open_runtime
from twoticks.jobs.runtime import Runtime
from twoticks.settings import Settings


@pytest.fixture
def records_only(tmp_path: Path, sqlite_dsn: str) -> Settings:
    """Settings of a data folder whose records are migrated and empty, and whose fact store nobody must open."""
    return Settings(data=tmp_path, records=sqlite_dsn, port=free_port(), readers=1, allow_private_endpoints=True)


@pytest.fixture
def folder(records_only: Settings, facts_dsn: str) -> Settings:
    """Settings of a data folder whose stores are migrated, empty and not open."""
    return replace(records_only, facts=facts_dsn)


@pytest.fixture
async def runtime(folder: Settings) -> AsyncIterator[Runtime]:
    """The parts, open and not started."""
    opened = await open_runtime(folder)
    yield opened
    await opened.close()
