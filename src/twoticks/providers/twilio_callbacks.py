"""Reads Twilio's callbacks: one form for one status or one incoming message."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import parse_qsl

from twoticks.providers.base import CallbackRequest, Incoming, ParsedItem, Status, Unusable
from twoticks.providers.bodies import UnusableError, identifier, optional_text, required_text
from twoticks.providers.fields import form_of, message_type, own_reference, sender
from twoticks.providers.meanings import OTHER
from twoticks.providers.twilio_errors import CODES

Word = Literal["sent", "delivered", "viewed", "failed"]
WORDS: dict[str, Word] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "viewed",
    "undelivered": "failed",
    "failed": "failed",
}
IGNORED = frozenset({"accepted", "scheduled", "queued", "sending", "canceled"})
"""On its way inside Twilio: the answer to the send told as much."""
RECEIVED = frozenset({"received", "receiving"})
REFERENCE_FIELD = "ref"
_SENDERS = ("From", "WaId", "ExternalUserId")
_FIELD = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+){3}")


def reference_field(reference: str) -> str:
    """Our reference as it stands in a status callback URL.

    A bar would be percent-encoded, and it is the URL that is signed: a hyphen leaves nothing to encode.
    """
    return f"{REFERENCE_FIELD}={reference.replace('|', '-')}"


def parse(callback: CallbackRequest) -> list[ParsedItem]:
    """The one item of a callback, or none for a status that tells nothing."""
    try:
        fields = form_of(callback.body, callback.query)
        item = _item(fields, _reference(callback.query))
    except UnusableError as fault:
        return [Unusable(fault.reason, fault.path)]
    return [] if item is None else [item]


def _reference(query: str) -> str | None:
    try:
        text = dict(parse_qsl(query, max_num_fields=16)).get(REFERENCE_FIELD, "")
    except ValueError:
        return None
    return own_reference(text.replace("-", "|")) if _FIELD.fullmatch(text) else None


def _item(fields: dict[str, Any], reference: str | None) -> Status | Incoming | None:
    text = optional_text(fields, "MessageStatus", "SmsStatus").lower()
    if text in RECEIVED or (not text and "Body" in fields):
        return _incoming(fields)
    text = required_text(fields, "", "MessageStatus", "SmsStatus").lower()
    if text in IGNORED:
        return None
    word = WORDS.get(text)
    if word is None:
        raise UnusableError("is no status that Twilio documents", "MessageStatus")
    message_id = identifier(fields, "MessageSid", "SmsSid")
    if message_id is None and reference is None:
        raise UnusableError("is no message id" if fields.get("MessageSid") else "is missing", "MessageSid")
    return _status(fields, word, reference, message_id)


def _status(fields: dict[str, Any], word: Word, reference: str | None, message_id: str | None) -> Status:
    """Twilio gives no time: the callback's receipt counts."""
    if word != "failed":
        return Status(word, reference, message_id)
    code = optional_text(fields, "ErrorCode", limit=64)
    meaning = CODES.get(code, OTHER)
    text = optional_text(fields, "ErrorMessage", "ChannelStatusMessage", limit=300) or meaning.text
    return Status(word, reference, message_id, kind=meaning.kind, code=code, text=text, permanent=meaning.permanent)


def _incoming(fields: dict[str, Any]) -> Incoming:
    message_id = identifier(fields, "MessageSid", "SmsSid")
    if message_id is None:
        raise UnusableError("is no message id" if fields.get("MessageSid") else "is missing", "MessageSid")
    return Incoming(
        sender(fields, "", *_SENDERS),
        message_id,
        message_type(fields, "", "MessageType") if fields.get("MessageType") else _guessed_type(fields),
        text=optional_text(fields, "Body", "ButtonText", "Label", "Address"),
        reply_to_reference=own_reference(optional_text(fields, "ButtonPayload")),
        reply_to_message_id=identifier(fields, "OriginalRepliedMessageSid"),
    )


def _guessed_type(fields: dict[str, Any]) -> str:
    """The type of a message without `MessageType`, which Twilio sends for WhatsApp only since 2023."""
    if fields.get("ButtonText") or fields.get("ButtonPayload"):
        return "button"
    if optional_text(fields, "NumMedia") not in ("", "0"):
        return "media"
    return "location" if fields.get("Latitude") else "text"
