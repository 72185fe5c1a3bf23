"""Unsupported is not zero: which figures this campaign cannot have, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twoticks.reports.metrics import METRICS, Need
from twoticks.reports.question import CampaignContext

_WHY = {
    Need.DELIVERED: "the provider sends no delivery receipts",
    Need.VIEWED: "the provider sends no read receipts",
    Need.REPLIES: "the provider does not pass replies on",
    Need.CLICKS: "no link of this campaign is tracked",
    Need.GOAL: "this campaign has no conversion goal",
}


def _met(context: CampaignContext) -> dict[Need, bool]:
    can = context.capabilities
    return {
        Need.DELIVERED: can.delivered,
        Need.VIEWED: can.viewed,
        Need.REPLIES: can.replies,
        Need.CLICKS: can.click_callbacks or context.links_tracked > 0,
        Need.GOAL: context.goal is not None,
    }


def unsupported(context: CampaignContext, names: Iterable[str] = tuple(METRICS)) -> dict[str, str]:
    """Why, by name, for those of `names` that this campaign cannot have."""
    met = _met(context)
    needs = {name: METRICS[name].needs for name in names if name in METRICS}
    return {name: _WHY[need] for name, need in needs.items() if need is not None and not met[need]}


def supplied(counts: Mapping[str, int], why_not: Mapping[str, str]) -> dict[str, int | None]:
    """`counts` with None for what is not supported."""
    return {name: None if name in why_not else count for name, count in counts.items()}


def notes(context: CampaignContext) -> list[str]:
    """What a reader should know of figures that cover a part only."""
    total, tracked = len(context.links), context.links_tracked
    if 0 < tracked < total and not context.capabilities.click_callbacks:
        return [f"{tracked} of {total} links tracked"]
    return []
