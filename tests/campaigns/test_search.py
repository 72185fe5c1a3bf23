from __future__ import annotations

from datetime import timedelta

import pytest

from tests.campaigns.test_lifecycle import NOW, add_campaign
from twoticks.campaigns.search import Filter, get_campaign, list_campaigns
from twoticks.errors import NotFound
from twoticks.records.database import Database


async def found(database: Database, **wanted: object) -> list[int]:
    async with database.session() as session:
        page = await list_campaigns(session, Filter(**wanted))  # type: ignore[arg-type]
        return [campaign.id for campaign in page.campaigns]


async def test_pages_go_from_new_to_old_without_gap_or_repeat(any_database: Database) -> None:
    made = [await add_campaign(any_database) for _ in range(7)]
    seen: list[int] = []
    before = None
    while True:
        async with any_database.session() as session:
            page = await list_campaigns(session, before=before, limit=3)
        seen += [campaign.id for campaign in page.campaigns]
        await add_campaign(any_database, status="archived")
        if page.next_before is None:
            break
        before = page.next_before
    assert seen == made[::-1]


async def test_a_label_is_found_whole(any_database: Database) -> None:
    sale = await add_campaign(any_database, labels=["sale", "é\"'%_\\"])
    await add_campaign(any_database, labels=["sales", "no sale", 'x"sale"'])
    assert await found(any_database, label="sale") == [sale]
    assert await found(any_database, label="é\"'%_\\") == [sale]
    assert await found(any_database, label="sal") == []
    assert await found(any_database, label="%") == []


async def test_filters_narrow(any_database: Database) -> None:
    old = await add_campaign(any_database, name="Diwali 100%", tag_group="a", created_at=NOW, started_at=NOW)
    day = timedelta(days=1)
    new = await add_campaign(
        any_database, name="Holi", tag_group="b", status="paused", source="dashboard", created_at=NOW + day
    )
    archived = await add_campaign(any_database, status="archived", created_at=NOW + day)
    assert await found(any_database) == [new, old]
    assert await found(any_database, name="DIWALI") == [old]
    assert await found(any_database, name="100%") == [old]
    assert await found(any_database, name="1%0") == []
    assert await found(any_database, tag_group="b") == [new]
    assert await found(any_database, source="api") == [old]
    assert await found(any_database, provider_id=1) == [new, old]
    assert await found(any_database, provider_id=2) == []
    assert await found(any_database, statuses=["archived", "paused"]) == [archived, new]
    assert await found(any_database, created_from=NOW + day) == [new]
    assert await found(any_database, created_before=NOW + day) == [old]
    assert await found(any_database, started_from=NOW) == [old]
    assert await found(any_database, started_before=NOW) == []


@pytest.mark.parametrize("campaign_id", [1, -1, 2**40])
async def test_unknown_campaigns_are_not_found(any_database: Database, campaign_id: int) -> None:
    async with any_database.session() as session:
        with pytest.raises(NotFound):
            await get_campaign(session, campaign_id)
