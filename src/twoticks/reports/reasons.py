"""Why messages are in an error bucket: one reason each, numbered so that the order of arrival does not matter."""

from __future__ import annotations

from collections.abc import Sequence
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

    def parameters(self) -> Parameters:
        """What statements about reasons bind to number them."""
        return {
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


Found = list[tuple[Reason, int]]
Counted = tuple[int, int, int]
"""Rank of a reason, how many messages of the bucket have it, and how many messages the bucket has."""


async def reason_sizes(
    facts: FactStore, context: CampaignContext, buckets: Sequence[str]
) -> dict[str, tuple[int, Found]]:
    """For each error bucket, how many messages it has and how many of them each reason has; these sum to the former."""
    reasons = Reasons(context)
    rows = await facts.query(
        composed("marks", "reasons_of_buckets"),
        {
            "campaign": context.id,
            "qualified": context.qualified,
            "kinds": [ERROR_BUCKETS[bucket][1] for bucket in buckets],
            "buckets_of_kinds": list(buckets),
            **_parts(buckets),
            **reasons.parameters(),
        },
    )
    counted: dict[str, list[Counted]] = {}
    explained = {}
    for bucket, rank, found, total, with_reason in rows:
        counted.setdefault(bucket, []).append((rank, found, total))
        explained[bucket] = with_reason
    for bucket, own in counted.items():
        if sum(found for _, found, _ in own) > explained[bucket]:
            counted[bucket] = await _earliest(facts, context, bucket)
    return {bucket: _in_words(reasons, bucket, counted.get(bucket, [])) for bucket in buckets}


def _parts(buckets: Sequence[str]) -> dict[str, list[str]]:
    rows = [
        (bucket, part, mark)
        for bucket in buckets
        for part, marks in (
            ("of", BUCKETS[bucket].of),
            ("without", BUCKETS[bucket].without),
            ("given", (ERROR_BUCKETS[bucket][1],)),
        )
        for mark in marks
    ]
    return {
        "buckets": [bucket for bucket, _, _ in rows],
        "parts": [part for _, part, _ in rows],
        "marks": [mark for _, _, mark in rows],
    }


async def _earliest(facts: FactStore, context: CampaignContext, bucket: str) -> list[Counted]:
    """The same where some message has several reasons, each under the earliest one: this reads facts."""
    rows = await facts.query(
        composed("marks", "bucket", "reasons_earliest", "reason_sizes"), reason_parameters(context, bucket)
    )
    return [(rank, found, total) for rank, found, total in rows]


def _in_words(reasons: Reasons, bucket: str, rows: Sequence[Counted]) -> tuple[int, Found]:
    total = rows[0][2] if rows else 0
    found = [(reasons.reason(rank), count) for rank, count, _ in rows if count]
    if rest := total - sum(count for _, count in found):
        found.append((unrecorded(bucket), rest))
    return total, found


def reason_parameters(context: CampaignContext, bucket: str) -> Parameters:
    """What `marks`, `bucket` and a fragment of reasons bind."""
    return {
        **bucket_parameters(context, BUCKETS[bucket]),
        **Reasons(context).parameters(),
        "kind": ERROR_BUCKETS[bucket][1],
    }


async def reason_fragment(facts: FactStore, context: CampaignContext, bucket: str) -> str:
    """The fragment that gives a bucket's messages by reason.

    Facts are read only where some message has several reasons: that takes four times as long.
    """
    rows = await facts.query(
        composed("marks", "several_reasons"),
        {"campaign": context.id, "qualified": context.qualified, "kind": ERROR_BUCKETS[bucket][1]},
    )
    return "reasons_earliest" if rows[0][0] else "reasons_only"


def _key(word: ErrorWord) -> str:
    digest = blake2b(f"{word.provider_kind}\0{word.text}".encode(), digest_size=5).hexdigest()
    return f"{word.side}:{word.code}:{digest}"
