"""The size of every bucket of a campaign at one moment: one statement over the tallies."""

from __future__ import annotations

from collections.abc import Mapping

from twoticks.facts.store import FactStore
from twoticks.reports.composition import composed
from twoticks.reports.question import CampaignContext
from twoticks.reports.sets import PLACES, growths, lines_parameters

_ONE_AFTER_ANOTHER = {"max_threads": 1}
"""A running union cannot be shared out: a second thread only costs."""


async def measure(facts: FactStore, context: CampaignContext) -> dict[str, int]:
    """How many messages are in each bucket, by name; all at the same moment."""
    rows = await facts.query_kept(
        composed("marks", "lines"),
        {"campaign": context.id, "qualified": context.qualified, **lines_parameters()},
        settings=_ONE_AFTER_ANOTHER,
    )
    return complete(growths((line, step, total) for line, step, total in rows), context.qualified)


def complete(sizes: Mapping[str, int], qualified: int) -> dict[str, int]:
    """Add the buckets that follow from others: sums of buckets that share no message, and what is left over."""
    return {
        **sizes,
        "qualified": qualified,
        "waiting": qualified - sum(sizes[place] for place in PLACES),
        "sent": sizes["delivered"] + sizes["delivery_errors"] + sizes["pending"],
        "replied": sizes["replied_exact"] + sizes["replied_last_message"],
        "converted": sizes["converted_target"] - sizes["converted_unsent"],
        "converted_control": sizes["converted_anyone"] - sizes["converted_target"],
    }
