"""Reads Gupshup's callbacks: its own events (v2), and Meta's envelope with Gupshup's ids beside Meta's (v3)."""

from __future__ import annotations

import json
from typing import Any, Literal

from twoticks.providers import meta_callbacks
from twoticks.providers.base import Incoming, ParsedItem, Status, Unusable
from twoticks.providers.bodies import UnusableError, identifier, mapping, optional_text, required_text
from twoticks.providers.fields import callback_object, message_type, own_reference, sender
from twoticks.providers.gupshup_errors import CODES
from twoticks.providers.meanings import OTHER, with_meanings
from twoticks.providers.times import read_time

Word = Literal["sent", "delivered", "viewed", "failed"]
WORDS: dict[str, Word] = {"sent": "sent", "delivered": "delivered", "read": "viewed", "failed": "failed"}
IGNORED = frozenset({"enqueued", "deleted"})
"""Waits at Gupshup, as the answer said; or the person deleted the message."""
OTHER_EVENTS = frozenset({"user-event", "system-event", "template-event", "account-event", "billing-event"})
_PASSED_OVER = "deleted"
"""A status that Meta's reader passes over as well."""
_PAYLOAD = "payload"


def parse(body: bytes) -> list[ParsedItem]:
    """The items of a body of either version; never raises."""
    try:
        value = callback_object(body)
        if "entry" in value:
            return _passed_on(value, body)
        item = _event(value)
    except UnusableError as fault:
        return [Unusable(fault.reason, fault.path)]
    return [] if item is None else [item]


def _event(event: dict[str, Any]) -> Status | Incoming | None:
    kind = required_text(event, "", "type")
    if kind in OTHER_EVENTS:
        return None
    payload = event.get(_PAYLOAD)
    if not isinstance(payload, dict):
        raise UnusableError("is missing" if payload is None else "is no object", _PAYLOAD)
    if kind == "message-event":
        return _status(payload, event.get("timestamp"))
    if kind == "message":
        return _incoming(payload, event.get("timestamp"))
    raise UnusableError("is no type of event that Gupshup documents", "type")


def _status(payload: dict[str, Any], sent_at: object) -> Status | None:
    """A status names its message by Gupshup's id, which the answer to the send gave.

    That is `gsId`, or `id` where there is none: for statuses after the sending, `id` is WhatsApp's.
    """
    text = required_text(payload, _PAYLOAD, "type").lower()
    if text in IGNORED:
        return None
    word = WORDS.get(text)
    if word is None:
        raise UnusableError("is no status that Gupshup documents", f"{_PAYLOAD}.type")
    message_id = identifier(payload, "gsId", "id")
    if message_id is None:
        raise UnusableError("is missing" if payload.get("id") is None else "is no message id", f"{_PAYLOAD}.id")
    details = mapping(payload.get(_PAYLOAD))
    at = read_time(details.get("ts")) or read_time(sent_at)
    if word != "failed":
        return Status(word, None, message_id, at)
    code = optional_text(details, "code", limit=64)
    meaning = CODES.get(code, OTHER)
    reason = optional_text(details, "reason", limit=300) or meaning.text
    return Status(word, None, message_id, at, kind=meaning.kind, code=code, text=reason, permanent=meaning.permanent)


def _incoming(payload: dict[str, Any], sent_at: object) -> Incoming:
    message_id = identifier(payload, "id")
    if message_id is None:
        raise UnusableError("is missing" if payload.get("id") is None else "is no message id", f"{_PAYLOAD}.id")
    content = mapping(payload.get(_PAYLOAD))
    who = {"source": payload.get("source"), "phone": mapping(payload.get("sender")).get("phone")}
    return Incoming(
        sender(who, _PAYLOAD, "source", "phone"),
        message_id,
        message_type(payload, _PAYLOAD),
        at=read_time(sent_at),
        text=optional_text(content, "text", "title", "caption", "emoji", "name"),
        reply_to_reference=own_reference(optional_text(content, "postbackText")),
        reply_to_message_id=identifier(mapping(payload.get("context")), "gsId", "id"),
    )


def _passed_on(value: dict[str, Any], body: bytes) -> list[ParsedItem]:
    """Meta's envelope; failures that Gupshup itself puts into it have Gupshup's codes."""
    return with_meanings(meta_callbacks.parse(_with_own_ids(value, body)), CODES)


def _with_own_ids(value: dict[str, Any], body: bytes) -> bytes:
    """The envelope with Gupshup's ids where Meta's stand."""
    if b"gs_id" not in body and b"enqueued" not in body:
        return body
    for holder in _values(value):
        for status in _objects(holder.get("statuses")):
            _put_own_id(status)
            if status.get("status") == "enqueued":
                status["status"] = _PASSED_OVER
        for message in _objects(holder.get("messages")):
            _put_own_id(mapping(message.get("context")))
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return body


def _put_own_id(item: dict[str, Any]) -> None:
    own = identifier(item, "gs_id")
    if own is not None:
        item["id"] = own


def _values(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    entries = _objects(envelope.get("entry"))
    return [mapping(change.get("value")) for entry in entries for change in _objects(entry.get("changes"))]


def _objects(values: object) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
