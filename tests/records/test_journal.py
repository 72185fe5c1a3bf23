"""What the journal acknowledged is there, whatever happens around it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.postgres import PostgresServer
from twoticks.errors import BadInput, StoreDamaged, Unavailable
from twoticks.records import journal as journal_module
from twoticks.records.blocks import Block
from twoticks.records.database import Database
from twoticks.records.items import (
    AnswerItem,
    AnyItem,
    AttemptItem,
    CallbackItem,
    ClickItem,
    EventsItem,
    MembersItem,
    NotAttemptedItem,
    ProfilesItem,
)
from twoticks.records.journal import Journal
from twoticks.records.tables import JournalBlock, User

LATER = datetime(2100, 1, 1, tzinfo=UTC)

numbers = st.integers(-(2**63), 2**64 - 1)
words = st.text(st.characters(codec="utf-8"), max_size=20)
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | words
records = st.lists(st.dictionaries(words, values | st.lists(values, max_size=3), max_size=3), max_size=3)
any_items = st.one_of(
    st.builds(
        CallbackItem,
        at=numbers,
        provider=numbers,
        endpoint=st.sampled_from(["status", "inbound"]),
        body=st.binary(max_size=200),
        method=words,
        query=words,
        content_type=words,
    ),
    st.builds(ClickItem, at=numbers, campaign=numbers, seq=numbers, link=numbers, event=numbers, automated=words),
    st.builds(AttemptItem, at=numbers, campaign=numbers, seq=numbers),
    st.builds(
        AnswerItem,
        at=numbers,
        campaign=numbers,
        seq=numbers,
        outcome=st.sampled_from(["sent", "refused", "unknown"]),
        provider=numbers,
        message_id=st.none() | words,
        text=words,
        permanent=st.booleans(),
    ),
    st.builds(NotAttemptedItem, at=numbers, campaign=numbers, seqs=st.lists(numbers, max_size=5), reason=words),
    st.builds(MembersItem, at=numbers, campaign=numbers, arrow=st.binary(max_size=200)),
    st.builds(ProfilesItem, at=numbers, records=records),
    st.builds(EventsItem, at=numbers, records=records),
)


def attempt(seq: int) -> AttemptItem:
    return AttemptItem(at=1, campaign=1, seq=seq)


def callback(body: bytes) -> CallbackItem:
    return CallbackItem(at=1, provider=1, endpoint="status", body=body)


async def read_all(journal: Journal, after: int = 0) -> list[Block]:
    blocks: list[Block] = []
    while found := await journal.read(after):
        blocks += found
        after = found[-1].id
    return blocks


async def items(journal: Journal, after: int = 0) -> list[AnyItem]:
    return [item for block in await read_all(journal, after) for item in block.items]


@pytest.fixture
async def any_journal(any_database: Database) -> AsyncIterator[Journal]:
    """A started journal, once on SQLite and once on PostgreSQL."""
    journal = Journal(any_database)
    await journal.start()
    yield journal
    await journal.stop()


async def test_an_appended_item_can_be_read(any_journal: Journal) -> None:
    before = datetime.now(UTC).timestamp() * 1000 - 1
    block_id = await any_journal.append(attempt(7))
    (block,) = await any_journal.read(0)
    assert (block.id, block.items) == (block_id, [attempt(7)])
    assert before <= block.at <= datetime.now(UTC).timestamp() * 1000 + 1
    assert await any_journal.head() == block_id


async def test_an_acknowledged_item_is_seen_by_another_connection(any_journal: Journal, any_dsn: str) -> None:
    await any_journal.append(attempt(7))
    other = await Database.open(any_dsn, migrate=False)
    assert await items(Journal(other)) == [attempt(7)]
    await other.close()


async def test_appends_at_the_same_time_share_blocks(any_journal: Journal) -> None:
    ids = await asyncio.gather(*[any_journal.append(attempt(seq)) for seq in range(500)])
    assert len(set(ids)) <= 3
    assert await items(any_journal) == [attempt(seq) for seq in range(500)]


async def test_the_block_id_is_that_of_the_items_block(any_journal: Journal) -> None:
    async def send(seqs: range) -> list[tuple[int, int]]:
        return [(await any_journal.append(attempt(seq)), seq) for seq in seqs]

    sent = await asyncio.gather(*[send(range(start, start + 5)) for start in range(0, 100, 5)])
    told = {pair for pairs in sent for pair in pairs}
    stored = {(b.id, i.seq) for b in await read_all(any_journal) for i in b.items if isinstance(i, AttemptItem)}
    assert told == stored


async def test_append_many_takes_all_in_order(any_journal: Journal) -> None:
    last = await any_journal.append_many([attempt(seq) for seq in range(12_000)])
    assert await items(any_journal) == [attempt(seq) for seq in range(12_000)]
    assert await any_journal.head() == last
    assert await any_journal.append_many([]) == 0


async def test_a_block_holds_no_more_than_the_group_limit(any_journal: Journal) -> None:
    await any_journal.append_many([attempt(seq) for seq in range(12_000)])
    assert [len(block.items) for block in await read_all(any_journal)] == [5000, 5000, 2000]


async def test_a_block_holds_no_more_than_the_group_bytes(database: Database) -> None:
    journal = Journal(database, group_bytes=1000)
    await journal.start()
    big, small = callback(b"x" * 5000), callback(b"y" * 300)
    await journal.append_many([small, small, big, small, small, small])
    assert [len(block.items) for block in await read_all(journal)] == [2, 1, 2, 1]
    await journal.stop()


@given(given_items=st.lists(any_items, min_size=1, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_items_come_back_equal(any_journal: Journal, given_items: list[AnyItem]) -> None:
    before = await any_journal.head()
    await any_journal.append_many(given_items)
    assert await items(any_journal, before) == given_items


async def test_reading_is_bounded_by_blocks(any_journal: Journal) -> None:
    ids = [await any_journal.append(attempt(seq)) for seq in range(5)]
    assert [block.id for block in await any_journal.read(ids[0], 2)] == ids[1:3]
    assert await any_journal.read(ids[-1]) == []


async def test_reading_is_bounded_by_bytes(any_journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "READ_BYTES", 2500)
    ids = [await any_journal.append(callback(b"x" * 1000)) for _ in range(3)]
    huge = await any_journal.append(callback(b"x" * 9000))
    assert [block.id for block in await any_journal.read(0)] == ids[:2]
    assert [block.id for block in await any_journal.read(ids[1])] == ids[2:]
    assert [block.id for block in await any_journal.read(ids[2])] == [huge]


async def test_a_damaged_block_is_named(any_journal: Journal, any_database: Database) -> None:
    block_id = await any_journal.append(attempt(1))
    async with any_database.transaction() as session:
        (await session.get_one(JournalBlock, block_id)).payload = b"gone"
    with pytest.raises(StoreDamaged, match=f"Block {block_id} "):
        await any_journal.read(0)


async def test_a_cursor_only_moves_forward(any_journal: Journal, any_database: Database) -> None:
    assert await any_journal.cursor("facts") == 0
    for block_id in (3, 9, 5):
        async with any_database.transaction() as session:
            await any_journal.advance(session, "facts", block_id)
    assert await any_journal.cursor("facts") == 9
    assert await any_journal.cursor("other") == 0


async def test_a_cursor_moves_with_the_callers_transaction(any_journal: Journal, any_database: Database) -> None:
    async def fail() -> None:
        async with any_database.transaction() as session:
            await any_journal.advance(session, "facts", 3)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await any_journal.cursor("facts") == 0


async def test_appending_inside_a_transaction_is_refused(any_journal: Journal, any_database: Database) -> None:
    async with any_database.transaction():
        with pytest.raises(RuntimeError, match="already"):
            await any_journal.append(attempt(1))
        with pytest.raises(RuntimeError, match="already"):
            await any_journal.append_many([attempt(1)])


async def test_waiting_ends_with_the_next_block(any_journal: Journal) -> None:
    waiting = asyncio.create_task(any_journal.wait(0, 60))
    await asyncio.sleep(0)
    await any_journal.append(attempt(1))
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(any_journal.wait(0, 60), 10)


async def test_waiting_ends_with_a_block_of_another_process(any_journal: Journal, any_dsn: str) -> None:
    waiting = asyncio.create_task(any_journal.wait(0, 60))
    other = await Database.open(any_dsn, migrate=False)
    theirs = Journal(other)
    await theirs.start()
    await theirs.append(attempt(1))
    await asyncio.wait_for(waiting, 10)
    await theirs.stop()
    await other.close()


async def test_waiting_ends_with_its_time(any_journal: Journal) -> None:
    await asyncio.wait_for(any_journal.wait(0, 0.01), 10)


async def test_pruning_stops_at_the_slowest_cursor(any_journal: Journal, any_database: Database) -> None:
    ids = [await any_journal.append(attempt(seq)) for seq in range(6)]
    assert await any_journal.prune(LATER) == 0
    async with any_database.transaction() as session:
        await any_journal.advance(session, "facts", ids[4])
        await any_journal.advance(session, "slow", ids[2])
    assert await any_journal.prune(LATER) == 3
    assert [block.id for block in await any_journal.read(0)] == ids[3:]


async def test_pruning_keeps_what_is_not_old(any_journal: Journal, any_database: Database) -> None:
    ids = [await any_journal.append(attempt(seq)) for seq in range(3)]
    async with any_database.transaction() as session:
        (await session.get_one(JournalBlock, ids[0])).at = datetime.now(UTC) - timedelta(days=31)
        await any_journal.advance(session, "facts", ids[2])
    assert await any_journal.prune(datetime.now(UTC) - timedelta(days=30)) == 1
    assert [block.id for block in await any_journal.read(0)] == ids[1:]


async def test_an_id_is_never_given_twice(any_journal: Journal, any_database: Database) -> None:
    last = [await any_journal.append(attempt(seq)) for seq in range(3)][-1]
    async with any_database.transaction() as session:
        await any_journal.advance(session, "facts", last)
    await any_journal.prune(LATER)
    assert await any_journal.head() == last
    assert await any_journal.append(attempt(9)) > last


async def test_pruning_works_in_small_steps(
    any_journal: Journal, any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "PRUNE_BLOCKS", 2)
    ids = [await any_journal.append(attempt(seq)) for seq in range(6)]
    async with any_database.transaction() as session:
        await any_journal.advance(session, "facts", ids[-1])
    assert await any_journal.prune(LATER) == 5


async def test_a_rewritten_block_leaves_no_bytes_behind(journal: Journal, database: Database, tmp_path: Path) -> None:
    phone = b"919812345678"
    await journal.append_many([callback(phone), attempt(1)])
    last = await journal.append(attempt(2))
    (first, _) = await journal.read(0)
    assert [path for path in tmp_path.iterdir() if phone in path.read_bytes()]
    async with database.transaction() as session:
        await journal.rewrite(session, Block(first.id, first.at, [callback(b""), attempt(1)]))
        await journal.advance(session, "facts", last)
    assert await items(journal) == [callback(b""), attempt(1), attempt(2)]
    assert await database.checkpoint()
    assert not [path for path in tmp_path.iterdir() if phone in path.read_bytes()]


async def test_a_cancelled_waiter_takes_nobody_along(any_journal: Journal) -> None:
    tasks = [asyncio.create_task(any_journal.append(attempt(seq))) for seq in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results.pop(3), asyncio.CancelledError)
    assert all(isinstance(result, int) for result in results)
    assert len(await items(any_journal)) == 10


async def test_the_end_of_the_loop_leaves_nobody_waiting(any_database: Database) -> None:
    journal = Journal(any_database)
    await journal.start()
    tasks = [asyncio.create_task(journal.append(attempt(seq))) for seq in range(10)]
    await asyncio.sleep(0)
    assert journal._writer is not None
    for task in [journal._writer, *tasks]:
        task.cancel()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    with pytest.raises(Unavailable):
        await journal.append(attempt(1))


async def test_an_item_that_cannot_be_stored_harms_no_other(any_journal: Journal) -> None:
    good = any_journal.submit(attempt(1))
    for value in (2**64, "\ud800"):
        with pytest.raises(BadInput):
            any_journal.submit(ProfilesItem(at=1, records=[{"props": value}]))
    await good
    assert await items(any_journal) == [attempt(1)]


async def test_stopping_puts_on_disk_what_was_taken(any_database: Database) -> None:
    journal = Journal(any_database)
    await journal.start()
    receipts = [journal.submit(attempt(seq)) for seq in range(6000)]
    await journal.stop()
    assert all(receipt.done() for receipt in receipts)
    assert len(await items(journal)) == 6000
    with pytest.raises(Unavailable):
        await journal.append(attempt(1))


async def test_a_full_queue_refuses_at_once_and_takes_again_when_empty(any_database: Database) -> None:
    journal = Journal(any_database, pending_limit=10_000)
    await journal.start()
    receipts = [journal.submit(callback(b"x" * 3000)) for _ in range(3)]
    with pytest.raises(Unavailable) as raised:
        journal.submit(callback(b"x" * 3000))
    assert raised.value.retry_after >= 1
    await asyncio.gather(*receipts)
    assert journal.pending == 0
    await journal.append(callback(b"x" * 3000))
    assert len(await items(journal)) == 4
    await journal.stop()


@contextmanager
def no_file_may_grow_beyond(size: int) -> Iterator[None]:
    # The kernel refuses the write (EFBIG) as it does on a full disk (ENOSPC).
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_refuses_all_waiters_and_heals(database: Database, journal: Journal) -> None:
    await journal.append(attempt(0))
    log = Path(f"{database.url.database}-wal")
    with no_file_may_grow_beyond(log.stat().st_size + 1000):
        results = await asyncio.gather(*[journal.append(attempt(n)) for n in range(100)], return_exceptions=True)
        assert all(isinstance(result, Unavailable) and result.retry_after >= 1 for result in results)
        assert journal.failing
        assert journal.pending == 0
        with pytest.raises(Unavailable):
            async with database.transaction() as session:
                session.add(User(email="a@example.org", password_hash="x", created_at=datetime.now(UTC)))
    assert await journal.append(attempt(1)) == 2
    assert not journal.failing
    assert await items(journal) == [attempt(0), attempt(1)]


async def test_a_stopped_server_refuses_and_heals(postgres: PostgresServer, postgres_dsn: str) -> None:
    database = await Database.open(postgres_dsn)
    journal = Journal(database)
    await journal.start()
    await journal.append(attempt(0))
    postgres.stop()
    try:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await journal.append(attempt(1))
        await journal.wait(1, 0.7)
    finally:
        postgres.start()
    await journal.append(attempt(2))
    assert await items(journal) == [attempt(0), attempt(2)]
    await journal.stop()
    await database.close()


async def test_a_reader_beside_many_writers_misses_nothing(any_dsn: str) -> None:
    databases = [await Database.open(any_dsn, migrate=False) for _ in range(3)]
    reader, *writers = [Journal(database) for database in databases]
    for writer in writers:
        await writer.start()

    async def write(writer: Journal, first: int) -> None:
        for seq in range(first, first + 10):
            await writer.append(attempt(seq))

    async def follow() -> list[int]:
        seen: list[int] = []
        after = 0
        while len(seen) < 200:
            await reader.wait(after, 5)
            for block in await reader.read(after, 3):
                assert block.id > after
                after = block.id
                seen += [item.seq for item in block.items if isinstance(item, AttemptItem)]
        return seen

    following = asyncio.create_task(follow())
    await asyncio.gather(*[write(writers[n % 2], n * 10) for n in range(20)])
    assert sorted(await asyncio.wait_for(following, 30)) == list(range(200))
    for writer in writers:
        await writer.stop()
    for database in databases:
        await database.close()


async def test_appends_and_transactions_share_the_disk(any_journal: Journal, any_database: Database) -> None:
    async def plan(number: int) -> None:
        async with any_database.transaction() as session:
            session.add(User(email=f"{number}@example.org", password_hash="x", created_at=datetime.now(UTC)))
            await session.flush()

    await asyncio.gather(
        *[plan(n) for n in range(30)], *[any_journal.append(attempt(n)) for n in range(300)], return_exceptions=False
    )
    assert len(await items(any_journal)) == 300
