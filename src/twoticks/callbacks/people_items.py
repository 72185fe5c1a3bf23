"""Applies profile changes and user events that came through the journal."""

from __future__ import annotations

from twoticks.callbacks.context import Context
from twoticks.callbacks.round import Round
from twoticks.callbacks.sends import of_type
from twoticks.people.profiles import apply_events, apply_profiles
from twoticks.records.items import EventsItem, ProfilesItem


async def store_profiles(context: Context, gathered: Round) -> None:
    """Profile changes in the journal's order; their place in it is their version."""
    changes = [(entry.block, entry.place, item) for entry, item in of_type(gathered, ProfilesItem)]
    if changes:
        await apply_profiles(context.facts, changes)


async def store_events(context: Context, gathered: Round) -> None:
    """User events; the same one twice is one."""
    events = [item for _, item in of_type(gathered, EventsItem)]
    if events:
        await apply_events(context.facts, events)
