"""Reads the sandbox's callbacks."""

from __future__ import annotations

import re
from typing import Any

from twoticks.providers.base import Incoming, ParsedItem, Status
from twoticks.providers.bodies import (
    Findings,
    UnusableError,
    decode,
    each,
    identifier,
    mapping,
    optional_text,
    required_text,
)
from twoticks.providers.sandbox_format import ERRORS, Meaning
from twoticks.providers.times import read_time
from twoticks.vocabulary import ErrorKind

_STATUSES = ("sent", "delivered", "viewed", "failed", "clicked")
_SENDER = re.compile(r"\+?([0-9]{5,20})")


def parse(body: bytes) -> list[ParsedItem]:
    """Every item of a batch; one that makes no sense does not touch the others."""
    findings = Findings()
    try:
        value = decode(body)
        if not isinstance(value, dict):
            raise UnusableError("the body is no object")
        for path, item in each(value, "items", "", findings):
            try:
                findings.add(_item(item, path))
            except UnusableError as fault:
                findings.unusable(fault)
    except UnusableError as fault:
        findings.unusable(fault)
    return findings.items


def meaning(code: str) -> tuple[ErrorKind, Meaning]:
    """What an error code says; an unknown one is `OTHER`."""
    kind = ErrorKind(code) if code in ERRORS else ErrorKind.OTHER
    return kind, ERRORS[kind]


def _item(item: dict[str, Any], path: str) -> ParsedItem:
    word = required_text(item, path, "type")
    if word == "incoming":
        return _incoming(item, path)
    for status in _STATUSES:
        if word == status:
            return _status(item, status, path)
    raise UnusableError("is no type of item that the sandbox knows", f"{path}.type")


def _status(item: dict[str, Any], word: Any, path: str) -> Status:
    reference, message_id = identifier(item, "reference"), identifier(item, "id")
    if reference is None and message_id is None:
        raise UnusableError("is missing", f"{path}.id")
    kind, code, text, permanent = "", "", "", True
    if word == "failed":
        error = mapping(item.get("error"))
        code = optional_text(error, "code", limit=64)
        kind, words = meaning(code)
        text, permanent = optional_text(error, "title", limit=300) or words.title, words.permanent
    return Status(
        word,
        reference,
        message_id,
        read_time(item.get("at")),
        kind=kind,
        code=code,
        text=text,
        permanent=permanent,
        url=optional_text(item, "url", limit=2048),
        user_agent=optional_text(item, "user_agent", limit=512),
        path=path,
    )


def _incoming(item: dict[str, Any], path: str) -> Incoming:
    sender = _SENDER.fullmatch(optional_text(item, "from"))
    if sender is None:
        raise UnusableError("is missing" if item.get("from") is None else "is no phone number", f"{path}.from")
    context = mapping(item.get("context"))
    return Incoming(
        sender[1],
        identifier(item, "id"),
        optional_text(item, "kind", limit=32) or "text",
        at=read_time(item.get("at")),
        text=optional_text(item, "text"),
        reply_to_reference=identifier(context, "reference"),
        reply_to_message_id=identifier(context, "id"),
        path=path,
    )
