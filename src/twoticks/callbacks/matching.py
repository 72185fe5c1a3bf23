"""Finds the messages of loose items: by our reference, by the provider's id, or among those that still wait."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select

from twoticks.callbacks.breath import Breath
from twoticks.callbacks.context import Context
from twoticks.callbacks.held import HeldItem, HeldReply, decode, digest_of, names_a_message, reference_of
from twoticks.callbacks.round import Loose, Round, Source
from twoticks.records.database import Database
from twoticks.records.tables import ProviderMessage, Unmatched

_PER_QUERY = 5_000
"""Values bound in one statement; SQLite and PostgreSQL take about 32,000."""


async def match_by_reference(context: Context, gathered: Round) -> None:
    """Try the references again, with their campaigns fetched."""
    if not gathered.loose:
        return
    await context.campaigns.load_named(ref for one in gathered.loose if (ref := reference_of(one.held)))
    loose, gathered.loose = gathered.loose, []
    breath = Breath()
    for one in loose:
        reference = reference_of(one.held)
        found = context.campaigns.find(reference, one.source.provider) if reference else None
        if found is None:
            gathered.loose.append(one)
        else:
            context.attribution.place(one, found[0], found[1], gathered)
        if breath.due():
            await breath.take()


async def recall_waiting(context: Context, gathered: Round) -> None:
    """Take up the waiting items whose provider id this round has learned."""
    if not gathered.ids:
        return
    async with context.database.session() as session:
        if await session.scalar(select(Unmatched.id).limit(1)) is None:
            return
        rows = [
            row
            for some in _slices(list(gathered.ids))
            for row in await session.scalars(select(Unmatched).where(Unmatched.digest.in_(some)))
        ]
    gathered.loose.extend([await recalled(context, row) for row in rows])


async def match_by_id(context: Context, gathered: Round) -> None:
    """Match what is still loose by the provider's own id; the rest waits, but replies that name no message."""
    if not gathered.loose:
        return
    loose, gathered.loose = gathered.loose, []
    digests = {digest for one in loose if (digest := digest_of(one.held)) is not None}
    messages = {digest: gathered.ids[digest] for digest in digests if digest in gathered.ids}
    messages |= await _stored(context.database, digests - messages.keys())
    await context.campaigns.load(messages.values())
    breath = Breath()
    for one in loose:
        digest = digest_of(one.held)
        message = None if digest is None else messages.get(digest)
        known = None if message is None else context.campaigns.get(message[0])
        if message is not None and known is not None and message[1] < len(known.flags):
            context.attribution.place(one, known, message[1], gathered)
        elif isinstance(one.held, HeldReply) and not names_a_message(one.held):
            gathered.replies.append(one)
        else:
            gathered.unmatched.append(one)
        if breath.due():
            await breath.take()


async def recalled(context: Context, row: Unmatched) -> Loose:
    """A waiting row as a loose item, with the receipt time that it had."""
    held = decode(row.item)
    if not isinstance(held, HeldItem):
        raise TypeError("a row of unmatched holds one item of a callback")
    kind = await context.provider_kind(row.provider_id)
    return Loose(Source(row.provider_id, kind, held.at, row.block_id), held, row.id)


async def _stored(database: Database, digests: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
    if not digests:
        return {}
    async with database.session() as session:
        return {
            row.digest: (row.campaign, row.seq)
            for some in _slices(list(digests))
            for row in await session.execute(
                select(ProviderMessage.digest, ProviderMessage.campaign, ProviderMessage.seq).where(
                    ProviderMessage.digest.in_(some)
                )
            )
        }


def _slices(values: list[bytes]) -> Iterable[list[bytes]]:
    return (values[start : start + _PER_QUERY] for start in range(0, len(values), _PER_QUERY))
