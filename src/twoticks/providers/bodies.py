"""Reads bodies that may be broken: whatever can still be understood is, and nothing raises but `UnusableError`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from twoticks.providers.base import ParsedItem, Unusable

DEPTH = 64
"""Values nested deeper than this are dropped: no provider sends such, and parsers give up on them altogether."""
LONGEST_ID = 512
LONGEST_TEXT = 4096
"""WhatsApp's own limit of a text message in characters."""
MOST_UNUSABLE = 1000
"""Meta's largest batch. A body with more unusable items than this is rubbish; one item tells of the rest."""

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


class UnusableError(Exception):
    """An item, or a body as a whole, that cannot be used; `path` names the field at fault."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


class Findings:
    """The items of one body, in order."""

    def __init__(self) -> None:
        self.items: list[ParsedItem] = []
        self._unusable = 0

    def add(self, item: ParsedItem | None) -> None:
        """Keep an item; None stands for one that means nothing to us."""
        if item is not None:
            self.items.append(item)

    def unusable(self, fault: UnusableError) -> None:
        """Keep what is wrong with an item."""
        self._unusable += 1
        if self._unusable <= MOST_UNUSABLE:
            self.items.append(Unusable(fault.reason, fault.path))
        elif self._unusable == MOST_UNUSABLE + 1:
            self.items.append(Unusable(f"more than {MOST_UNUSABLE} items cannot be used", ""))


def decode(body: bytes) -> Any:
    """The JSON value of a body; raises `UnusableError` when there is none.

    What strict JSON forbids is tolerated where the rest stays readable: bytes that are not UTF-8, lone surrogates,
    NaN, integers of any length, a byte order mark, control characters in strings, and nesting without end.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _tolerant(body)


def _tolerant(body: bytes) -> Any:
    if not body.strip():
        raise UnusableError("the body is empty")
    try:
        return _load(body)
    except RecursionError:
        pass
    except ValueError:
        raise UnusableError("the body is no JSON") from None
    try:
        return _load(_prune(body))
    except (ValueError, RecursionError):
        raise UnusableError("the body is no JSON, or nested too deeply") from None


def _load(body: bytes) -> Any:
    return _LOADER.decode(body.decode("utf-8-sig", "replace").strip())


def _prune(body: bytes) -> bytes:
    """The body with every value below `DEPTH` replaced by null, in one pass over strings and brackets."""
    kept: list[bytes] = []
    depth = start = 0
    for match in _BRACKETS.finditer(body):
        first = body[match.start()]
        if first in b"[{":
            depth += 1
            if depth == DEPTH + 1:
                kept.append(body[start : match.start()] + b"null")
        elif first in b"]}":
            if depth == DEPTH + 1:
                start = match.end()
            depth -= 1
    if not kept:
        return body
    return b"".join([*kept, body[start:]]) if depth <= DEPTH else b""


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_INTEGER else float("inf")


_LONGEST_INTEGER = 40
_LOADER = json.JSONDecoder(parse_int=_integer, strict=False)


def clean(text: str) -> str:
    """Text that every store can hold: no lone surrogates, no NUL."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "\ufffd") if "\0" in text else text


def optional_text(item: dict[str, Any], *names: str, limit: int = LONGEST_TEXT) -> str:
    """The first of the named fields that holds text or a number, cut to `limit`; else an empty text."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str) and value:
            return clean(value[:limit])
        if type(value) is int and value.bit_length() <= 64:
            return str(value)
    return ""


def required_text(item: dict[str, Any], path: str, *names: str) -> str:
    """The first of the named fields that is there, which must hold text; `path` is that of `item`."""
    for name in names:
        value = item.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise UnusableError("is no text", f"{path}.{name}" if path else name)
        if value:
            return clean(value)
    raise UnusableError("is missing", f"{path}.{names[0]}" if path else names[0])


def is_identifier(text: str) -> bool:
    """Whether this can be an id: printable ASCII of a sane length, as all ids of WhatsApp providers are."""
    return len(text) <= LONGEST_ID and text.isascii() and text.isprintable() and bool(text)


def identifier(item: dict[str, Any], *names: str) -> str | None:
    """The first of the named fields that holds an id, or None."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str) and is_identifier(value):
            return value
    return None


def mapping(value: object) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def each(holder: dict[str, Any], name: str, path: str, findings: Findings) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list field with their paths; what is no object, and a field that is no list, is a finding."""
    where = f"{path}.{name}" if path else name
    values = holder.get(name)
    if values is None:
        findings.unusable(UnusableError("is missing", where))
        return
    if not isinstance(values, list):
        findings.unusable(UnusableError("is no list", where))
        return
    for index, value in enumerate(values):
        if isinstance(value, dict):
            yield f"{where}[{index}]", value
        else:
            findings.unusable(UnusableError("is no object", f"{where}[{index}]"))
