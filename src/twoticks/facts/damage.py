"""Data that the engine lost or put aside because it could not read it, and how the store is made whole again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from clickhouse_connect.driver.client import Client

from twoticks.facts.migrate import apply_again, created
from twoticks.facts.sql import statement

# Made from facts; everything else comes out of the journal.
_DERIVED = frozenset({"tallies", "tallies_view"})


def find_damage(client: Client) -> list[str]:
    """One line for each table that is gone and each part put aside when the store was opened, with the remedy.

    Bytes that changed inside a part are not seen here but by the query that reads them, which raises StoreDamaged.
    """
    present = _tables(client)
    gone = [f"{name} is gone; {_remedy(name)}" for name in created() if name not in present]
    parts = _rows(client, "broken_parts")
    return gone + [f"{table} lost part {name} ({reason}); {_remedy(table)}" for table, name, reason in parts]


def repair(client: Client) -> None:
    """Make the store whole and empty where it was damaged, so that replaying the journal can fill it.

    Creates the tables that are gone and drops parts that cannot be read; reads all data once to find those.
    """
    apply_again(client)
    for table, part, _ in _rows(client, "broken_parts"):
        client.command(statement(__package__, "broken_part_drop"), parameters={"table": table, "part": part})
    for table, engine in _tables(client).items():
        if engine.endswith("MergeTree"):
            for part in _unreadable(client, table):
                client.command(statement(__package__, "part_drop"), parameters={"table": table, "part": part})


def _unreadable(client: Client, table: str) -> Iterator[str]:
    answer = client.raw_query(statement(__package__, "part_check"), parameters={"table": table}, fmt="JSONEachRow")
    for line in answer.splitlines():
        checked = json.loads(line)
        if not int(checked["is_passed"]):
            yield checked["part_path"]


def _tables(client: Client) -> dict[str, str]:
    return {row[0]: row[1] for row in _rows(client, "tables")}


def _rows(client: Client, name: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in client.query(statement(__package__, name)).result_rows]


def _remedy(table: str) -> str:
    return "run `twoticks rebuild`" if table in _DERIVED else "run `twoticks replay`"
