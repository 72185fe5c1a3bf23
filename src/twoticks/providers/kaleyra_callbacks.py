"""Reads Kaleyra's callbacks: a GET whose query is one status or one incoming message."""

from __future__ import annotations

from typing import Any, Literal

from twoticks.providers.base import CallbackRequest, Incoming, ParsedItem, Status, Unusable
from twoticks.providers.bodies import UnusableError, identifier, optional_text, required_text
from twoticks.providers.fields import callback_object, form_of, message_type, sender
from twoticks.providers.meanings import OTHER
from twoticks.providers.times import read_time

Word = Literal["sent", "delivered", "viewed", "failed"]
WORDS: dict[str, Word] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "viewed",
    "failed": "failed",
    "undelivered": "failed",
    "0": "failed",  # so Kaleyra writes a failure
}
IGNORED = frozenset({"accepted", "queued", "submitted", "deleted"})


def parse(callback: CallbackRequest) -> list[ParsedItem]:
    """The one item of a callback, or none for a status that tells nothing; never raises."""
    try:
        item = _item(_fields(callback))
    except UnusableError as fault:
        return [Unusable(fault.reason, fault.path)]
    return [] if item is None else [item]


def _fields(callback: CallbackRequest) -> dict[str, Any]:
    if callback.body.lstrip()[:1] == b"{":
        return callback_object(callback.body)
    return form_of(callback.body, callback.query)


def _item(fields: dict[str, Any]) -> Status | Incoming | None:
    if "from" in fields and "status" not in fields:
        return _incoming(fields)
    text = required_text(fields, "", "status").lower()
    if text in IGNORED:
        return None
    word = WORDS.get(text)
    if word is None:
        raise UnusableError("is no status that Kaleyra documents", "status")
    message_id = identifier(fields, "id")
    if message_id is None:
        raise UnusableError("is no message id" if fields.get("id") else "is missing", "id")
    if word != "failed":
        return Status(word, None, message_id)
    return Status(word, None, message_id, kind=OTHER.kind, text=OTHER.text, permanent=OTHER.permanent)


def _incoming(fields: dict[str, Any]) -> Incoming:
    """A message without an id of its own, and without the id of the message it answers."""
    return Incoming(
        sender(fields, "", "from"),
        None,
        message_type(fields, ""),
        at=read_time(fields.get("created_at")),
        text=optional_text(fields, "body", "caption"),
    )
