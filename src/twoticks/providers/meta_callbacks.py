"""Reads Meta's webhook envelope: every entry, change, status and message, each on its own.

Clean bodies take a fast path of typed decoding; anything odd sends the whole body to the tolerant path, which is the
only one that knows about faults. Both give the same items.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from twoticks.providers import meta_messages
from twoticks.providers.base import ParsedItem, Status
from twoticks.providers.bodies import (
    Findings,
    UnusableError,
    decode,
    each,
    identifier,
    is_identifier,
    mapping,
    required_text,
)
from twoticks.providers.meta_errors import read_problem
from twoticks.providers.times import read_time

Word = Literal["sent", "delivered", "viewed", "failed"]
WORDS: dict[str, Word] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "viewed",
    "played": "viewed",  # a voice message was listened to
    "failed": "failed",
}
IGNORED = frozenset({"deleted", "warning"})
"""The person deleted the message, or Meta warns of a field: neither changes what became of the message."""
MESSAGES = "messages"
"""The one subscription field that tells of messages; others (templates, account, echoes) are not ours to read."""
_SILENT = ("errors", "user_actions")
"""Lists a `messages` change may hold alone, which tell nothing of a single message of ours."""


class _Status(msgspec.Struct, gc=False):
    status: str
    id: str | None = None
    timestamp: str | int | None = None
    biz_opaque_callback_data: str | None = None
    errors: list[Any] | None = None


class _Value(msgspec.Struct, gc=False):
    statuses: list[_Status] | None = None
    messages: list[Any] | None = None
    contacts: Any = None


class _Change(msgspec.Struct, gc=False):
    field: str
    value: _Value


class _Entry(msgspec.Struct, gc=False):
    changes: list[_Change]


class _Envelope(msgspec.Struct, gc=False):
    entry: list[_Entry]


_decode_typed = msgspec.json.Decoder(_Envelope).decode


def parse(body: bytes) -> list[ParsedItem]:
    """All items of a body, in order; never raises."""
    items = parse_clean(body)
    return parse_tolerant(body) if items is None else items


def parse_clean(body: bytes) -> list[ParsedItem] | None:
    """The items of a body without any oddity, or None."""
    if b"\\u0000" in body:
        return None
    try:
        envelope = _decode_typed(body)
        items: list[ParsedItem] = []
        for i, entry in enumerate(envelope.entry):
            for j, change in enumerate(entry.changes):
                if not change.field:
                    return None
                if change.field == MESSAGES:
                    _clean_value(change.value, f"entry[{i}].changes[{j}].value", items)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, UnusableError):
        return None
    return items


def _clean_value(value: _Value, path: str, items: list[ParsedItem]) -> None:
    if value.statuses is None and value.messages is None:
        raise UnusableError("holds nothing")
    where = path + ".statuses["
    for k, status in enumerate(value.statuses or ()):
        items.append(_clean_status(status, f"{where}{k}]"))
    for k, message in enumerate(value.messages or ()):
        if not isinstance(message, dict):
            raise UnusableError("is no object")
        item = meta_messages.read_message(message, value.contacts, f"{path}.messages[{k}]")
        if item is not None:
            items.append(item)


def _clean_status(status: _Status, path: str) -> Status:
    word = WORDS.get(status.status)
    message_id = status.id
    reference = status.biz_opaque_callback_data
    if word is None or not message_id or not is_identifier(message_id):
        raise UnusableError("is odd")
    if reference is not None and not is_identifier(reference):
        raise UnusableError("is odd")
    if word == "failed" or status.errors:
        return _status(word, reference, message_id, read_time(status.timestamp), status.errors, path)
    return Status(word, reference, message_id, read_time(status.timestamp), path=path)


def parse_tolerant(body: bytes) -> list[ParsedItem]:
    """The items of any body; what cannot be used is named by its path."""
    findings = Findings()
    try:
        value = decode(body)
        if not isinstance(value, dict):
            raise UnusableError("the body is no object")
    except UnusableError as fault:
        findings.unusable(fault)
        return findings.items
    for entry_path, entry in each(value, "entry", "", findings):
        for change_path, change in each(entry, "changes", entry_path, findings):
            try:
                _change(change, change_path, findings)
            except UnusableError as fault:
                findings.unusable(fault)
    return findings.items


def _change(change: dict[str, Any], path: str, findings: Findings) -> None:
    if required_text(change, path, "field") != MESSAGES:
        return
    value, where = change.get("value"), f"{path}.value"
    if not isinstance(value, dict):
        raise UnusableError("is missing" if value is None else "is no object", where)
    known = [name for name in ("statuses", "messages") if value.get(name) is not None]
    if not known and not any(name in value for name in _SILENT):
        raise UnusableError("holds neither statuses nor messages", where)
    for name in known:
        for item_path, item in each(value, name, where, findings):
            try:
                findings.add(_item(name, item, value.get("contacts"), item_path))
            except UnusableError as fault:
                findings.unusable(fault)


def _item(name: str, item: dict[str, Any], contacts: Any, path: str) -> ParsedItem | None:
    if name == MESSAGES:
        return meta_messages.read_message(item, contacts, path)
    text = required_text(item, path, "status").lower()
    if text in IGNORED:
        return None
    word = WORDS.get(text)
    if word is None:
        raise UnusableError("is no status that Meta documents", f"{path}.status")
    message_id, reference = identifier(item, "id"), identifier(item, "biz_opaque_callback_data")
    if message_id is None and reference is None:
        raise UnusableError("is missing" if item.get("id") is None else "is no message id", f"{path}.id")
    return _status(word, reference, message_id, read_time(item.get("timestamp")), item.get("errors"), path)


def _status(
    word: Word, reference: str | None, message_id: str | None, at: int | None, errors: Any, path: str
) -> Status:
    if word != "failed":
        return Status(word, reference, message_id, at, path=path)
    problem = read_problem(mapping(errors[0]) if isinstance(errors, list) and errors else {})
    return Status(
        word,
        reference,
        message_id,
        at,
        kind=problem.meaning.kind,
        code=problem.code,
        text=problem.text,
        permanent=problem.meaning.permanent,
        path=path,
    )
