"""Migrations of the fact store: once, in order, unchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from twoticks.errors import Misconfigured
from twoticks.facts import migrate
from twoticks.facts.migrate import Migration, migrations
from twoticks.facts.store import FactStore

APPLIED = "select number, name, count() from schema_migrations group by number, name order by number"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the test say which files there are."""

    def use(*files: Migration) -> None:
        monkeypatch.setattr(migrate, "migrations", lambda: files)

    return use


def test_files_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_file_makes_something_and_may_run_twice() -> None:
    assert len(migrate.created()) == len(migrations())


async def test_opening_applies_every_file_once(own_store: Any) -> None:
    for _ in range(2):
        async with own_store() as store:
            expected = [(migration.number, migration.name, 1) for migration in migrations()]
            assert await store.query(APPLIED) == expected
            assert {"facts", "tallies_view"} <= {name for (name,) in await store.query("show tables")}


async def test_a_new_file_is_applied_to_an_old_store(own_store: Any, known: Any) -> None:
    files = migrations()
    async with own_store():
        pass
    known(*files, Migration(13, "0013_more.sql", "create table if not exists more (a Int8) engine = Memory;\n"))
    async with own_store() as store:
        assert (13, "0013_more.sql", 1) in await store.query(APPLIED)
        assert await store.query("select * from more") == []


async def test_a_changed_file_is_named(own_store: Any, known: Any) -> None:
    files = list(migrations())
    async with own_store():
        pass
    files[3] = replace(files[3], text=files[3].text + "\n-- changed")
    known(*files)
    with pytest.raises(Misconfigured, match=r"0004_members\.sql"):
        async with own_store():
            pass


async def test_a_store_of_a_newer_version_is_refused(own_store: Any, known: Any) -> None:
    async with own_store():
        pass
    known(*migrations()[:-1])
    with pytest.raises(Misconfigured, match="0012"):
        async with own_store():
            pass


async def test_a_crash_before_the_record_is_made_good(own_store: Any) -> None:
    async with own_store() as store:
        await store.command("delete from schema_migrations where number > 5")
    async with own_store() as store:
        assert len(await store.query(APPLIED)) == len(migrations())


async def test_two_stores_on_one_folder_may_open_at_once(own_settings: Any) -> None:
    first, second = [await FactStore.open(own_settings) for _ in range(2)]
    assert await first.query(APPLIED) == await second.query(APPLIED)
    await first.close()
    await second.close()
