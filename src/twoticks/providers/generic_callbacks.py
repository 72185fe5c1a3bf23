"""Reads the generic contract's callbacks as tolerantly as its own samples demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from twoticks.providers.base import Incoming, ParsedItem, Status
from twoticks.providers.bodies import (
    Findings,
    UnusableError,
    decode,
    each,
    identifier,
    is_identifier,
    mapping,
    optional_text,
    required_text,
)
from twoticks.providers.generic_errors import CALLBACKS, OTHER
from twoticks.providers.times import read_time

Word = Literal["sent", "delivered", "viewed", "failed", "clicked"]
WORDS: dict[str, Word] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "viewed",
    "failed": "failed",
    "clicked": "clicked",  # the contract's sample writes "Clicked"
}
LONGEST_ADDRESS = 2048
_SENDER = re.compile(r"\+?([0-9]{5,20})")
_TYPE = re.compile(r"[a-z_]{1,32}")


def parse(body: bytes, endpoint: str) -> list[ParsedItem]:
    """Every item of a body; which of the two shapes it has is told by `statuses`, not by where it was posted."""
    findings = Findings()
    try:
        value = decode(body)
        if not isinstance(value, dict):
            raise UnusableError("the body is no object")
        if "statuses" in value or (endpoint == "status" and "from" not in value):
            _statuses(value, findings)
        else:
            findings.add(_incoming(value))
    except UnusableError as fault:
        findings.unusable(fault)
    return findings.items


def _statuses(body: dict[str, Any], findings: Findings) -> None:
    for path, item in each(body, "statuses", "", findings):
        try:
            findings.add(_status(item, path))
        except UnusableError as fault:
            findings.unusable(fault)


def _status(item: dict[str, Any], path: str) -> Status:
    reference = required_text(item, path, "msgId", "msg_id")
    if not is_identifier(reference):
        raise UnusableError("is no message id", f"{path}.msgId")
    word = WORDS.get(required_text(item, path, "status").strip().lower())
    if word is None:
        raise UnusableError("is no status that the contract knows", f"{path}.status")
    at = read_time(item.get("timestamp", item.get("ts")))
    if word == "failed":
        return _failure(item, reference, at, path)
    if word == "clicked":
        return Status(
            word,
            reference,
            at=at,
            url=optional_text(item, "url", "shortUrl", limit=LONGEST_ADDRESS),
            user_agent=optional_text(item, "userAgent", limit=512),
            path=path,
        )
    return Status(word, reference, at=at, path=path)


def _failure(item: dict[str, Any], reference: str, at: int | None, path: str) -> Status:
    """The title stays as given: the contract's own sample has another title for 1004 than its list."""
    error = mapping(item.get("error"))
    code = optional_text(error, "code", limit=64)
    meaning = CALLBACKS.get(code, OTHER)
    text = optional_text(error, "title", "message", limit=300) or meaning.text
    return Status(
        "failed", reference, at=at, kind=meaning.kind, code=code, text=text, permanent=meaning.permanent, path=path
    )


def _incoming(body: dict[str, Any]) -> Incoming:
    """One message from a person. The contract gives it no id."""
    sender = _SENDER.fullmatch(optional_text(body, "from"))
    if sender is None:
        raise UnusableError("is missing" if body.get("from") is None else "is no phone number", "from")
    kind = required_text(body, "", "type").lower()
    if _TYPE.fullmatch(kind) is None:
        raise UnusableError("is no type of message", "type")
    return Incoming(
        sender[1],
        None,
        kind,
        at=read_time(body.get("timestamp", body.get("ts"))),
        text=_TEXTS.get(kind, _caption)(body, kind),
        reply_to_reference=identifier(mapping(body.get("context")), "id"),
    )


def _text(body: Mapping[str, Any], kind: str) -> str:
    text = body.get("text")
    return optional_text(text, "body", "text") if isinstance(text, dict) else optional_text(dict(body), "text")


def _caption(body: Mapping[str, Any], kind: str) -> str:
    medium = mapping(body.get(kind)) or mapping(body.get("document"))
    return optional_text(medium, "caption", "text", "body")


def _place(body: Mapping[str, Any], kind: str) -> str:
    return optional_text(mapping(body.get("location")), "name", "address")


_TEXTS: dict[str, Callable[[Mapping[str, Any], str], str]] = {"text": _text, "location": _place}
