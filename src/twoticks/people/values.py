"""Property values of people and events as they are uploaded, read into the few kinds we keep."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec

Value = str | int | float | bool
"""A property's value as it is kept: text, number or flag."""

PROPERTIES = 256
NAME_BYTES = 120
"""Both as documented for CleverTap's upload: properties of one record, and bytes of a property's name."""
TEXT_BYTES = 16_384

LARGEST_EXACT = 2**53
"""Whole numbers beyond this are no exact doubles; they are ids, and are kept as texts."""

DATE = re.compile(r"\$D_(-?[0-9]{1,12})")
"""A date is written as ``$D_`` and Unix seconds, and is kept as the number of seconds."""


class Refused(Exception):
    """One record cannot be taken. `code` is CleverTap's where it has one (below 600), `text` goes to the caller."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


def read_properties(raw: Mapping[str, object]) -> dict[str, Value | None]:
    """The properties of one record, None for one to be removed. Raises `Refused` for the first it cannot take."""
    if len(raw) > PROPERTIES:
        raise Refused(522, f"More than {PROPERTIES} properties. ")
    return {_name(name): read_value(name, value) for name, value in raw.items()}


def read_value(name: str, value: object) -> Value | None:
    """One value; lists and objects become JSON texts. Raises `Refused` naming the property, never its value."""
    if isinstance(value, str):
        return _text(name, value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -LARGEST_EXACT <= value <= LARGEST_EXACT else _text(name, str(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused(603, f"Property '{name}' is no number. ")
        return value
    return _structure(name, value)


def _name(name: str) -> str:
    if not name or _bytes(name) > NAME_BYTES:
        raise Refused(602, f"A property's name is empty or longer than {NAME_BYTES} bytes. ")
    return name


def _text(name: str, text: str) -> Value:
    if text.startswith("$D_"):
        date = DATE.fullmatch(text)
        if date is None:
            raise Refused(603, f"Property '{name}' is no date: $D_ and Unix seconds. ")
        return int(date[1])
    if _bytes(text) > TEXT_BYTES:
        raise Refused(603, f"Property '{name}' is longer than {TEXT_BYTES} bytes. ")
    return text


def _structure(name: str, value: object) -> Value | None:
    if isinstance(value, dict) and len(value) == 1:
        (key, inner), *_ = value.items()
        if key == "$delete":
            return None
        if key == "$set":
            return read_value(name, inner)
        if key.startswith("$"):
            raise Refused(604, f"Property '{name}': the operation {key[:20]} is not supported. ")
    try:
        return _text(name, msgspec.json.encode(value).decode())
    except (UnicodeEncodeError, RecursionError):
        raise Refused(603, f"Property '{name}' cannot be kept. ") from None


def _bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise Refused(603, "A text is no valid Unicode. ") from None
