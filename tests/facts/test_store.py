"""What the fact store takes, gives back and refuses."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.facts.conftest import Fill
from twoticks.errors import Misconfigured, TwoticksError, Unavailable
from twoticks.facts.store import FactStore
from twoticks.settings import Settings
from twoticks.vocabulary import FactKind

SECOND_STATEMENTS = [
    "select 1; drop table automated_hits",
    "select 1;drop table automated_hits;",
    "select {a:String}; drop table automated_hits",
    "select 1 -- '\n; drop table automated_hits --'",
    "select 1 # '\n; drop table automated_hits --'",
]
VALUE = "Asha ' Rao +919812345678"
WRITES = [
    "drop table automated_hits",
    "insert into automated_hits (campaign) select 1",
    "truncate table automated_hits",
    "set readonly = 0",
    "create table more (a Int8) engine = Memory",
]


async def tables(store: FactStore) -> set[str]:
    return {name for (name,) in await store.query("show tables")}


@pytest.mark.parametrize("sql", SECOND_STATEMENTS)
async def test_a_second_statement_is_refused_and_does_nothing(facts: FactStore, sql: str) -> None:
    before = await tables(facts)
    for ask in (facts.query, facts.query_arrow, facts.command):
        with pytest.raises(TwoticksError, match="refused"):
            await ask(sql, {"a": "x"})
    assert await tables(facts) == before


@pytest.mark.parametrize("sql", WRITES)
async def test_a_query_cannot_write(facts: FactStore, sql: str) -> None:
    before = await tables(facts)
    for settled in (False, True):
        with pytest.raises(TwoticksError):
            await facts.query(sql, settled=settled)
    assert await tables(facts) == before
    assert await facts.query("select count() from automated_hits") == [(0,)]


@pytest.mark.parametrize("value", ["'; drop table facts --", "\\", "'", "{a:String}", "%s", "\u2019; x", "\n--\0"])
async def test_a_bound_value_comes_back_as_it_was(facts: FactStore, value: str) -> None:
    assert await facts.query("select {a:String}", {"a": value}) == [(value,)]
    assert await facts.query("select {a:Array(String)}", {"a": [value, "b"]}) == [([value, "b"],)]


async def test_rows_are_tuples_with_aware_times(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(1))
    rows = await facts.query("select seq, at, kind from facts")
    assert rows == [(0, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), "sent")]
    assert rows[0][1].utcoffset() == timedelta(0)


async def test_arrow_gives_the_same_rows(facts: FactStore, fill: Fill) -> None:
    await fill(facts, 1, range(100))
    table = await facts.query_arrow("select seq from facts where campaign = {c:UInt32} order by seq", {"c": 1})
    assert table["seq"].to_pylist() == list(range(100))


async def test_settings_of_a_query_end_with_it(facts: FactStore) -> None:
    for _ in range(8):
        with pytest.raises(TwoticksError):
            await facts.query("select number from numbers(100)", settings={"max_rows_to_read": 10})
        assert len(await facts.query("select number from numbers(100)")) == 100


async def test_queries_run_beside_each_other_and_beside_a_write(facts: FactStore) -> None:
    all_there = threading.Barrier(5)

    def meet(client: object) -> int:
        return all_there.wait(10)

    met = await asyncio.gather(*(facts._readers.run(meet) for _ in range(4)), facts._writer.run(meet))
    assert sorted(met) == [0, 1, 2, 3, 4]


async def test_maps_and_marks_are_inserted_from_arrow(facts: FactStore) -> None:
    texts, numbers, flags = (pa.map_(pa.string(), kind) for kind in (pa.string(), pa.float64(), pa.bool_()))
    rows = pa.table(
        {
            "identity": ["a", "b"],
            "phone": ["", ""],
            "opted_out": [True, False],
            "texts": pa.array([[("City", "दिल्ली"), ("", "'")], []], texts),
            "numbers": pa.array([[("Age", 41.5)], [("Age", -1e300)]], numbers),
            "flags": pa.array([[], [("Vip", True), ("New", False)]], flags),
            "version": pa.array([1, 2**63], pa.uint64()),
            "erased": [False, True],
        }
    )
    await facts.insert("profiles", rows)
    assert await facts.query("select * from profiles order by identity") == [
        ("a", "", True, {"City": "दिल्ली", "": "'"}, {"Age": 41.5}, {}, 1, False),
        ("b", "", False, {}, {"Age": -1e300}, {"Vip": True, "New": False}, 2**63, True),
    ]


async def test_columns_are_matched_by_name_and_the_others_take_their_default(facts: FactStore) -> None:
    await facts.insert("automated_hits", pa.table({"reason": ["prefetch"], "campaign": pa.array([7], pa.uint32())}))
    assert await facts.query("select campaign, reason, seq from automated_hits") == [(7, "prefetch", 0)]


async def test_an_empty_table_is_no_insert(facts: FactStore) -> None:
    await facts.insert("automated_hits", pa.table({"reason": pa.array([], pa.string())}))
    assert await facts.query("select count() from automated_hits") == [(0,)]


@pytest.mark.parametrize("table", ["facts; drop table facts", "facts (seq)", "", "Facts"])
async def test_a_table_is_named_by_a_plain_word(facts: FactStore, table: str) -> None:
    with pytest.raises(ValueError, match="no table name"):
        await facts.insert(table, pa.table({"seq": [1]}))


async def test_inserts_that_do_not_fit_leave_nothing(facts: FactStore) -> None:
    with pytest.raises(TwoticksError):
        await facts.insert("automated_hits", pa.table({"no_such_column": [1]}))
    assert await facts.query("select count() from automated_hits") == [(0,)]


async def test_equal_facts_are_one_message_in_the_tallies(facts: FactStore, fill: Fill) -> None:
    for _ in range(3):
        await fill(facts, 1, range(50), FactKind.DELIVERED)
    counted = "select groupBitmapMerge(msgs) from tallies where campaign = 1 and kind = 'delivered'"
    assert await facts.query(counted) == [(50,)]


async def test_a_failed_insert_from_a_select_leaves_rows_for_the_caller_to_clear(facts: FactStore) -> None:
    """A fault of the engine's that callers plan for: clear before a retry, count before publishing."""
    with pytest.raises(TwoticksError):
        await facts.command(
            "insert into members (campaign, seq) select {c:UInt32}, number + throwIf(number = 90000)"
            " from numbers(100000) settings max_block_size = 10000, min_insert_block_size_rows = 10000,"
            " min_insert_block_size_bytes = 0",
            {"c": 5},
        )
    ((left,),) = await facts.query("select count() from members where campaign = 5")
    assert 0 < left < 100_000
    await facts.command("delete from members where campaign = {c:UInt32}", {"c": 5})
    assert await facts.query("select count() from members where campaign = 5") == [(0,)]


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("select toUInt32({phone:String})", {"phone": VALUE}),
        ("select {phone:UInt32}", {"phone": VALUE}),
        ("select no_such_column, {phone:String}", {"phone": VALUE}),
        ("select throwIf(1, {phone:String})", {"phone": VALUE}),
    ],
)
async def test_a_refusal_does_not_repeat_what_was_bound(facts: FactStore, sql: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(TwoticksError) as refused:
        await facts.query(sql, parameters)
    assert "9812345678" not in refused.value.message
    assert "Asha" not in refused.value.message
    assert "Rao" not in refused.value.message
    assert refused.value.__cause__ is None


async def test_a_refusal_says_what_is_wrong_with_the_statement(facts: FactStore) -> None:
    with pytest.raises(TwoticksError, match=r"UNKNOWN_IDENTIFIER.*no_such_column"):
        await facts.query("select no_such_column from facts")


async def test_a_query_over_its_memory_may_be_tried_again(facts: FactStore) -> None:
    with pytest.raises(Unavailable, match="MEMORY_LIMIT_EXCEEDED"):
        await facts.query("select groupArray(number) from numbers(10000000)", settings={"max_memory_usage": 1 << 20})


async def test_limits_come_from_the_settings(facts_dsn: str) -> None:
    store = await FactStore.open(Settings(facts=facts_dsn, facts_memory_mb=512, facts_threads=1, readers=1))
    names = ["max_memory_usage", "max_threads", "readonly"]
    ask = "select name, value from system.settings where name in {names:Array(String)}"
    assert dict(await store.query(ask, {"names": names})) == {
        "max_memory_usage": str(512 << 20),
        "max_threads": "1",
        "readonly": "2",
    }
    caches = await store.query("select value from system.server_settings where name = 'mark_cache_size'")
    assert caches == [(str(64 << 20),)]
    await store.close()


async def test_the_barrier_waits_for_writes_asked_for_before(facts: FactStore) -> None:
    writing = asyncio.create_task(facts.command("insert into automated_hits (campaign) select sleep(0.3)"))
    await asyncio.sleep(0)
    await facts.barrier()
    assert writing.done()


async def test_a_cancelled_write_does_not_mix_with_the_next(facts: FactStore, fill: Fill) -> None:
    writing = asyncio.create_task(facts.command("insert into automated_hits (campaign) select 1 + sleep(0.3)"))
    await asyncio.sleep(0.1)
    writing.cancel()
    await fill(facts, 1, range(10))
    assert await facts.query("select count() from facts") == [(10,)]
    assert await facts.query("select campaign from automated_hits") == [(1,)]


async def test_a_closed_store_says_so(facts_dsn: str) -> None:
    store = await FactStore.open(Settings(facts=facts_dsn))
    await store.close()
    await store.close()
    with pytest.raises(Unavailable, match="closed"):
        await store.query("select 1")


@pytest.mark.parametrize("dsn", ["chdb://facts", "chdb://", "chdb:///a?b", "chdb:///a#b", "sqlite:///x", "facts"])
async def test_a_dsn_that_makes_no_sense_is_named(dsn: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        await FactStore.open(Settings(facts=dsn))
    assert refused.value.field == "facts"


async def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await FactStore.open(Settings(facts="clickhouse://user:password@127.0.0.1:1/twoticks"))
