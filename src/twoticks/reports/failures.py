"""Dispatch and delivery errors in words: every message once, under the reason of its earliest fact."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from twoticks.facts.store import FactStore
from twoticks.reports.question import CampaignContext
from twoticks.reports.reasons import ERROR_BUCKETS, Reason, reason_sizes
from twoticks.reports.support import unsupported
from twoticks.reports.value import Report, Rows, share, table
from twoticks.vocabulary import Side


class ErrorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One reason and its messages, which `people` lists by `bucket` and `key`. `share` is of its side's total."""

    side: str
    bucket: str
    key: str
    code: str
    kind: str
    words: str
    text: str
    advice: str
    count: int
    share: float | None


class Errors(Report, frozen=True, kw_only=True):
    """`totals` are by side, and `dispatch` for internal and external together; the most frequent reason first."""

    totals: dict[str, int | None]
    errors: list[ErrorRow]
    unsupported: dict[str, str]

    def rows(self) -> Rows:
        """One line a reason."""
        return table(self.errors, ErrorRow.__struct_fields__)


async def errors(facts: FactStore, context: CampaignContext) -> Errors:
    """The errors of a campaign; those of each bucket sum to the overview's count of it."""
    why_not = unsupported(context, ERROR_BUCKETS)
    sized = await reason_sizes(facts, context, [bucket for bucket in ERROR_BUCKETS if bucket not in why_not])
    totals = {
        side.value: _total(side, {bucket: total for bucket, (total, _) in sized.items()}, why_not) for side in Side
    }
    rows = [_row(bucket, reason, count, totals) for bucket, (_, found) in sized.items() for reason, count in found]
    rows.sort(key=lambda row: (-row.count, row.words, row.bucket, row.key))
    totals["dispatch"] = (totals[Side.INTERNAL] or 0) + (totals[Side.EXTERNAL] or 0)
    return Errors(totals=totals, errors=rows, unsupported=why_not)


def _total(side: Side, sizes: Mapping[str, int], why_not: Mapping[str, str]) -> int | None:
    buckets = [bucket for bucket, (own, _) in ERROR_BUCKETS.items() if own is side]
    if any(bucket in why_not for bucket in buckets):
        return None
    return sum(sizes[bucket] for bucket in buckets)


def _row(bucket: str, reason: Reason, count: int, totals: dict[str, int | None]) -> ErrorRow:
    side = ERROR_BUCKETS[bucket][0]
    return ErrorRow(
        side=side.value,
        bucket=bucket,
        key=reason.key,
        code=reason.code,
        kind=reason.kind,
        words=reason.words,
        text=reason.text,
        advice=reason.advice,
        count=count,
        share=share(count, totals[side]),
    )
