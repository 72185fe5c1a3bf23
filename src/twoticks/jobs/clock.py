"""The time of day, in one place so that tests can stop it."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Unix milliseconds in UTC."""
    return time.time_ns() // 1_000_000
