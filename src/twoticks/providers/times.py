"""Reads the times that providers write: seconds or milliseconds, as number or text."""

from __future__ import annotations

EARLIEST = 1_000_000_000_000
"""September 2001, in milliseconds: anything before is no time of a WhatsApp message."""
LATEST = 4_102_444_800_000
"""The year 2100, in milliseconds."""
_SECONDS_BELOW = 100_000_000_000
"""Smaller numbers are seconds: as milliseconds they would lie before `EARLIEST` by decades."""
_LONGEST = 20


def read_time(value: object) -> int | None:
    """Unix milliseconds, or None for a value that is missing, unreadable or absurd (0, negative, year 9999)."""
    if type(value) is str:
        value = _number(value)
    if type(value) is float:
        value = _milliseconds(value)
    if type(value) is not int:
        return None
    if value < _SECONDS_BELOW:
        value *= 1000
    return value if EARLIEST <= value < LATEST else None


def _number(text: str) -> int | float | None:
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return None


def _milliseconds(value: float) -> int | None:
    """A float may hold a fraction of a second; infinities and NaN compare false."""
    if not 0 < value < LATEST:
        return None
    return int(value * 1000) if value < _SECONDS_BELOW else int(value)
