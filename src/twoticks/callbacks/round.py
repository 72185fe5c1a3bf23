"""What one round of the drain gathers from a stretch of the journal before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from twoticks.callbacks.held import HeldItem, Stored
from twoticks.facts.fact import FactBatch
from twoticks.providers.base import Status
from twoticks.records.items import AnyItem

_TEXT = 300


class Entry(NamedTuple):
    """One item of the journal and where it stands there."""

    block: int
    place: int
    item: AnyItem


class Source(NamedTuple):
    """Where an item of a callback came from; `received` in Unix milliseconds, `kind` is the provider's."""

    provider: int
    kind: str
    received: int
    block: int


class Loose(NamedTuple):
    """An item of a callback whose message is still to be found; `row` is its id in `unmatched`, 0 for a new one."""

    source: Source
    held: HeldItem
    row: int = 0


class Failure(NamedTuple):
    """A `failed` fact that still lacks the number of its error."""

    campaign: int
    seq: int
    at: int
    time_replaced: bool
    source: Source
    status: Status


class AutomatedHit(NamedTuple):
    """A row of `automated_hits`."""

    campaign: int
    link: int
    seq: int
    event: int
    at: int
    reason: str


class Refused(NamedTuple):
    """A row for quarantine, made by `refused`; `path` names the field at fault."""

    provider: int
    reason: str
    path: str
    item: Stored
    block: int


def refused(provider: int, reason: str, path: str, item: Stored, block: int) -> Refused:
    """A row for quarantine whose texts every database takes: PostgreSQL refuses NUL and what is too long."""
    return Refused(provider, _storable(reason), _storable(path), item, block)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:_TEXT]


@dataclass(slots=True)
class Counts:
    """What a round, or the drain since its start, has seen; for metrics."""

    items: int = 0
    facts: int = 0
    statuses: int = 0
    unmatched: int = 0
    matched_late: int = 0
    quarantined: int = 0
    unattributed: int = 0

    def add(self, other: Counts) -> None:
        """Add `other` to this."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Round:
    """The work of one round. Every part of it may be written twice without changing anything."""

    entries: Sequence[Entry] = ()
    facts: FactBatch = field(default_factory=FactBatch)
    ids: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Provider message ids learned, as digests: which (campaign, message number) they stand for."""
    loose: list[Loose] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    replies: list[Loose] = field(default_factory=list)
    """Incoming messages that name no message of ours: they answer the last one sent to that phone."""
    unmatched: list[Loose] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    """Rows of `unmatched` that have found their message, or never will."""
    quarantined: list[Refused] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    """Rows of `quarantine` that were read again with success."""
    automated: list[AutomatedHit] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
