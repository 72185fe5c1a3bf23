"""Puts an audience snapshot back into a fact store that has lost it, with the facts that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from twoticks.callbacks.context import Context
from twoticks.callbacks.round import Entry, Round
from twoticks.callbacks.sends import of_type
from twoticks.callbacks.writing import write_facts
from twoticks.campaigns.reasons import reason_number
from twoticks.facts.sql import statement
from twoticks.records.items import MembersItem
from twoticks.vocabulary import FactKind, NotAttempted


@dataclass(frozen=True, slots=True)
class _Slice:
    """A range of message numbers of one campaign; both ends belong to it."""

    campaign: int
    first: int
    last: int

    def parameters(self) -> dict[str, int]:
        return {"campaign": self.campaign, "first": self.first, "last": self.last}


async def restore_members(context: Context, gathered: Round) -> None:
    """Insert the slices that are missing, and the facts of members who are never sent to.

    A launch writes both before it journals them, so normally nothing is missing and this costs two questions a slice.
    The facts are those that a launch writes, to the last column that tells them apart.
    """
    for entry, item in of_type(gathered, MembersItem):
        rows = pa.ipc.open_stream(item.arrow).read_all()
        if not rows.num_rows:
            continue
        ends = pc.min_max(rows.column("seq")).as_py()
        part = _Slice(item.campaign, ends["min"], ends["max"])
        if await _count(context, "members_present", part) < rows.num_rows:
            await context.facts.insert("members", rows)
            context.campaigns.forget([item.campaign])
        if await _count(context, "held_missing", part):
            await _add_held(context, part, entry, item, gathered)
            await write_facts(context.facts, gathered)


async def _count(context: Context, name: str, part: _Slice) -> int:
    [(count,)] = await context.facts.query(statement(__package__, name), part.parameters())
    return int(count)


async def _add_held(context: Context, part: _Slice, entry: Entry, item: MembersItem, gathered: Round) -> None:
    for seq, arm, held, at in await context.facts.query(statement(__package__, "members_held"), part.parameters()):
        if arm == "control":
            gathered.facts.add(item.campaign, FactKind.CONTROL, seq, at, at, entry.block)
        else:
            key = await reason_number(context.dictionary, NotAttempted(held))
            gathered.facts.add(item.campaign, FactKind.NOT_ATTEMPTED, seq, at, at, entry.block, key=key)
