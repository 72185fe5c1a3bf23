"""Reads the callbacks of a round: every item of every body goes to a message, to the loose ones or to quarantine."""

from __future__ import annotations

from collections.abc import Sequence

from twoticks.callbacks.breath import Breath
from twoticks.callbacks.context import Context
from twoticks.callbacks.round import Entry, Round, Source, refused
from twoticks.providers.base import CallbackRequest, Incoming, ParsedItem, Status, Unusable
from twoticks.records.items import CallbackItem

NO_PROVIDER = "the provider is no longer configured"


async def read_callbacks(context: Context, gathered: Round) -> None:
    """Parse every callback of the round, letting others run in between."""
    breath = Breath()
    for entry in gathered.entries:
        item = entry.item
        if type(item) is not CallbackItem:
            continue
        provider = await context.provider(item.provider)
        if provider is None:
            gathered.quarantined.append(refused(item.provider, NO_PROVIDER, "", item, entry.block))
            continue
        parsed = provider.adapter.parse(request_of(item))
        _sort(context, parsed, Source(item.provider, provider.kind, item.at, entry.block), entry, gathered)
        if breath.due():
            await breath.take()


def request_of(item: CallbackItem) -> CallbackRequest:
    """The callback as the adapter reads it; headers are gone but for the content type."""
    headers = {"content-type": item.content_type} if item.content_type else {}
    return CallbackRequest(item.method, "", item.query, headers, item.body, item.endpoint)


def _sort(context: Context, parsed: Sequence[ParsedItem], source: Source, entry: Entry, gathered: Round) -> None:
    take_status = context.attribution.take_status
    unusable: list[Unusable] = []
    for one in parsed:
        if type(one) is Status:
            take_status(one, source, gathered)
        elif type(one) is Incoming:
            context.attribution.take_incoming(one, source, gathered)
        elif type(one) is Unusable:
            unusable.append(one)
    gathered.counts.statuses += len(parsed)
    if unusable:
        _refuse(unusable, source, entry, gathered)


def _refuse(unusable: Sequence[Unusable], source: Source, entry: Entry, gathered: Round) -> None:
    """One row for each reason: the whole callback is kept with it, and one body may have 1,000 items at fault."""
    by_reason: dict[str, list[str]] = {}
    for one in unusable:
        by_reason.setdefault(one.reason, []).append(one.path)
    for reason, paths in by_reason.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        gathered.quarantined.append(refused(source.provider, reason, paths[0] + more, entry.item, source.block))
