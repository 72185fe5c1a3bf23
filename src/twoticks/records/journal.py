"""The journal: whatever comes in is on disk before anybody is told that we have it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from twoticks.errors import BadInput, Unavailable
from twoticks.records.blocks import Block, pack, unpack
from twoticks.records.commits import Commits, commits
from twoticks.records.database import Database
from twoticks.records.items import AnyItem
from twoticks.records.tables import JournalBlock, JournalCursor

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
READ_BYTES = 16 * MIB
"""About how much one `read` holds in memory, before compression."""
POLL_SECONDS = 0.5
"""How soon blocks of another process are seen."""
PRUNE_BLOCKS = 200
"""Blocks deleted in one transaction: a long one would keep appends waiting."""


class Receipt(asyncio.Future[int]):
    """The id of a group's block, once it is on disk; one for all who wait for that group."""

    def cancel(self, msg: object = None) -> bool:
        """Do nothing: the others still wait. A cancelled task gets its CancelledError when the commit is done."""
        return False


class _Group:
    """Items that will be committed together."""

    __slots__ = ("encoded", "receipt", "size")

    def __init__(self) -> None:
        self.encoded: list[bytes] = []
        self.size = 0
        self.receipt = Receipt()


class Journal:
    """Append-only log of items, in blocks of one group commit each.

    While one commit is on its way the next group gathers: the group size follows the load, and no timer delays a
    lone item. `pending_limit` bounds the encoded bytes in memory; beyond it items are refused at once.
    """

    def __init__(
        self,
        database: Database,
        *,
        pending_limit: int = 64 * MIB,
        group_limit: int = 5000,
        group_bytes: int = 4 * MIB,
    ) -> None:
        self._database = database
        self._pending_limit = pending_limit
        self._group_limit = group_limit
        self._group_bytes = group_bytes
        self._encode: Callable[[AnyItem], bytes] = msgspec.msgpack.Encoder().encode
        self._groups: deque[_Group] = deque()
        self._wake = asyncio.Event()
        self._committed = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._head = 0
        self._running = False
        self.pending = 0
        """Encoded bytes that wait for the disk."""
        self.failing = False
        """Whether the last commit was refused."""

    async def start(self) -> None:
        """Begin to take items."""
        self._head = await self.head()
        self._running = True
        self._writer = asyncio.create_task(self._write(commits(self._database)), name="journal")

    async def stop(self) -> None:
        """Take no more items, and return when those taken are on disk (or refused)."""
        self._running = False
        self._wake.set()
        if self._writer is not None:
            await self._writer
            self._writer = None

    async def append(self, item: AnyItem) -> int:
        """Return the block id of `item` once it is on disk; raises Unavailable when that fails.

        Not to be called inside a transaction of the records: the commit would wait for its end for ever.
        """
        self._database.refuse_inside_transaction()
        return await self.submit(item)

    async def append_many(self, items: Sequence[AnyItem]) -> int:
        """Append all, mostly as one block, and return the id of the last block; 0 for no items.

        When it raises Unavailable some of them may be on disk already.
        """
        self._database.refuse_inside_transaction()
        last = 0
        for receipt in dict.fromkeys([self.submit(item) for item in items]):
            last = await receipt
        return last

    def submit(self, item: AnyItem) -> asyncio.Future[int]:
        """Queue `item`; the future has its block id once it is on disk.

        Raises Unavailable when the queue is full, BadInput when the item holds what msgpack has no form for.
        """
        try:
            encoded = self._encode(item)
        except (OverflowError, UnicodeEncodeError, RecursionError) as error:
            raise BadInput("A number, a text or the nesting goes beyond what can be stored") from error
        size = len(encoded)
        if self.pending + size > self._pending_limit or not self._running:
            raise Unavailable("The journal is full or closed", retry_after=2)
        group = self._groups[-1] if self._groups else self._open_group()
        if len(group.encoded) >= self._group_limit or (group.encoded and group.size + size > self._group_bytes):
            group = self._open_group()
        group.encoded.append(encoded)
        group.size += size
        self.pending += size
        return group.receipt

    def _open_group(self) -> _Group:
        group = _Group()
        self._groups.append(group)
        self._wake.set()
        return group

    async def _write(self, to: Commits) -> None:
        try:
            while self._running or self._groups:
                await self._wake.wait()
                self._wake.clear()
                while self._groups:
                    # Let everything that is already here join: a commit costs as much as many items.
                    await asyncio.sleep(0)
                    await self._commit_next(to)
        finally:
            self._running = False
            while self._groups:
                self._refuse(self._groups.popleft(), Unavailable("The journal is closed"))
            to.close()

    async def _commit_next(self, to: Commits) -> None:
        async with self._database.turn():
            # Taken only now: the group went on gathering while other writers had their turn.
            group = self._groups.popleft()
            try:
                self._settle(group, await to.write(group.encoded))
            except Exception as error:
                self._refuse(group, error)
            except BaseException:
                # Cancelled at the end of the loop: waiters cannot be cancelled themselves, so they need an answer.
                self._refuse(group, Unavailable("The journal is closed"))
                raise

    def _settle(self, group: _Group, block_id: int) -> None:
        self.pending -= group.size
        self.failing = False
        self._head = block_id
        group.receipt.set_result(block_id)
        self._committed.set()
        self._committed = asyncio.Event()

    def _refuse(self, group: _Group, error: Exception) -> None:
        self.pending -= group.size
        self.failing = True
        if not isinstance(error, Unavailable):
            log.error("journal_failed", exc_info=error)
            error = Unavailable("The journal cannot be written now")
        group.receipt.set_exception(error)
        group.receipt.exception()  # Marks it as seen: when all waiters are gone nobody else will.

    async def head(self) -> int:
        """The id of the newest block, 0 when there is none yet."""
        async with self._database.session() as session:
            return await session.scalar(select(func.max(JournalBlock.id))) or 0

    async def read(self, after: int, limit: int = 64) -> list[Block]:
        """The blocks after the id `after`, rising: at most `limit`, and about 16 MiB (but always one).

        Raises StoreDamaged when a block cannot be read.
        """
        async with self._database.session() as session:
            sizes = await session.execute(
                select(JournalBlock.id, JournalBlock.size)
                .where(JournalBlock.id > after)
                .order_by(JournalBlock.id)
                .limit(limit)
            )
            last = _last_within(sizes.all(), READ_BYTES)
            rows = await session.execute(
                select(JournalBlock.id, JournalBlock.at, JournalBlock.payload)
                .where(JournalBlock.id > after, JournalBlock.id <= last)
                .order_by(JournalBlock.id)
            )
            found = rows.all()
        return await asyncio.to_thread(_blocks, found)

    async def cursor(self, consumer: str) -> int:
        """The id of the last block that `consumer` finished, 0 at first."""
        async with self._database.session() as session:
            found = await session.scalar(select(JournalCursor.block_id).where(JournalCursor.consumer == consumer))
        return found or 0

    async def advance(self, session: AsyncSession, consumer: str, block_id: int) -> None:
        """Note in the caller's transaction that `consumer` finished `block_id`; a cursor never moves back."""
        insert = self._database.insert(JournalCursor).values(consumer=consumer, block_id=block_id)
        await session.execute(
            insert.on_conflict_do_update(
                index_elements=["consumer"],
                set_={"block_id": insert.excluded.block_id},
                where=JournalCursor.block_id < insert.excluded.block_id,
            )
        )

    async def wait(self, after: int, timeout: float) -> None:  # noqa: ASYNC109
        """Return when a block after the id `after` may exist, or after `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._head <= after:
                    await self._news()

    async def _news(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._committed.wait()
        except TimeoutError:
            # Another process may have written; while the database is gone there is no news.
            with suppress(Unavailable):
                self._head = max(self._head, await self.head())

    async def rewrite(self, session: AsyncSession, block: Block) -> None:
        """Replace the items of a stored block in the caller's transaction: for erasing a person, nothing else.

        Keep the number and order of the items, as readers may know an item by its position.
        """
        size, payload = await asyncio.to_thread(pack, block.items)
        await session.execute(
            update(JournalBlock)
            .where(JournalBlock.id == block.id)
            .values(count=len(block.items), size=size, payload=payload)
        )

    async def prune(self, before: datetime) -> int:
        """Delete blocks committed before `before` that every consumer has finished, and return how many.

        Without any consumer nothing goes. The newest block always stays: ids must never be given twice.
        """
        total = 0
        while deleted := await self._prune_some(before):
            total += deleted
        return total

    async def _prune_some(self, before: datetime) -> int:
        finished = select(func.min(JournalCursor.block_id)).scalar_subquery()
        newest = select(func.max(JournalBlock.id)).scalar_subquery()
        old = (
            select(JournalBlock.id)
            .where(JournalBlock.id <= finished, JournalBlock.id < newest, JournalBlock.at < before)
            .order_by(JournalBlock.id)
            .limit(PRUNE_BLOCKS)
        )
        async with self._database.transaction() as session:
            deleted = await session.execute(
                delete(JournalBlock).where(JournalBlock.id.in_(old)).returning(JournalBlock.id)
            )
            return len(deleted.all())


def _last_within(sizes: Sequence[tuple[int, int]], limit: int) -> int:
    last, total = 0, 0
    for block_id, size in sizes:
        total += size
        if last and total > limit:
            break
        last = block_id
    return last


def _blocks(rows: Sequence[tuple[int, datetime, bytes]]) -> list[Block]:
    return [
        Block(block_id, round(at.astimezone(UTC).timestamp() * 1000), unpack(block_id, payload))
        for block_id, at, payload in rows
    ]
