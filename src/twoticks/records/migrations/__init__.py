"""Brings a records database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from twoticks.errors import Misconfigured

ADVISORY_LOCK = 0x7477_6D67
"""Key of the PostgreSQL lock that lets one process migrate while the others wait."""


def config() -> Config:
    """Alembic's configuration; there is no ini file, the folder of this package holds everything."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The newest revision this version knows."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise RuntimeError("no migrations are installed")
    return revision


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Move the database up to `revision` in one transaction; raises Misconfigured if a newer version wrote it."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    made = config()
    made.attributes["connection"] = connection
    try:
        command.upgrade(made, revision)
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise Misconfigured(
            "A newer version of Twoticks has written this records database",
            hint="Run the newer version, or restore a backup made before the upgrade.",
        ) from error
