"""Opaque cursors of lists of people: they say where the next page begins, and fit one list only."""

from __future__ import annotations

import base64
import struct
from hashlib import blake2b

from twoticks.errors import BadInput

_SEQ = struct.Struct(">I")
_CHECK = 5


def cursor_at(seq: int, *question: object) -> str:
    """The cursor of a page that begins at message `seq` of the list that `question` names."""
    raw = _SEQ.pack(seq)
    return base64.urlsafe_b64encode(raw + _check(raw, question)).decode().rstrip("=")


def place_of(cursor: str | None, *question: object) -> int:
    """Where the page begins, 0 without a cursor; BadInput for a text that is no cursor of this list."""
    if not cursor:
        return 0
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    place, check = raw[: _SEQ.size], raw[_SEQ.size :]
    if len(place) != _SEQ.size or check != _check(place, question):
        raise BadInput("this is no cursor of this list", field="cursor", hint="Take next_cursor from the page before.")
    return int(_SEQ.unpack(place)[0])


def _check(raw: bytes, question: tuple[object, ...]) -> bytes:
    return blake2b(raw + repr(question).encode(), digest_size=_CHECK).digest()
