from __future__ import annotations

from sqlalchemy import update

from tests.campaigns.test_lifecycle import NOW, add_campaign
from twoticks.dispatch.board import Board
from twoticks.records.database import Database
from twoticks.records.tables import ProviderRow


async def test_the_board_shows_what_is_under_way(any_database: Database) -> None:
    running = await add_campaign(any_database, deadline=NOW)
    paused = await add_campaign(any_database, status="paused")
    stopped = await add_campaign(any_database, status="stopped")
    over = [
        await add_campaign(any_database, status="stopped", completed_at=NOW),
        await add_campaign(any_database, status="completed"),
        await add_campaign(any_database, status="scheduled"),
    ]
    board = Board(any_database)
    assert board.of(running).stopped
    await board.refresh()
    assert board.sending() == {1: [running]}
    assert list(board.stopped()) == [stopped]
    assert board.of(running).deadline == NOW.timestamp()
    assert not board.of(paused).sending
    assert not board.of(paused).stopped
    assert all(board.of(campaign).stopped for campaign in over)


async def test_a_paused_provider_sends_nothing(any_database: Database) -> None:
    running = await add_campaign(any_database)
    async with any_database.transaction() as session:
        await session.execute(update(ProviderRow).values(paused_reason="no budget"))
    board = Board(any_database)
    await board.refresh()
    assert board.sending() == {}
    assert not board.of(running).stopped


async def test_a_campaign_can_be_held_before_the_next_look(any_database: Database) -> None:
    running = await add_campaign(any_database)
    board = Board(any_database)
    await board.refresh()
    board.hold(running)
    board.hold(running + 1)
    assert not board.of(running).sending
    assert not board.of(running).stopped
    await board.refresh()
    assert board.of(running).sending
