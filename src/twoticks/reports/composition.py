"""Statements put together from fragments that each say one thing once: all constant texts of `sql/`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from twoticks.facts.sql import statement
from twoticks.reports.question import CampaignContext
from twoticks.reports.sets import Bucket

Parameters = dict[str, object]


@cache
def composed(*names: str) -> str:
    """The fragments one after another; each says in its first line what it follows."""
    return "\n".join(statement(__package__, name) for name in names)


def bucket_parameters(context: CampaignContext, bucket: Bucket, link: int | None = None) -> Parameters:
    """What `marks` and `bucket` bind; `link` narrows clicks to one link."""
    lists: Mapping[str, object] = bucket.parameters()
    return {
        "campaign": context.id,
        "qualified": context.qualified,
        "key": -1 if link is None else link,
        **lists,
    }
