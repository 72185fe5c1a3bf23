"""Attributes a reply that names no message to the last one sent to that phone."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from twoticks.callbacks.context import Context
from twoticks.callbacks.held import HeldReply
from twoticks.callbacks.round import Loose, Round
from twoticks.callbacks.times import answered_by
from twoticks.callbacks.writing import write_facts
from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.vocabulary import ReplyKey

_PER_QUERY = 1_000


class _Sent(NamedTuple):
    """A message that was attempted; they compare by time."""

    at: int
    campaign: int
    seq: int


async def attribute_replies(context: Context, gathered: Round) -> None:
    """Place the replies of the round, or count them as unattributed.

    A person answers in the chat with one sender, so only messages through the provider that received the reply count.
    """
    replies = [(one, one.held) for one in gathered.replies if isinstance(one.held, HeldReply)]
    if not replies:
        return
    # Attempts of this same round must be visible to the question below.
    await write_facts(context.facts, gathered)
    phones = {f"+{held.incoming.sender}" for _, held in replies if _is_number(held.incoming.sender)}
    sent = await _messages(context.facts, phones)
    await context.campaigns.load((message.campaign, message.seq) for some in sent.values() for message in some)
    for one, held in replies:
        if not _place(context, one, held, sent.get(f"+{held.incoming.sender}", []), gathered):
            gathered.counts.unattributed += 1
        if one.row:
            gathered.settled.append(one.row)


def _place(context: Context, one: Loose, held: HeldReply, sent: list[_Sent], gathered: Round) -> bool:
    limit = answered_by(held.incoming.at, one.source.received)
    for message in sorted(sent, reverse=True):
        known = context.campaigns.get(message.campaign)
        if message.at > limit or known is None or known.provider != one.source.provider:
            continue
        if message.seq < len(known.flags):
            context.attribution.place_reply(held, known, message.seq, ReplyKey.LAST_MESSAGE, one.source, gathered)
            return True
    return False


async def _messages(facts: FactStore, phones: Collection[str]) -> dict[str, list[_Sent]]:
    sent: dict[str, list[_Sent]] = {}
    asked = sorted(phones)
    for start in range(0, len(asked), _PER_QUERY):
        some = asked[start : start + _PER_QUERY]
        for phone, campaign, seq, at in await facts.query(statement(__package__, "last_messages"), {"phones": some}):
            sent.setdefault(phone, []).append(_Sent(at, campaign, seq))
    return sent


def _is_number(sender: str) -> bool:
    """A person with a user name may be known by an id alone, which no member has."""
    return sender.isascii() and sender.isdecimal()
