"""When to come back to a provider that asked for patience: the `Retry-After` header."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DEFAULT_SECONDS = 1.0
LONGEST_SECONDS = 3600.0
"""A longer wish is cut to this: one odd header must not put a campaign to sleep for days."""


def retry_after(headers: Mapping[str, str], default: float = DEFAULT_SECONDS) -> float:
    """Seconds to wait before the same request may be made again, from seconds or an HTTP date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return default
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_SECONDS)
