"""Tables of the fact store, brought up to date by numbered files that are applied once, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

from clickhouse_connect.driver.client import Client

from twoticks.errors import Misconfigured
from twoticks.facts.sql import single, statement

_CREATES = re.compile(r"^create (?:table|materialized view) if not exists (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `schema/`: a single statement that does no harm when it is run twice."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return sha256(self.text.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """All files of `schema/`, by number."""
    found = [
        Migration(int(entry.name.split("_", 1)[0]), entry.name, entry.read_text(encoding="utf-8"))
        for entry in (files(__package__) / "schema").iterdir()
        if entry.name.endswith(".sql")
    ]
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(client: Client) -> None:
    """Apply what is missing; refuse a store made by other files than ours.

    A crash between a statement and its record runs the statement again, which is why each says `if not exists`.
    """
    client.command(statement(__package__, "migrations_table"))
    applied = _applied(client)
    _check(applied, migrations())
    for migration in migrations():
        if migration.number not in applied:
            client.command(single(migration.text))
            _record(client, migration)


def drop_unfinished_tallies(client: Client) -> None:
    """Drop what a rebuild left that was killed: every insert would go on feeding it."""
    for name in ("tallies_new_view_drop", "tallies_new_drop"):
        client.command(statement(__package__, name))


def apply_again(client: Client) -> None:
    """Run every file once more: what is there stays, what is gone is made anew, empty."""
    for migration in migrations():
        client.command(single(migration.text))


def created() -> list[str]:
    """Names of the tables and views that the files make, in that order."""
    found = (_CREATES.search(migration.text) for migration in migrations())
    return [match[1] for match in found if match]


def _applied(client: Client) -> dict[int, str]:
    rows = client.query(statement(__package__, "migrations_applied")).result_rows
    return {int(number): str(checksum) for number, checksum in rows}


def _record(client: Client, migration: Migration) -> None:
    client.command(
        statement(__package__, "migrations_record"),
        parameters={
            "number": migration.number,
            "name": migration.name,
            "checksum": migration.checksum,
            "at": int(datetime.now(UTC).timestamp()),
        },
    )


def _check(applied: dict[int, str], known: tuple[Migration, ...]) -> None:
    ours = {migration.number: migration for migration in known}
    newer = sorted(set(applied) - set(ours))
    if newer:
        raise Misconfigured(
            f"the fact store has migration {newer[-1]:04}, which this version does not know",
            field="facts",
            hint="Start the version of Twoticks that made it, or a later one.",
        )
    for number, checksum in sorted(applied.items()):
        if ours[number].checksum != checksum:
            raise Misconfigured(
                f"{ours[number].name} is not the file that made this fact store",
                field="facts",
                hint="Put the file back as it was and write the change as a new migration.",
            )
