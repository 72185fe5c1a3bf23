"""The people behind a number, page by page: each figure of a report opens to the messages it counts."""

from __future__ import annotations

import msgspec

from twoticks.errors import BadInput
from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.reports.composition import Parameters, bucket_parameters, composed
from twoticks.reports.cursors import cursor_at, place_of
from twoticks.reports.question import CampaignContext
from twoticks.reports.reasons import ERROR_BUCKETS, Reasons, reason_fragment, reason_parameters
from twoticks.reports.sets import BUCKETS, PLACED, Bucket
from twoticks.reports.support import unsupported
from twoticks.reports.value import Report, Rows, table

LISTS: tuple[str, ...] = (
    "qualified",
    "control",
    "waiting",
    "not_attempted",
    "refused",
    "unknown",
    "sent",
    "delivered",
    "delivered_confirmed",
    "delivered_implied",
    "viewed",
    "clicked",
    "replied",
    "replied_exact",
    "replied_last_message",
    "converted",
    "converted_target",
    "converted_control",
    "delivery_errors",
    "pending",
    "viewed_not_clicked",
    "delivered_not_viewed",
    "sent_not_delivered",
)
"""What people may be listed by: the counts of the overview that are people, and combinations to send again to."""

LARGEST_PAGE = 1000
_LARGEST_LINK = 2**32 - 1


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom message `seq` is for; texts are empty where the person has been erased."""

    seq: int
    identity: str
    phone: str
    arm: str


class People(Report, frozen=True, kw_only=True):
    """One page in the order of message numbers. `total` is None where `unsupported` says why."""

    bucket: str
    key: str | None
    total: int | None
    people: list[Person]
    next_cursor: str | None
    unsupported: str | None = None

    def rows(self) -> Rows:
        """One line a person."""
        return table(self.people, Person.__struct_fields__)


async def people(
    facts: FactStore,
    context: CampaignContext,
    bucket: str,
    key: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> People:
    """A page of at most `limit` people (1 to 1,000) of a list, `key` narrowing it to one link or one error.

    BadInput for a list, key, cursor or limit that is none; `total` is the count that the overview shows.
    """
    if bucket not in LISTS:
        raise BadInput("there is no such list of people", field="in", hint=f"One of {', '.join(LISTS)}.")
    if not 1 <= limit <= LARGEST_PAGE:
        raise BadInput(f"a page has 1 to {LARGEST_PAGE} people", field="limit")
    question = (context.id, bucket, key)
    begin = place_of(cursor, *question)
    if why := unsupported(context, (bucket,)).get(bucket):
        return People(bucket=bucket, key=key, total=None, people=[], next_cursor=None, unsupported=why)
    total, seqs = await _page(facts, context, bucket, key, {"from": begin, "limit": limit + 1})
    more = seqs[limit:]
    return People(
        bucket=bucket,
        key=key,
        total=total,
        people=await _persons(facts, context, seqs[:limit]),
        next_cursor=cursor_at(more[0], *question) if more else None,
    )


async def _page(
    facts: FactStore, context: CampaignContext, bucket: str, key: str | None, page: dict[str, int]
) -> tuple[int, list[int]]:
    if bucket == "qualified":
        _no_key(key)
        end = min(page["from"] + page["limit"], context.qualified)
        return context.qualified, list(range(page["from"], end))
    sql, parameters = await _asked(facts, context, bucket, key)
    total, seqs = (await facts.query(sql, {**parameters, **page}))[0]
    # A small bitmap gives the right numbers, but in no order (ClickHouse keeps up to 32 of them as a plain set).
    return int(total), sorted(int(seq) for seq in seqs)


async def _asked(facts: FactStore, context: CampaignContext, bucket: str, key: str | None) -> tuple[str, Parameters]:
    if bucket == "waiting":
        _no_key(key)
        return composed("marks", "bucket", "page_of_rest"), bucket_parameters(context, Bucket(PLACED))
    if key is None or bucket == "clicked":
        link = None if key is None else _link(key)
        return composed("marks", "bucket", "page"), bucket_parameters(context, BUCKETS[bucket], link)
    if bucket not in ERROR_BUCKETS:
        _no_key(key)
    rank = Reasons(context).rank(key)
    if rank is None:
        raise BadInput("there is no such error", field="key", hint="Take the key from the errors report.")
    fragment = await reason_fragment(facts, context, bucket)
    sql = composed("marks", "bucket", fragment, "page_of_reason")
    return sql, {**reason_parameters(context, bucket), "rank": rank}


def _no_key(key: str | None) -> None:
    if key is not None:
        raise BadInput("this list has no key", field="key", hint="Clicks have the link's number, errors their key.")


def _link(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and int(key) <= _LARGEST_LINK):
        raise BadInput("this is no number of a link", field="key", hint="Take it from the clicks report.")
    return int(key)


async def _persons(facts: FactStore, context: CampaignContext, seqs: list[int]) -> list[Person]:
    rows = await facts.query(statement(__package__, "members_of"), {"campaign": context.id, "seqs": seqs})
    known = {seq: Person(seq=seq, identity=identity, phone=phone, arm=arm) for seq, identity, phone, arm in rows}
    return [known.get(seq) or Person(seq=seq, identity="", phone="", arm="") for seq in seqs]
