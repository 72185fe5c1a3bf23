"""Reads Vonage's callbacks: one object for one status or one incoming message."""

from __future__ import annotations

from typing import Any, Literal

from twoticks.providers.base import Incoming, ParsedItem, Status, Unusable
from twoticks.providers.bodies import UnusableError, identifier, mapping, optional_text, required_text
from twoticks.providers.fields import callback_object, message_type, own_reference, read_moment, sender
from twoticks.providers.meanings import OTHER
from twoticks.providers.vonage_errors import CODES, error_code

Word = Literal["sent", "delivered", "viewed", "failed"]
WORDS: dict[str, Word] = {
    "submitted": "sent",  # handed to WhatsApp: Vonage has no "sent"
    "delivered": "delivered",
    "read": "viewed",
    "rejected": "failed",
    "undeliverable": "failed",
}
_TEXTS = ("text", "title", "caption", "emoji", "name", "address")


def parse(body: bytes) -> list[ParsedItem]:
    """The one item of a body; never raises."""
    try:
        value = callback_object(body)
        item = _incoming(value) if "message_type" in value and "status" not in value else _status(value)
    except UnusableError as fault:
        return [Unusable(fault.reason, fault.path)]
    return [] if item is None else [item]


def _status(value: dict[str, Any]) -> Status:
    word = WORDS.get(required_text(value, "", "status").lower())
    if word is None:
        raise UnusableError("is no status that Vonage documents", "status")
    message_id, reference = identifier(value, "message_uuid"), identifier(value, "client_ref")
    if message_id is None and reference is None:
        raise UnusableError("is missing" if value.get("message_uuid") is None else "is no message id", "message_uuid")
    at = read_moment(value.get("timestamp"))
    if word != "failed":
        return Status(word, reference, message_id, at)
    error = mapping(value.get("error"))
    code = error_code(error)
    meaning = CODES.get(code, OTHER)
    text = optional_text(error, "detail", "title", limit=300) or meaning.text
    return Status(word, reference, message_id, at, kind=meaning.kind, code=code, text=text, permanent=meaning.permanent)


def _incoming(value: dict[str, Any]) -> Incoming | None:
    message_id = identifier(value, "message_uuid")
    if message_id is None:
        raise UnusableError("is missing" if value.get("message_uuid") is None else "is no message id", "message_uuid")
    kind = message_type(value, "", "message_type")
    content = mapping(value.get(kind))
    if kind == "reaction" and not optional_text(content, "emoji"):
        return None  # a reaction that was taken back
    payload = optional_text(content, "payload") or optional_text(content, "id")
    return Incoming(
        sender(value, "", "from"),
        message_id,
        kind,
        at=read_moment(value.get("timestamp")),
        text=optional_text(content, *_TEXTS) or optional_text(value, "text"),
        reply_to_reference=own_reference(payload),
        reply_to_message_id=identifier(mapping(value.get("context")), "message_uuid"),
    )
