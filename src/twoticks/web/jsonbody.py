"""JSON bodies of the API: decoded once, with the line and column of the fault when they are malformed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from twoticks.errors import BadInput

_decoder = msgspec.json.Decoder(strict=True)
_POSITION = re.compile(r" \(byte (\d+)\)$")
_TRUNCATED = "Input data was truncated"
_TRAILING = "trailing characters"


def decode(body: bytes) -> Any:
    """The value of a JSON body; raises `BadInput` naming line and column."""
    if not body.strip():
        raise BadInput("the body is empty; a JSON value was expected", field="line 1, column 1")
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise _malformed(body, str(error)) from None
    except UnicodeDecodeError:
        raise BadInput("the body is not UTF-8", field=_first_strange_byte(body)) from None
    except RecursionError:
        raise BadInput("the body is nested too deeply") from None


def as_object(value: Any) -> dict[str, Any]:
    """`value` if it is a JSON object; raises `BadInput` for any other."""
    if not isinstance(value, dict):
        raise BadInput(f"a JSON object was expected, not {type(value).__name__}")
    return value


def refuse_unknown(body: Iterable[str], known: Sequence[str]) -> None:
    """Raise `BadInput` naming the first key of `body` that nobody would look at."""
    for name in body:
        if name not in known:
            raise BadInput(f"{name[:60]} is unknown", field=name[:60], hint=f"Known here: {', '.join(known)}.")


def decode_plan(body: bytes) -> Any:
    """The value of a body whose texts go to the records; refuses U+0000 too, as PostgreSQL would."""
    value = decode(body)
    if rb"\u0000" in body:
        _refuse_nul(value, "")
    return value


def _refuse_nul(value: object, path: str) -> None:
    if isinstance(value, str) and "\0" in value:
        raise BadInput("a text holds the character U+0000", field=path or None)
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_nul(name, path)
            _refuse_nul(inner, f"{path}.{name}".lstrip("."))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            _refuse_nul(inner, f"{path}[{place}]")


def _malformed(body: bytes, text: str) -> BadInput:
    found = _POSITION.search(text)
    what = _POSITION.sub("", text).removeprefix("JSON is malformed: ")
    offset = int(found[1]) if found else len(body) if text == _TRUNCATED else None
    if offset and what == _TRAILING:
        offset -= 1  # msgspec has read the strange character by then
    return BadInput(f"the body is not JSON: {what}", field=None if offset is None else _place(body, offset))


def _first_strange_byte(body: bytes) -> str | None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return _place(body, error.start)
    return None


def _place(body: bytes, offset: int) -> str:
    before = body[:offset]
    column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace"))
    line = before.count(b"\n")
    return f"line {line + 1}, column {column + 1}"
