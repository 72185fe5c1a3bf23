"""JSON bodies of the API: decoded once, with the line and column of the fault when they are malformed."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from twoticks.errors import BadInput

_decoder = msgspec.json.Decoder(strict=True)
_POSITION = re.compile(r"\(byte (\d+)\)")


def decode(body: bytes) -> Any:
    """The value of a JSON body; raises `BadInput` naming line and column."""
    if not body.strip():
        raise BadInput("the body is empty; a JSON value was expected", field="line 1, column 1")
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise BadInput(f"the body is not JSON: {_readable(error)}", field=_where(body, error)) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"the body cannot be read: {type(error).__name__}") from None


def decode_object(body: bytes) -> dict[str, Any]:
    """A JSON object; raises `BadInput` for any other value."""
    value = decode(body)
    if not isinstance(value, dict):
        raise BadInput(f"a JSON object was expected, not {type(value).__name__}")
    return value


def _readable(error: msgspec.DecodeError) -> str:
    return _POSITION.sub("", str(error)).removeprefix("JSON is malformed: ").strip()


def _where(body: bytes, error: msgspec.DecodeError) -> str | None:
    found = _POSITION.search(str(error))
    offset = int(found[1]) if found else len(body)
    before = body[:offset]
    line, column = before.count(b"\n") + 1, offset - before.rfind(b"\n")
    return f"line {line}, column {column}"
