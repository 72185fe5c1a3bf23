"""Proves callbacks on their raw bytes, in constant time, and fails closed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import lru_cache

from twoticks.errors import Unverified


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time; an empty expected value equals nothing."""
    return bool(expected) and hmac.compare_digest(_octets(given), _octets(expected))


def verify_sha256(body: bytes, header: str | None, secrets: Sequence[str]) -> None:
    """Raise `Unverified` unless `header` is ``sha256=`` and the lower-case hex HMAC-SHA256 of `body`.

    Any of `secrets` may have signed it: two are valid at once while a secret is being changed. All are tried, so
    that the time taken does not tell which one holds.
    """
    keys = [secret for secret in secrets if secret]
    if not header or not keys:
        raise Unverified("The callback is not signed" if keys else "No secret is configured to check callbacks with")
    given = _octets(header)
    holds = False
    for key in keys:
        keyed = _keyed(key).copy()
        keyed.update(body)
        expected = b"sha256=" + keyed.hexdigest().encode()
        holds |= hmac.compare_digest(given, expected)
    if not holds:
        raise Unverified("The callback's signature does not hold")


@lru_cache(maxsize=256)
def _keyed(secret: str) -> hmac.HMAC:
    """An HMAC with its key set: setting it costs as much as a small callback's hash."""
    return hmac.new(_octets(secret), digestmod="sha256")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
