"""Tokens of tracked links: which link of which message, signed so that nobody can make up a click."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

SIGNATURE_BYTES = 16
TOKEN_LENGTHS = (34, 35)
"""Characters of a token whose link number takes one byte, or two."""


class LinkTokens:
    """Encodes and checks tokens: campaign, message number and link, then an HMAC-SHA256 cut to 128 bits.

    `key` is secret (`MasterKey.derive`); whoever knows it can make up clicks, so it never leaves the process.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < SIGNATURE_BYTES:
            raise ValueError("the key of link tokens is too short")
        self._key = key

    def encode(self, campaign: int, seq: int, link: int) -> str:
        """The token of link number `link` (below 65,536) of one message; safe in a URL's path as it is."""
        width = 1 if link < 256 else 2
        ids = campaign.to_bytes(4, "big") + seq.to_bytes(4, "big") + link.to_bytes(width, "big")
        return _text(ids + self._signature(ids))

    def decode(self, token: str) -> tuple[int, int, int] | None:
        """`(campaign, seq, link)`, or None unless `encode` with this key wrote exactly this token.

        The signature is compared in constant time. The text is encoded again and compared, because base64 has
        several spellings of the same bytes and a token must have one.
        """
        if len(token) not in TOKEN_LENGTHS or not token.isascii():
            return None
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        ids, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(ids)) or _text(raw) != token:
            return None
        return int.from_bytes(ids[:4], "big"), int.from_bytes(ids[4:8], "big"), int.from_bytes(ids[8:], "big")

    def _signature(self, ids: bytes) -> bytes:
        return hmac.digest(self._key, ids, "sha256")[:SIGNATURE_BYTES]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
