"""Reads Infobip's callbacks: delivery reports, seen reports and incoming messages, all as `results`."""

from __future__ import annotations

from typing import Any, Literal

from twoticks.providers.base import Incoming, ParsedItem, Status
from twoticks.providers.bodies import Findings, UnusableError, each, identifier, mapping, optional_text
from twoticks.providers.fields import callback_object, message_type, own_reference, read_moment, sender
from twoticks.providers.infobip_errors import CODES
from twoticks.providers.meanings import OTHER

Word = Literal["sent", "delivered", "viewed", "failed"]
GROUPS: dict[str, Word | None] = {
    "OK": None,
    "PENDING": None,
    "UNDELIVERABLE": "failed",
    "DELIVERED": "delivered",
    "EXPIRED": "failed",
    "REJECTED": "failed",
}
"""Groups of statuses by name; None is on its way inside Infobip. Their numbers are their places in this table."""
WORDS: dict[str, Word] = {
    # Both sound further than they are: the message has left Infobip, and its delivery report is to come.
    "DELIVERED_TO_OPERATOR": "sent",
    "PENDING_WAITING_DELIVERY": "sent",
}
_NUMBERED = dict(enumerate(GROUPS))
_NOTHING = "NO_ERROR"


def parse(body: bytes) -> list[ParsedItem]:
    """The items of a body; never raises."""
    findings = Findings()
    try:
        for path, item in each(callback_object(body), "results", "", findings):
            try:
                findings.add(_item(item, path))
            except UnusableError as fault:
                findings.unusable(fault)
    except UnusableError as fault:
        findings.unusable(fault)
    return findings.items


def group(status: dict[str, Any]) -> str:
    """The name of a status's group, by its name or number; empty for one that Infobip does not document."""
    name = optional_text(status, "groupName").upper()
    if name in GROUPS:
        return name
    number = status.get("groupId")
    return _NUMBERED.get(number, "") if type(number) is int else ""


def _item(item: dict[str, Any], path: str) -> Status | Incoming | None:
    if "message" in item:
        return _incoming(item, path)
    if "notificationMessagesStatus" in mapping(item.get("content")):
        return None  # the person stopped or resumed marketing messages
    if item.get("seenAt") is not None:
        return _named(item, path, "viewed", read_moment(item["seenAt"]))
    status = item.get("status")
    if not isinstance(status, dict):
        raise UnusableError("is missing" if status is None else "is no object", f"{path}.status")
    in_group = group(status)
    if not in_group:
        raise UnusableError("is no status that Infobip documents", f"{path}.status")
    word = WORDS.get(optional_text(status, "name"), GROUPS[in_group])
    if word is None:
        return None
    return _named(item, path, word, read_moment(item.get("doneAt")) or read_moment(item.get("sentAt")))


def _named(item: dict[str, Any], path: str, word: Word, at: int | None) -> Status:
    """A status with its message's names: `callbackData` is our reference (seen reports have none)."""
    message_id, reference = identifier(item, "messageId"), identifier(item, "callbackData")
    if message_id is None and reference is None:
        raise UnusableError("is missing" if item.get("messageId") is None else "is no message id", f"{path}.messageId")
    if word != "failed":
        return Status(word, reference, message_id, at, path=path)
    error, status = mapping(item.get("error")), mapping(item.get("status"))
    named = optional_text(error, "name")
    code = optional_text(error, "id", limit=64) if named != _NOTHING else ""
    code = code if code not in ("", "0") else optional_text(status, "name", limit=64)
    meaning = CODES.get(code, OTHER)
    words = optional_text(error, "description", "name", limit=300) if named != _NOTHING else ""
    told = error.get("permanent")
    return Status(
        word,
        reference,
        message_id,
        at,
        kind=meaning.kind,
        code=code,
        text=words or optional_text(status, "description", limit=300) or meaning.text,
        permanent=told if meaning is OTHER and isinstance(told, bool) else meaning.permanent,
        path=path,
    )


def _incoming(item: dict[str, Any], path: str) -> Incoming | None:
    content = item["message"]
    if not isinstance(content, dict):
        raise UnusableError("is no object", f"{path}.message")
    message_id = identifier(item, "messageId")
    if message_id is None:
        raise UnusableError("is missing" if item.get("messageId") is None else "is no message id", f"{path}.messageId")
    kind = message_type(content, f"{path}.message")
    if kind == "reaction" and not optional_text(content, "emoji"):
        return None  # a reaction that was taken back
    contact = mapping(item.get("contact"))
    who = {"from": item.get("from"), "phone": contact.get("phoneNumber"), "user": contact.get("userId")}
    answered = identifier(mapping(content.get("context")), "id") or identifier(item, "pairedMessageId")
    echoes = (optional_text(item, "callbackData"), optional_text(content, "payload"), optional_text(content, "id"))
    return Incoming(
        sender(who, path, "from", "phone", "user"),
        message_id,
        kind,
        at=read_moment(item.get("receivedAt")),
        text=optional_text(content, "text", "title", "caption", "emoji", "name", "address"),
        reply_to_reference=next((text for text in echoes if own_reference(text)), None),
        reply_to_message_id=answered,
        path=path,
    )
