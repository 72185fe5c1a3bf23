"""The name of a message that travels through a provider and comes back in its callbacks."""

from __future__ import annotations

import re
from hashlib import blake2b

LARGEST = 0xFFFF_FFFF
"""Campaigns and message numbers are unsigned 32-bit integers in the fact store."""


class References:
    """References of one deployment: ``seq|campaign|tag|seq``, the four parts of the generic contract's ``msgId``.

    `tag` (`Account.tag`) tells our messages from those another system sent through the same provider account.
    """

    def __init__(self, tag: str) -> None:
        if not tag or "|" in tag:
            raise ValueError("a reference's tag is not empty and holds no |")
        self._tag = tag
        number = "(0|[1-9][0-9]{0,9})"
        self._ours = re.compile(rf"{number}\|{number}\|{re.escape(tag)}\|\1").fullmatch

    def encode(self, campaign: int, seq: int) -> str:
        """The reference of message `seq` of `campaign`."""
        if not (0 <= campaign <= LARGEST and 0 <= seq <= LARGEST):
            raise ValueError("campaign and message number are unsigned 32-bit integers")
        return f"{seq}|{campaign}|{self._tag}|{seq}"

    def decode(self, text: str) -> tuple[int, int] | None:
        """`(campaign, seq)`, or None unless `encode` of this deployment could have written exactly this text."""
        found = self._ours(text)
        if found is None:
            return None
        seq, campaign = int(found[1]), int(found[2])
        return (campaign, seq) if seq <= LARGEST and campaign <= LARGEST else None


def message_digest(provider_id: int, message_id: str) -> bytes:
    """16 bytes that stand for a provider's own message id: what `provider_messages` is keyed by."""
    text = message_id.encode("utf-8", "surrogatepass")
    return blake2b(provider_id.to_bytes(8, "big") + text, digest_size=16, person=b"message id").digest()
