"""What waits in records: single items of callbacks whose message is not known yet, and how they are kept."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from twoticks.facts.fact import event_number
from twoticks.providers.base import Incoming, Status
from twoticks.records.items import AnyItem, Item
from twoticks.tracking.references import message_digest


class HeldStatus(Item, frozen=True, tag="held_status"):
    """One delivery status; `at` is the receipt time of its callback."""

    provider: int
    status: Status
    path: str = ""
    """Where in the callback it stood; not part of what makes two of them equal."""


class HeldReply(Item, frozen=True, tag="held_reply"):
    """One incoming message without its text, which nothing here needs; `event` is the number of its fact."""

    provider: int
    event: int
    incoming: Incoming
    path: str = ""


HeldItem = HeldStatus | HeldReply
Stored = AnyItem | HeldStatus | HeldReply
"""All that quarantine may hold: items of the journal, and items of a callback."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Stored] = msgspec.msgpack.Decoder(Stored)


def hold_status(provider: int, received: int, status: Status) -> HeldStatus:
    """A status in the form in which a redelivered one is equal to it, but for the receipt time."""
    plain = msgspec.structs.replace(status, path="", user_agent=status.user_agent[:300])
    return HeldStatus(received, provider, plain, status.path)


def hold_reply(provider: int, received: int, incoming: Incoming) -> HeldReply:
    """An incoming message in the form in which a redelivered one is equal to it, but for the receipt time."""
    plain = msgspec.structs.replace(incoming, path="", text="")
    return HeldReply(received, provider, reply_event(provider, incoming), plain, incoming.path)


def reply_event(provider: int, incoming: Incoming) -> int:
    """The number of a reply's fact: from the provider's id, or from the whole message where it has none."""
    if incoming.message_id:
        return event_number(provider, incoming.message_id)
    whole = msgspec.structs.replace(incoming, path="")
    return event_number(provider, *msgspec.structs.astuple(whole))


def reference_of(held: HeldItem) -> str | None:
    """Our reference that the item names."""
    return held.status.reference if isinstance(held, HeldStatus) else held.incoming.reply_to_reference


def digest_of(held: HeldItem) -> bytes | None:
    """The digest of the provider's id of the message that the item is about."""
    name = held.status.message_id if isinstance(held, HeldStatus) else held.incoming.reply_to_message_id
    return message_digest(held.provider, name) if name else None


def names_a_message(reply: HeldReply) -> bool:
    """Whether an incoming message says which message it answers."""
    return bool(reply.incoming.reply_to_reference or reply.incoming.reply_to_message_id)


def encode(item: Stored) -> bytes:
    """The stored form."""
    return _encoder.encode(item)


def decode(stored: bytes) -> Stored:
    """The item that `encode` stored."""
    return _decoder.decode(stored)


def fingerprint(item: Stored, *more: str) -> bytes:
    """16 bytes that are the same for a redelivered item: all of it but its receipt time and its place."""
    changes: dict[str, object] = {"at": 0, "path": ""} if isinstance(item, HeldItem) else {"at": 0}
    plain = msgspec.structs.replace(item, **changes)
    return blake2b(_encoder.encode((plain, more)), digest_size=16, person=b"held item").digest()
