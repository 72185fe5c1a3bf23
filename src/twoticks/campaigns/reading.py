"""Turns posted JSON into typed values, and says which field is wrong without repeating what it held."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from twoticks.errors import BadInput

T = TypeVar("T")

LINE = r"^[^\x00-\x1f\x7f\ud800-\udfff]*$"
"""Pattern of a text on one line that every database can keep."""

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`$")


def read(shape: type[T], value: object, where: str = "") -> T:
    """`value` as a `shape`; raises `BadInput` with the field at fault, its path beginning at `where`."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), where) from None


def refuse_unsupported(body: Mapping[str, object], hints: Mapping[str, str], where: str = "") -> None:
    """Raise `BadInput` for a key of `body` that `hints` names: it is known, and does not work here."""
    for key, hint in hints.items():
        if key in body:
            raise BadInput(f"{key} is not supported", field=joined(where, key), hint=hint)


def joined(where: str, path: str) -> str:
    """The path of a field inside of `where`."""
    return (where + path if path.startswith("[") else f"{where}.{path}" if where and path else where + path).lstrip(".")


def _refusal(text: str, where: str) -> BadInput:
    """msgspec's own words name types, lengths and patterns but never a value, so they may be logged."""
    found = _AT.match(text)
    what, path = (found["what"], (found["path"] or "").lstrip(".")) if found else (text, "")
    field = joined(where, path)
    named = _NAMED.match(what)
    if named is None:
        return BadInput(what.replace("`", ""), field=field or None)
    unknown = named["what"] == "contains unknown"
    field = joined(field, named["name"])
    return BadInput(f"{field} is unknown" if unknown else f"{field} is missing", field=field)
