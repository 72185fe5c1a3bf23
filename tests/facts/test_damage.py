"""Stores whose files were really damaged: found out, named, and made whole again."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.facts.conftest import Fill
from twoticks.errors import Misconfigured, StoreDamaged
from twoticks.facts.store import FactStore
from twoticks.facts.tallies import rebuild, verify
from twoticks.settings import Settings

PARTS = (
    "select path from system.parts where active and database = currentDatabase() and table = {t:String} order by path"
)


@pytest.fixture
async def part(own_store: Any, fill: Fill) -> Callable[[str], Path]:
    """The folder of the only part of a table, in a store that is closed and held 1,000 facts."""
    paths: dict[str, Path] = {}
    async with own_store() as store:
        await fill(store, 1, range(1000))
        for table in ("facts", "tallies", "schema_migrations"):
            await store.command(f"optimize table {table} final")
            ((path,),) = await store.query(PARTS, {"t": table})
            paths[table] = Path(path)
    for kept in paths.values():
        # A part that was merged away may still be there, and the engine would fall back on it.
        for merged in kept.parent.glob("all_*"):
            if merged != kept:
                shutil.rmtree(merged)
    return paths.__getitem__


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


async def test_a_sound_store_has_no_damage(own_store: Any, fill: Fill) -> None:
    async with own_store() as store:
        await fill(store, 1, range(10))
        assert await store.damage() == []
    async with own_store() as store:
        assert await store.damage() == []


@pytest.mark.parametrize(
    "name", ["data.bin", "data.cmrk4", "primary.cidx", "columns.txt", "checksums.txt", "count.txt"]
)
async def test_an_emptied_file_of_a_part_is_damage_with_its_remedy(own_store: Any, part: Any, name: str) -> None:
    empty(part("facts") / name)
    async with own_store() as store:
        (line,) = await store.damage()
    assert line.startswith("facts lost part")
    assert "`twoticks replay`" in line


async def test_a_missing_file_of_a_part_is_damage(own_store: Any, part: Any) -> None:
    (part("facts") / "data.bin").unlink()
    async with own_store() as store:
        assert len(await store.damage()) == 1


async def test_damage_is_told_until_it_is_repaired(own_store: Any, part: Any, fill: Fill) -> None:
    empty(part("facts") / "data.bin")
    for _ in range(2):
        async with own_store() as store:
            assert len(await store.damage()) == 1
    async with own_store() as store:
        await store.repair()
        assert await store.damage() == []
        assert (await verify(store))[0].surplus == 1000
        await fill(store, 1, range(1000))
        assert await verify(store) == []


async def test_damaged_tallies_are_rebuilt(own_store: Any, part: Any) -> None:
    empty(part("tallies") / "data.bin")
    async with own_store() as store:
        (line,) = await store.damage()
        assert line.startswith("tallies lost part")
        assert "`twoticks rebuild`" in line
        await store.repair()
        await rebuild(store)
        assert await verify(store) == []
        assert await store.damage() == []


async def test_totals_that_cannot_be_read_are_counted_from_the_buckets(own_store: Any, part: Any) -> None:
    for path in (part("tallies") / "totals.proj").iterdir():
        empty(path)
    async with own_store() as store:
        total = "select kind, key, groupBitmapMerge(msgs) from tallies where campaign = 1 group by kind, key"
        assert await store.query(total) == [("sent", 0, 1000)]


async def test_bytes_that_changed_are_told_by_the_query_that_reads_them(own_store: Any, part: Any) -> None:
    flip(part("facts") / "data.bin")
    async with own_store() as store:
        with pytest.raises(StoreDamaged) as told:
            await store.query("select * from facts")
        assert told.value.hint is not None
        assert "`twoticks replay`" in told.value.hint
        await store.repair()
        assert await store.query("select * from facts") == []


async def test_repair_keeps_sound_parts(own_store: Any, part: Any, fill: Fill) -> None:
    async with own_store() as store:
        await store.command("system stop merges facts")
        await fill(store, 2, range(500))
    flip(part("facts") / "data.bin")
    async with own_store() as store:
        await store.repair()
        assert await store.query("select campaign, count() from facts group by campaign") == [(2, 500)]


async def test_a_table_that_is_gone_is_damage_and_comes_back_empty(own_settings: Settings, own_store: Any) -> None:
    async with own_store():
        pass
    (definition,) = Path(own_settings.data).glob("facts/store/*/*/facts.sql")
    definition.unlink()
    async with own_store() as store:
        assert await store.damage() == ["facts is gone; run `twoticks replay`"]
        await store.repair()
        assert await store.damage() == []
        assert await store.query("select count() from facts") == [(0,)]


async def test_a_lost_list_of_migrations_is_written_anew(own_store: Any, part: Any) -> None:
    empty(part("schema_migrations") / "data.bin")
    async with own_store() as store:
        assert await store.damage() == []
        assert await store.query("select count() from facts") == [(1000,)]
    async with own_store():
        pass


async def test_an_emptied_definition_is_named(own_settings: Settings, own_store: Any) -> None:
    async with own_store():
        pass
    (definition,) = Path(own_settings.data).glob("facts/store/*/*/facts.sql")
    empty(definition)
    with pytest.raises(StoreDamaged, match="definition of facts"):
        await FactStore.open(own_settings)


async def test_a_second_process_is_told_who_has_the_store(own_settings: Settings, own_store: Any) -> None:
    code = (
        "import asyncio, pathlib, sys\n"
        "from twoticks.errors import Unavailable\n"
        "from twoticks.facts.store import FactStore\n"
        "from twoticks.settings import Settings\n"
        "try:\n"
        "    asyncio.run(FactStore.open(Settings(data=pathlib.Path(sys.argv[1]))))\n"
        "except Unavailable as error:\n"
        "    print(error.message)\n"
    )
    async with own_store():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(own_settings.data), stdout=-1, stderr=-1
        )
        said, _ = await child.communicate()
    assert b"another process has the fact store open" in said


async def test_a_second_folder_in_one_process_is_refused(own_store: Any, tmp_path: Path) -> None:
    async with own_store():
        with pytest.raises(Misconfigured, match="already has another"):
            await FactStore.open(Settings(data=tmp_path / "other"))


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "facts").write_bytes(b"")
    with pytest.raises(Misconfigured, match="cannot be made"):
        await FactStore.open(Settings(data=tmp_path))
