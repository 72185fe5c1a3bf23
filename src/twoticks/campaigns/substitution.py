"""Fills `${Name}` and `${Name|default}` with a person's own values: plain substitution, nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from twoticks.errors import BadInput

_FIELD = re.compile(r"\$\{([^${}|]*)(?:\|([^${}]*))?\}")


class MissingValue(Exception):
    """The person has no value for a variable, and the text names no default; `field` is the profile field."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Field:
    """A place to be filled; `default` is None where a missing value must not be glossed over."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text cut into fixed pieces and fields, once per campaign, to be filled once per message."""

    pieces: tuple[str | Field, ...]

    @property
    def fixed(self) -> str | None:
        """The text itself, or None when it differs by person."""
        if any(isinstance(piece, Field) for piece in self.pieces):
            return None
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    def fill(self, values: Mapping[str, object]) -> str:
        """The text for one person; raises `MissingValue`."""
        return "".join([piece if isinstance(piece, str) else _value(piece, values) for piece in self.pieces])


def read_text(raw: str, field: str) -> Text:
    """Cut `raw` at its fields; raises `BadInput` for one that is not closed or has no name."""
    pieces: list[str | Field] = []
    at = 0
    for found in _FIELD.finditer(raw):
        pieces.append(raw[at : found.start()])
        pieces.append(Field(found[1].strip(), found[2]))
        at = found.end()
    pieces.append(raw[at:])
    kept = tuple(piece for piece in pieces if piece != "")
    if any("${" in piece if isinstance(piece, str) else not piece.name for piece in kept):
        raise BadInput("A ${…} has no name or no end", field=field, hint="Write ${Name} or ${Name|default}.")
    return Text(kept)


def profile_values(identity: str, phone: str, props: Mapping[str, object]) -> dict[str, object]:
    """What fields are filled from: the profile's properties, and identity and phone unless a property hides them."""
    return {"identity": identity, "Identity": identity, "phone": phone, "Phone": phone, **props}


def as_text(value: object) -> str:
    """A property as people write it: whole numbers without a fraction, truth values in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _value(field: Field, values: Mapping[str, object]) -> str:
    value = values.get(field.name)
    text = "" if value is None else as_text(value)
    if text:
        return text
    if field.default is None:
        raise MissingValue(field.name)
    return field.default
