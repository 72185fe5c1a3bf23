"""Reads Netcore's callbacks: `delivery_status` (as documented, unseen so far) and `incoming_message` (as recorded)."""

from __future__ import annotations

import re
from typing import Any, Literal

from twoticks.providers.base import Incoming, ParsedItem, Status
from twoticks.providers.bodies import (
    Findings,
    UnusableError,
    each,
    identifier,
    mapping,
    optional_text,
    required_text,
)
from twoticks.providers.fields import callback_object, message_type, own_reference, read_moment, sender
from twoticks.providers.meanings import OTHER
from twoticks.providers.netcore_errors import CODES

Word = Literal["sent", "delivered", "viewed", "failed"]
WORDS: dict[str, Word] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "viewed",
    "failed": "failed",
    "undelivered": "failed",
    "rejected": "failed",
}
IGNORED = frozenset({"accepted", "queued", "submitted", "deleted"})
STATUSES = "delivery_status"
MESSAGES = "incoming_message"
PASSED_THROUGH = "x-apiheader"
_CODE = re.compile(r"[(#]*([0-9]{3,6})\b")
"""An error code, where a remark begins with one."""


def parse(body: bytes) -> list[ParsedItem]:
    """The items of a body; never raises."""
    findings = Findings()
    try:
        value = callback_object(body)
        known = [name for name in (STATUSES, MESSAGES) if value.get(name) is not None]
        if not known:
            raise UnusableError(f"holds neither {STATUSES} nor {MESSAGES}")
        for name in known:
            for path, item in each(value, name, "", findings):
                try:
                    findings.add(_status(item, path) if name == STATUSES else _incoming(item, path))
                except UnusableError as fault:
                    findings.unusable(fault)
    except UnusableError as fault:
        findings.unusable(fault)
    return findings.items


def _status(item: dict[str, Any], path: str) -> Status | None:
    text = required_text(item, path, "status").lower()
    if text in IGNORED:
        return None
    word = WORDS.get(text)
    if word is None:
        raise UnusableError("is no status that Netcore documents", f"{path}.status")
    message_id, reference = identifier(item, "ncmessage_id"), identifier(item, PASSED_THROUGH)
    if message_id is None and reference is None:
        fault = "is no message id" if item.get("ncmessage_id") else "is missing"
        raise UnusableError(fault, f"{path}.ncmessage_id")
    at = read_moment(item.get("received_at"))
    if word != "failed":
        return Status(word, reference, message_id, at, path=path)
    remark = optional_text(item, "status_remark", limit=300)
    found = _CODE.match(remark)
    code = found[1] if found is not None else ""
    meaning = CODES.get(code, OTHER)
    return Status(
        word,
        reference,
        message_id,
        at,
        kind=meaning.kind,
        code=code,
        text=meaning.text if remark in ("", code) else remark,
        permanent=meaning.permanent,
        path=path,
    )


def _incoming(item: dict[str, Any], path: str) -> Incoming | None:
    """A message; what names nothing is an empty text, not null."""
    kind = message_type(item, path, "message_type")
    content = mapping(item.get(f"{kind}_type"))
    if kind == "reaction" and not optional_text(content, "emoji"):
        return None  # a reaction that was taken back
    message_id = identifier(item, "message_id")
    if message_id is None:
        raise UnusableError("is no message id" if item.get("message_id") else "is missing", f"{path}.message_id")
    answered = mapping(item.get("context"))
    echoes = (optional_text(answered, PASSED_THROUGH), optional_text(content, "payload"))
    return Incoming(
        sender(item, path, "from"),
        message_id,
        kind,
        at=read_moment(item.get("received_at")),
        text=optional_text(content, "text", "title", "caption", "emoji", "name", "address"),
        reply_to_reference=next((text for text in echoes if own_reference(text)), None),
        reply_to_message_id=identifier(answered, "ncmessage_id", "message_id"),
        path=path,
    )
