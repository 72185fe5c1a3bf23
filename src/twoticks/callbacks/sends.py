"""Facts from our own side of a send: attempts, the provider's answers, what was never tried, clicks on our links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from twoticks.callbacks.breath import Breath
from twoticks.callbacks.context import Context
from twoticks.callbacks.known import REGISTERED
from twoticks.callbacks.round import AutomatedHit, Entry, Round
from twoticks.campaigns.reasons import reason_number
from twoticks.records.items import AnswerItem, AttemptItem, ClickItem, Item, NotAttemptedItem
from twoticks.tracking.references import message_digest
from twoticks.vocabulary import FactKind, NotAttempted, Side

T = TypeVar("T", bound=Item)


def of_type(gathered: Round, kind: type[T]) -> Iterator[tuple[Entry, T]]:
    """The entries whose item is of one kind, in the journal's order."""
    return ((entry, entry.item) for entry in gathered.entries if type(entry.item) is kind)


async def note_attempts(context: Context, gathered: Round) -> None:
    """An attempt was made: from now on the message is never sent again."""
    breath = Breath()
    for entry, item in of_type(gathered, AttemptItem):
        gathered.facts.add(item.campaign, FactKind.ATTEMPTED, item.seq, item.at, item.at, entry.block)
        if breath.due():
            await breath.take()


async def note_answers(context: Context, gathered: Round) -> None:
    """What the provider answered; its ids must be known before the callbacks of the same round are matched."""
    answers = list(of_type(gathered, AnswerItem))
    await context.campaigns.load((item.campaign, item.seq) for _, item in answers if item.message_id)
    breath = Breath()
    for entry, item in answers:
        kind, key = FactKind.SENT, 0
        if item.outcome != "sent":
            kind = FactKind.REFUSED if item.outcome == "refused" else FactKind.UNKNOWN
            key = await context.dictionary.number(
                Side.EXTERNAL,
                await context.provider_kind(item.provider),
                item.kind,
                item.code,
                item.text,
                item.permanent,
            )
        gathered.facts.add(item.campaign, kind, item.seq, item.at, item.at, entry.block, key=key)
        if item.message_id:
            _learn(context, item, item.message_id, gathered)
        if breath.due():
            await breath.take()


def _learn(context: Context, item: AnswerItem, message_id: str, gathered: Round) -> None:
    gathered.ids[message_digest(item.provider, message_id)] = (item.campaign, item.seq)
    known = context.campaigns.get(item.campaign)
    if known is not None and item.seq < len(known.flags):
        known.flags[item.seq] |= REGISTERED


async def note_not_attempted(context: Context, gathered: Round) -> None:
    """Messages that we shall never try to send, with the reason."""
    breath = Breath()
    for entry, item in of_type(gathered, NotAttemptedItem):
        key = await reason_number(context.dictionary, NotAttempted(item.reason))
        for seq in item.seqs:
            gathered.facts.add(item.campaign, FactKind.NOT_ATTEMPTED, seq, item.at, item.at, entry.block, key=key)
            if breath.due():
                await breath.take()


async def note_clicks(context: Context, gathered: Round) -> None:
    """Hits on tracked links: facts where a person made them, else rows of their own."""
    for entry, item in of_type(gathered, ClickItem):
        if item.automated is None:
            gathered.facts.add(
                item.campaign,
                FactKind.CLICKED,
                item.seq,
                item.at,
                item.at,
                entry.block,
                key=item.link,
                event=item.event,
            )
        else:
            gathered.automated.append(
                AutomatedHit(item.campaign, item.link, item.seq, item.event, item.at, item.automated)
            )


async def number_failures(context: Context, gathered: Round) -> None:
    """Give the failures that callbacks told their error numbers."""
    for failure in gathered.failures:
        status, source = failure.status, failure.source
        key = await context.dictionary.number(
            Side.DELIVERY, source.kind, status.kind, status.code, status.text, status.permanent
        )
        gathered.facts.add(
            failure.campaign,
            FactKind.FAILED,
            failure.seq,
            failure.at,
            source.received,
            source.block,
            key=key,
            time_replaced=failure.time_replaced,
        )
    gathered.failures.clear()
