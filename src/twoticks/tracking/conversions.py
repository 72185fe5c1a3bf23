"""Finds the goal events that fall into a message's window, for everyone assigned: target and control alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from twoticks.facts.fact import FactBatch
from twoticks.facts.sql import statement
from twoticks.facts.store import FactStore
from twoticks.vocabulary import FactKind

LARGEST_AMOUNT = 9e13
"""What fits Decimal(18, 4); a stated revenue beyond it, either way, is taken as this."""

FACTS_AT_ONCE = 100_000

_CONVERSIONS = ("campaign", "seq", "event_id", "at", "amount")


@dataclass(frozen=True, slots=True)
class Goal:
    """What counts as a conversion of a campaign: an event by name, within the window after assignment.

    `revenue_property` names the property that holds the event's revenue; None where the goal has none.
    """

    campaign: int
    event_name: str
    window_seconds: int
    revenue_property: str | None


class Conversions:
    """Turns events of people into conversions of messages.

    An event counts for every campaign whose window holds it, and for every message of the campaign to that person;
    reports count people once. Nobody needs to have opened or clicked anything.
    """

    def __init__(self, facts: FactStore) -> None:
        self._facts = facts

    async def run(self, goals: Sequence[Goal], *, received_from: int, received_to: int) -> int:
        """Store the conversions by events received in `(received_from, received_to]`, Unix milliseconds; how many.

        Running again over any range adds nothing that is not there: rows are keyed by message and event. So what a
        run that failed halfway has left is no harm, and is completed by the next. Only events that have been applied
        to the fact store are found: keep `received_to` behind the drain.
        """
        found = 0
        for (event_name, revenue_property), group in _by_event(goals).items():
            parameters = {
                "name": event_name,
                "property": revenue_property or "",
                "largest": LARGEST_AMOUNT,
                "campaigns": [goal.campaign for goal in group],
                "windows": [goal.window_seconds for goal in group],
                "received_from": received_from,
                "received_to": received_to,
            }
            rows = await self._facts.query_arrow(statement("twoticks.tracking", "conversions"), parameters)
            # Facts come last: what is counted as converted has its revenue.
            await self._facts.insert("conversions", rows.drop(["first_received"]).rename_columns(_CONVERSIONS))
            for batch in _facts(rows):
                await self._facts.insert_facts(batch)
            found += rows.num_rows
        return found


def _by_event(goals: Sequence[Goal]) -> dict[tuple[str, str | None], list[Goal]]:
    groups: dict[tuple[str, str | None], list[Goal]] = defaultdict(list)
    for goal in goals:
        groups[goal.event_name, goal.revenue_property].append(goal)
    return groups


def _facts(rows: pa.Table) -> Iterator[FactBatch]:
    # An aggregation answers in hundreds of small batches; each would cost an insert with its fsync.
    for some in rows.combine_chunks().to_batches(max_chunksize=FACTS_AT_ONCE):
        batch = FactBatch()
        times = (some[name].cast(pa.int64()).to_pylist() for name in ("event_at", "first_received"))
        for campaign, seq, at, received in zip(
            some["campaign"].to_pylist(), some["seq"].to_pylist(), *times, strict=True
        ):
            batch.add(campaign, FactKind.CONVERTED, seq, at, received, 0)
        yield batch
