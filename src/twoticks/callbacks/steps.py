"""What the drain does with a round, as a list of small steps in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twoticks.callbacks.context import Context
from twoticks.callbacks.matching import match_by_id, match_by_reference, recall_waiting
from twoticks.callbacks.members import restore_members
from twoticks.callbacks.people_items import store_events, store_profiles
from twoticks.callbacks.reading import read_callbacks
from twoticks.callbacks.replies import attribute_replies
from twoticks.callbacks.round import Round
from twoticks.callbacks.sends import note_answers, note_attempts, note_clicks, note_not_attempted, number_failures

Step = Callable[[Context, Round], Awaitable[None]]

MATCH: tuple[Step, ...] = (
    match_by_reference,
    recall_waiting,
    match_by_id,
    number_failures,
    attribute_replies,
)
"""For loose items, whether they come from the journal or from what waits."""

STEPS: tuple[Step, ...] = (
    restore_members,  # first: nothing can be matched without them
    store_profiles,
    store_events,
    note_attempts,
    note_answers,  # before the callbacks: they bring the ids by which those are matched
    note_not_attempted,
    note_clicks,
    read_callbacks,
    *MATCH,
)
"""For a stretch of the journal."""


async def prepare(context: Context, gathered: Round) -> None:
    """Run all steps on the entries of a round."""
    gathered.counts.items += len(gathered.entries)
    for step in STEPS:
        await step(context, gathered)
