"""The commands that put the fact store right: replay, rebuild, verify."""

from __future__ import annotations

from typing import Any

from twoticks.callbacks.replay import replay as read_again
from twoticks.facts import tallies
from twoticks.jobs.goals import forget_marks
from twoticks.jobs.runtime import Runtime


async def replay(runtime: Runtime, since_block: int = 0) -> dict[str, int]:
    """Make the store whole, read the journal again from `since_block`, and look at all goal events anew."""
    await runtime.facts.repair()
    runtime.drain.context.campaigns.clear()
    done = await read_again(runtime.journal, runtime.drain, since_block)
    await forget_marks(runtime)
    runtime.damage = await runtime.facts.damage()
    return {"blocks": done.blocks, "items": done.items}


async def rebuild(runtime: Runtime) -> dict[str, int]:
    """Union the tallies anew from the facts."""
    await tallies.rebuild(runtime.facts)
    [(count,)] = await runtime.facts.query("select count() from facts")
    return {"facts": count}


async def verify(runtime: Runtime) -> dict[str, Any]:
    """Every tally that differs from its facts."""
    return {"mismatches": [str(mismatch) for mismatch in await tallies.verify(runtime.facts)]}
