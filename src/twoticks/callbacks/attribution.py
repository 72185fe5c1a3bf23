"""Turns an item of a callback and the message it belongs to into a fact."""

from __future__ import annotations

from collections.abc import Callable

from twoticks.callbacks.clicks import clicked_link
from twoticks.callbacks.held import HeldReply, HeldStatus, hold_reply, hold_status
from twoticks.callbacks.known import REGISTERED, Campaigns, Known
from twoticks.callbacks.round import AutomatedHit, Failure, Loose, Round, Source
from twoticks.callbacks.times import bounded
from twoticks.facts.fact import event_number
from twoticks.providers.base import Incoming, Status
from twoticks.tracking.bots import automated
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import message_digest
from twoticks.vocabulary import FactKind, ReplyKey

_STATES = {"sent": FactKind.SENT, "delivered": FactKind.DELIVERED, "viewed": FactKind.VIEWED}


class Attribution:
    """Places items whose reference names a message at once, and puts the others aside as loose.

    Placing a status is what the drain does most: it must stay within a few microseconds.
    """

    def __init__(self, campaigns: Campaigns, tokens: LinkTokens) -> None:
        self._find = campaigns.find
        self._tokens = tokens
        self._special: dict[str, Callable[[Status, Known, int, Source, Round], None]] = {
            "failed": self._failed,
            "clicked": self._clicked,
        }

    def take_status(self, status: Status, source: Source, gathered: Round) -> None:
        """A status as the adapter read it."""
        reference = status.reference
        found = self._find(reference, source.provider) if reference else None
        if found is None:
            gathered.loose.append(Loose(source, hold_status(source.provider, source.received, status)))
        else:
            self.place_status(status, found[0], found[1], source, gathered)

    def take_incoming(self, incoming: Incoming, source: Source, gathered: Round) -> None:
        """An incoming message as the adapter read it."""
        gathered.loose.append(Loose(source, hold_reply(source.provider, source.received, incoming)))

    def place(self, loose: Loose, known: Known, seq: int, gathered: Round) -> None:
        """A loose item whose message is found."""
        if isinstance(loose.held, HeldStatus):
            self.place_status(loose.held.status, known, seq, loose.source, gathered)
        else:
            self.place_reply(loose.held, known, seq, ReplyKey.EXACT, loose.source, gathered)
        if loose.row:
            gathered.settled.append(loose.row)
            gathered.counts.matched_late += 1

    def place_status(self, status: Status, known: Known, seq: int, source: Source, gathered: Round) -> None:
        """The fact that a status tells of message `seq`."""
        if status.message_id and not known.flags[seq] & REGISTERED:
            # A reply names the provider's id, which we may never have been told in an answer.
            gathered.ids[message_digest(source.provider, status.message_id)] = (known.id, seq)
            known.flags[seq] |= REGISTERED
        kind = _STATES.get(status.status)
        if kind is None:
            self._special[status.status](status, known, seq, source, gathered)
            return
        received = source.received
        at, replaced = bounded(status.at, known.started_at, received)
        gathered.facts.add(known.id, kind, seq, at, received, source.block, time_replaced=replaced)

    def place_reply(
        self, held: HeldReply, known: Known, seq: int, key: ReplyKey, source: Source, gathered: Round
    ) -> None:
        """The `replied` fact of message `seq`."""
        at, replaced = bounded(held.incoming.at, known.started_at, source.received)
        gathered.facts.add(
            known.id,
            FactKind.REPLIED,
            seq,
            at,
            source.received,
            source.block,
            key=key,
            event=held.event,
            time_replaced=replaced,
        )

    def _failed(self, status: Status, known: Known, seq: int, source: Source, gathered: Round) -> None:
        at, replaced = bounded(status.at, known.started_at, source.received)
        gathered.failures.append(Failure(known.id, seq, at, replaced, source, status))

    def _clicked(self, status: Status, known: Known, seq: int, source: Source, gathered: Round) -> None:
        at, replaced = bounded(status.at, known.started_at, source.received)
        link, tracked = clicked_link(known.links, self._tokens, known.id, seq, status.url)
        # The provider's own time, replaced or not: a click delivered twice without a time must not become two.
        event = event_number(seq, link, status.at, status.url)
        reason = automated("GET", {"user-agent": status.user_agent}) if status.user_agent else None
        if reason is not None:
            gathered.automated.append(AutomatedHit(known.id, link, seq, event, at, reason))
            return
        gathered.facts.add(
            known.id,
            FactKind.CLICKED,
            seq,
            at,
            source.received,
            source.block,
            key=link,
            event=0 if tracked else event,
            time_replaced=replaced,
        )
