"""Why messages are in an error bucket: one reason each, numbered so that the order of arrival does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from twoticks.facts.store import FactStore
from twoticks.reports.composition import Parameters, bucket_parameters, composed
from twoticks.reports.question import CampaignContext, ErrorWord
from twoticks.reports.sets import BUCKETS
from twoticks.reports.words import UNLISTED, UNRECORDED, said_of
from twoticks.vocabulary import Side

ERROR_BUCKETS: dict[str, tuple[Side, str]] = {
    "not_attempted": (Side.INTERNAL, "not_attempted"),
    "refused": (Side.EXTERNAL, "refused"),
    "unknown": (Side.EXTERNAL, "unknown"),
    "delivery_errors": (Side.DELIVERY, "failed"),
}
"""Buckets whose messages have reasons: where the error arrived, and the kind of fact that carries its number."""

UNLISTED_KEY = "unlisted"
UNRECORDED_KEY = "unrecorded"
_NONE_RANK = -1


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in words. `key` stands for it in lists of people and is the same in every deployment."""

    key: str
    code: str
    kind: str
    words: str
    text: str
    advice: str


class Reasons:
    """The dictionary of a campaign's errors, ordered by its words alone."""

    def __init__(self, context: CampaignContext) -> None:
        ordered = sorted(context.errors.values(), key=lambda word: (word.code, word.text, _key(word)))
        self._known = {_key(word): word for word in ordered}
        ranks = {key: rank for rank, key in enumerate(self._known)}
        self._keys = list(ranks)
        self._ranks = {word.number: ranks[_key(word)] for word in ordered}

    def parameters(self, bucket: str) -> Parameters:
        """What `reasons_only` and `reasons_earliest` bind."""
        return {
            "kind": ERROR_BUCKETS[bucket][1],
            "numbers": list(self._ranks),
            "ranks": list(self._ranks.values()),
            "no_words": len(self._keys),
        }

    def rank(self, key: str) -> int | None:
        """The rank of a key, negative for messages without any reason, None for a key that is none."""
        if key == UNRECORDED_KEY:
            return _NONE_RANK
        if key == UNLISTED_KEY:
            return len(self._keys)
        return self._keys.index(key) if key in self._known else None

    def reason(self, rank: int) -> Reason:
        """The reason of that rank."""
        if rank == len(self._keys):
            words, advice = UNLISTED
            return Reason(UNLISTED_KEY, "", "", words, "", advice)
        word = self._known[self._keys[rank]]
        words, advice = said_of(word)
        return Reason(self._keys[rank], word.code, word.kind, words, word.text, advice)


def unrecorded(bucket: str) -> Reason:
    """The reason of messages that have none."""
    words, advice = UNRECORDED.get(bucket, UNRECORDED[""])
    return Reason(UNRECORDED_KEY, "", "", words, "", advice)


async def fragments(facts: FactStore, context: CampaignContext) -> dict[str, str]:
    """The fragment that gives the reasons of each error bucket.

    Facts are read only where some message has several reasons: that takes five times as long.
    """
    rows = await facts.query(
        composed("marks", "several_reasons"), {"campaign": context.id, "qualified": context.qualified}
    )
    several = {mark for (mark,) in rows}
    return {
        bucket: "reasons_earliest" if kind in several else "reasons_only" for bucket, (_, kind) in ERROR_BUCKETS.items()
    }


async def reason_sizes(
    facts: FactStore, context: CampaignContext, bucket: str, fragment: str
) -> tuple[int, list[tuple[Reason, int]]]:
    """How many messages an error bucket has, and how many of them each reason has; the sum is the former."""
    reasons = Reasons(context)
    rows = await facts.query(
        composed("marks", "bucket", fragment, "reason_sizes"),
        bucket_parameters(context, BUCKETS[bucket]) | reasons.parameters(bucket),
    )
    total = int(rows[0][2])
    found = [(reasons.reason(rank), int(count)) for rank, count, _ in rows if count]
    if rest := total - sum(count for _, count in found):
        found.append((unrecorded(bucket), rest))
    return total, found


def _key(word: ErrorWord) -> str:
    digest = blake2b(f"{word.provider_kind}\0{word.text}".encode(), digest_size=5).hexdigest()
    return f"{word.side}:{word.code}:{digest}"
