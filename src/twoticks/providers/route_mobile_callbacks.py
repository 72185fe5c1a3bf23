"""Reads Route Mobile's callbacks: Meta's statuses and messages without Meta's envelope, under ids of its own."""

from __future__ import annotations

from typing import Any

from twoticks.providers.base import ParsedItem, Status
from twoticks.providers.bodies import (
    Findings,
    UnusableError,
    each,
    identifier,
    mapping,
    optional_text,
    required_text,
)
from twoticks.providers.fields import callback_object
from twoticks.providers.meanings import OTHER, WHATSAPP
from twoticks.providers.meta_callbacks import IGNORED, WORDS
from twoticks.providers.meta_messages import read_message
from twoticks.providers.times import read_time

_LISTS = ("statuses", "messages")


def parse(body: bytes) -> list[ParsedItem]:
    """The items of a body; never raises."""
    findings = Findings()
    try:
        value = callback_object(body)
        value, path = _unwrapped(value)
        known = [name for name in _LISTS if value.get(name) is not None]
        if not known:
            raise UnusableError("holds neither statuses nor messages", path)
        for name in known:
            _items(name, value, path, findings)
    except UnusableError as fault:
        findings.unusable(fault)
    return findings.items


def _unwrapped(value: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Messages about products come one level down, beside `contact_no`."""
    inner = value.get("data")
    if isinstance(inner, dict) and not any(name in value for name in _LISTS):
        return inner, "data"
    return value, ""


def _items(name: str, value: dict[str, Any], path: str, findings: Findings) -> None:
    for item_path, item in each(value, name, path, findings):
        try:
            if name == "messages":
                findings.add(read_message(item, value.get("contacts"), item_path))
            else:
                findings.add(_status(item, item_path))
        except UnusableError as fault:
            findings.unusable(fault)


def _status(item: dict[str, Any], path: str) -> Status | None:
    """A status names its message by `id`, the request's; WhatsApp's own id is there only sometimes."""
    if item.get("type") == "event" or "template_name" in item:
        return None  # of a template
    text = required_text(item, path, "status").lower()
    if text in IGNORED:
        return None
    word = WORDS.get(text)
    if word is None:
        raise UnusableError("is no status that Route Mobile documents", f"{path}.status")
    message_id, reference = identifier(item, "id", "message_id"), identifier(item, "extra")
    if message_id is None and reference is None:
        raise UnusableError("is missing" if item.get("id") is None else "is no message id", f"{path}.id")
    at = read_time(item.get("timestamp"))
    if word != "failed":
        return Status(word, reference, message_id, at, path=path)
    errors = item.get("errors")
    error = mapping(errors[0]) if isinstance(errors, list) and errors else {}
    code = optional_text(error, "code", limit=64)
    meaning = WHATSAPP.get(code, OTHER)
    return Status(
        word,
        reference,
        message_id,
        at,
        kind=meaning.kind,
        code=code,
        text=optional_text(error, "title", "message", limit=300) or meaning.text,
        permanent=meaning.permanent,
        path=path,
    )
