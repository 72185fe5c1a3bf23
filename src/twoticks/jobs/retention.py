"""How long the journal is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twoticks.records.journal import Journal


async def prune_journal(journal: Journal, days: int) -> int:
    """Forget blocks older than `days`; returns how many. Blocks that a consumer has not read stay."""
    return await journal.prune(datetime.now(UTC) - timedelta(days=days))
