"""Reads one incoming message of Meta's webhook."""

from __future__ import annotations

import re
from typing import Any

from twoticks.providers.base import Incoming
from twoticks.providers.bodies import UnusableError, identifier, mapping, optional_text, required_text
from twoticks.providers.times import read_time

NO_REPLY = frozenset({"system", "request_welcome"})
"""Not written by the person: a changed number, a chat opened."""
_TYPE = re.compile(r"[a-z_]{1,32}")
_PHONE = re.compile(r"\+?([0-9]{5,20})")
_USER_ID = re.compile(r"[A-Za-z0-9._-]{3,150}")
_REFERENCE = re.compile(r"[0-9a-z]+(?:\|[0-9a-z]+){3}")
"""A reference of ours: the payload that we give to quick replies without one of their own."""


def read_message(item: dict[str, Any], contacts: Any, path: str) -> Incoming | None:
    """A message with the message it answers; None for what is no message from a person. Raises `UnusableError`."""
    kind = required_text(item, path, "type").lower()
    if _TYPE.fullmatch(kind) is None:
        raise UnusableError("is no type of message", f"{path}.type")
    if kind in NO_REPLY:
        return None
    content = mapping(item.get(kind))
    if kind == "reaction" and not optional_text(content, "emoji"):
        return None  # a reaction that was taken back
    message_id = identifier(item, "id")
    if message_id is None:
        raise UnusableError("is missing" if item.get("id") is None else "is no message id", f"{path}.id")
    answered = content if kind == "reaction" else mapping(item.get("context"))
    payload = optional_text(content, "payload")
    return Incoming(
        _sender(item, contacts, path),
        message_id,
        kind,
        at=read_time(item.get("timestamp")),
        text=_text(kind, content, item),
        reply_to_reference=payload if _REFERENCE.fullmatch(payload) else None,
        reply_to_message_id=identifier(answered, "message_id" if kind == "reaction" else "id"),
        path=path,
    )


def _sender(item: dict[str, Any], contacts: Any, path: str) -> str:
    """Digits of the phone number; the user id of people who have a user name and show no number."""
    phone = _PHONE.fullmatch(optional_text(item, "from"))
    if phone is not None:
        return phone[1]
    contact = mapping(contacts[0]) if isinstance(contacts, list) and len(contacts) == 1 else {}
    user = identifier(item, "from_user_id") or identifier(contact, "wa_id", "user_id")
    if user is not None and _USER_ID.fullmatch(user):
        return user
    raise UnusableError("is missing" if item.get("from") is None else "is no phone number", f"{path}.from")


def _text(kind: str, content: dict[str, Any], item: dict[str, Any]) -> str:
    """The words of a message, whatever kind it is; empty where it has none."""
    if kind == "interactive":
        content = mapping(content.get(optional_text(content, "type")))
    return optional_text(content, "body", "text", "title", "caption", "emoji", "name", "address")
