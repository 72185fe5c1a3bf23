"""Reads the journal and turns it into facts, for ever."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import structlog

from twoticks.callbacks.attribution import Attribution
from twoticks.callbacks.context import Context
from twoticks.callbacks.known import Campaigns
from twoticks.callbacks.leadership import Leadership
from twoticks.callbacks.round import Counts, Entry, Round, refused
from twoticks.callbacks.steps import prepare
from twoticks.callbacks.writing import CONSUMER, write
from twoticks.campaigns.directory import Directory
from twoticks.errors import Unavailable
from twoticks.facts.store import FactStore
from twoticks.records.blocks import Block
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.items import CallbackItem, MembersItem
from twoticks.records.journal import Journal
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References

log = structlog.get_logger(__name__)

INTERNAL_ERROR = "internal error while reading"
READ_BLOCKS = 1_000
"""Blocks of one reading. A fast disk commits as many in a second, each with a handful of callbacks."""
_ROUND_ITEMS = 20_000
_ROUND_BYTES = 8 << 20
_PACE_SECONDS = 0.1
"""Least time between the starts of two small rounds: each costs several fsyncs, however little it holds."""
_SMALL_ROUND = 5_000
_IDLE_SECONDS = 0.25
_FIRST_BACKOFF = 0.2
_LONGEST_BACKOFF = 5.0


class Drain:
    """The consumer `facts` of the journal, one round at a time.

    What a round does may be repeated: facts are written first, then records, the cursor last. When a store is down the
    cursor stays where it is and the round is tried again. An item that our own code stumbles over goes to quarantine,
    so that it does not stop those behind it.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        facts: FactStore,
        directory: Directory,
        references: References,
        dictionary: ErrorDictionary,
        tokens: LinkTokens,
    ) -> None:
        campaigns = Campaigns(database, facts, references)
        attribution = Attribution(campaigns, tokens)
        self.context = Context(database, journal, facts, directory, dictionary, campaigns, attribution)
        self.turn = asyncio.Lock()
        """Held by whoever writes what callbacks tell: the drain, a replay, a retry of what waits."""
        self.counts = Counts()
        self.rounds = 0
        self.position = 0
        """Id of the last block that is done."""
        self.read_until = 0
        """Everything journaled until this time, in Unix milliseconds, is done."""
        self.retried_until: int | None = None
        """How far `unmatched.retry_unmatched` has looked for what has waited too long; None for not at all."""
        self.failing = ""
        """The error that the last round met, empty when all is well."""
        self._leadership = Leadership(database)
        self._begun = False
        self._behind = False
        self._moved = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on where the cursor stands."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="drain")

    async def stop(self) -> None:
        """Return once the journal is read to its end, or at once when a store is down."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self._leadership.release()

    async def drained(self, block_id: int) -> None:
        """Return once everything up to `block_id` has become facts, here or in another process."""
        while self.position < block_id:
            moved = self._moved
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    await moved.wait()
            except TimeoutError:
                with contextlib.suppress(Unavailable):
                    if await self.context.journal.cursor(CONSUMER) >= block_id:
                        return

    async def run_once(self) -> bool:
        """Do the next part of the journal; False when there was nothing to do. Raises when a store cannot be used."""
        async with self.turn:
            try:
                return await self._read_on()
            except BaseException:
                self._begun = False
                raise

    async def take(self, entries: Sequence[Entry], cursor: int | None = None) -> None:
        """Turn items into facts, durably, and with `cursor` note how far that was; the caller holds `turn`."""
        gathered = Round(entries)
        try:
            await prepare(self.context, gathered)
        except Unavailable:
            self.context.campaigns.clear()
            raise
        except Exception as error:
            self.context.campaigns.clear()
            await self._take_apart(entries, error)
            gathered = Round()
        await self.write(gathered, cursor)

    async def write(self, gathered: Round, cursor: int | None = None) -> None:
        """Make a round durable and count it; the caller holds `turn`."""
        try:
            await write(self.context, gathered, cursor)
        except BaseException:
            self.context.campaigns.clear()
            raise
        self.counts.add(gathered.counts)

    def waited_until(self, now: int) -> int:
        """Until when what waits has really waited: `now`, less what of the journal is still unread."""
        return now - (_now() - self.read_until)

    async def _read_on(self) -> bool:
        journal = self.context.journal
        leads = await self._leadership.held()
        if not (leads and self._begun):
            self.position = await journal.cursor(CONSUMER)
            self._begun = leads
        if not leads:
            return False
        now = _now()
        blocks = await journal.read(self.position, READ_BLOCKS)
        for stretch in stretches(blocks):
            last = stretch[-1]
            await self.take(entries_of(stretch), last.id)
            self.position, self.read_until = last.id, last.at
            self.rounds += 1
            self._moved.set()
            self._moved = asyncio.Event()
        if not blocks:
            self.read_until = now
        self._behind = len(blocks) == READ_BLOCKS
        return bool(blocks)

    async def _take_apart(self, entries: Sequence[Entry], error: Exception) -> None:
        """Find the item that our code stumbles over, by halves."""
        if len(entries) > 1:
            middle = len(entries) // 2
            await self.take(entries[:middle])
            await self.take(entries[middle:])
            return
        # A store in trouble may fail in ways we do not know; then this raises, and the item is not to blame.
        await self.context.facts.query("select 1")
        for entry in entries:
            log.error("item_set_aside", block=entry.block, place=entry.place, error=place_of(error))
            provider = entry.item.provider if isinstance(entry.item, CallbackItem) else 0
            row = refused(provider, INTERNAL_ERROR, "", entry.item, entry.block)
            await self.write(Round(quarantined=[row]))

    async def _run(self) -> None:
        backoff = 0.0
        while True:
            started, before = perf_counter(), self.counts.items
            try:
                more = await self.run_once()
            except Exception as error:
                if self._stopping.is_set():
                    return
                backoff = min(max(2 * backoff, _FIRST_BACKOFF), _LONGEST_BACKOFF)
                self._note_failure(error)
                await self._rest(backoff)
                continue
            self.failing, backoff = "", 0.0
            if not more:
                if self._stopping.is_set():
                    return
                await self.context.journal.wait(self.position, _IDLE_SECONDS)
            elif not self._behind and self.counts.items - before < _SMALL_ROUND:
                await self._rest(_PACE_SECONDS - (perf_counter() - started))

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._stopping.wait()

    def _note_failure(self, error: Exception) -> None:
        what = place_of(error)
        if what != self.failing:
            log.warning("drain_waits", error=what, after_block=self.position)
        self.failing = what


def _now() -> int:
    return time.time_ns() // 1_000_000


def entries_of(blocks: Sequence[Block]) -> list[Entry]:
    """The items of some blocks with their places."""
    return [Entry(block.id, place, item) for block in blocks for place, item in enumerate(block.items)]


def stretches(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks in groups of a size that is worth its fsyncs and does not take much memory or time."""
    group: list[Block] = []
    items = size = 0
    for block in blocks:
        group.append(block)
        items += len(block.items)
        size += sum(map(_weight, block.items))
        if items >= _ROUND_ITEMS or size >= _ROUND_BYTES:
            yield group
            group, items, size = [], 0, 0
    if group:
        yield group


def _weight(item: object) -> int:
    if isinstance(item, CallbackItem):
        return len(item.body)
    return len(item.arrow) if isinstance(item, MembersItem) else 0


def place_of(error: Exception) -> str:
    """What was raised and where; never its message, which may quote what was read."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return type(error).__name__ + where
