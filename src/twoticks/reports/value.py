"""What every report value can do: become plain JSON values, and rows of a CSV, from the same fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

Cell = str | int | float | None
Rows = tuple[list[str], list[list[Cell]]]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the report values."""

    def to_json(self) -> dict[str, Any]:
        """The value as dictionaries, lists, texts and numbers."""
        return cast("dict[str, Any]", msgspec.to_builtins(self))

    def rows(self) -> Rows:
        """Header and lines for a CSV."""
        raise NotImplementedError


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A share; `of` names the figure it is a share of. None where that is zero or not supported."""

    value: float | None
    of: str


def share(part: float | None, whole: float | None) -> float | None:
    """`part / whole`, None where there is no whole to be a part of."""
    if part is None or not whole:
        return None
    return part / whole


def iso(at_ms: int) -> str:
    """Unix milliseconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(items: Sequence[Any], columns: Sequence[str]) -> Rows:
    """Rows of attributes that have the names of the columns."""
    return list(columns), [[getattr(item, column) for column in columns] for item in items]
