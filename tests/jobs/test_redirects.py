"""A tracked link leads where its stored row says, in a form that can stand in a header."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from tests.factories import STARTED, TAG
from twoticks.errors import Unavailable
from twoticks.jobs import redirects
from twoticks.jobs.redirects import Redirects
from twoticks.records.database import Database
from twoticks.records.tables import CampaignRow, LinkRow, ProviderRow, TemplateRow

PRINTABLE = set(string.printable) - set(string.whitespace)


async def add_links(database: Database, *links: tuple[int, str, bool]) -> int:
    now = datetime.fromtimestamp(STARTED / 1000, UTC)
    async with database.transaction() as session:
        provider = ProviderRow(
            nickname=TAG, kind="generic", settings={}, secrets=b"", paused_reason=None, created_at=now
        )
        session.add(provider)
        await session.flush()
        template = TemplateRow(provider_id=provider.id, name="t", language="en", components=[], created_at=now)
        session.add(template)
        await session.flush()
        campaign = CampaignRow(
            name="c",
            status="running",
            provider_id=provider.id,
            template_id=template.id,
            content={},
            audience={},
            control_percentage=0,
            labels=[],
            source="test",
            created_at=now,
        )
        session.add(campaign)
        await session.flush()
        session.add_all(
            LinkRow(campaign_id=campaign.id, number=number, label="", url=url, tracked=tracked)
            for number, url, tracked in links
        )
        return campaign.id


async def test_a_tracked_link_leads_to_its_stored_address(database: Database) -> None:
    campaign = await add_links(database, (1, "https://shop.example/a?b=%20c#d", True))
    assert await Redirects(database).destination(campaign, 1) == "https://shop.example/a?b=%20c#d"


async def test_a_link_that_is_unknown_or_not_tracked_leads_nowhere(database: Database) -> None:
    campaign = await add_links(database, (1, "https://shop.example/", False))
    leads = Redirects(database)
    assert await leads.destination(campaign, 1) is None
    assert await leads.destination(campaign, 2) is None
    assert await leads.destination(campaign + 1, 1) is None


async def test_a_destination_is_remembered(database: Database) -> None:
    campaign = await add_links(database, (1, "https://shop.example/", True))
    leads = Redirects(database)
    await leads.destination(campaign, 1)
    async with database.transaction() as session:
        await session.execute(delete(LinkRow))
    assert await leads.destination(campaign, 1) == "https://shop.example/"


async def test_memory_of_destinations_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "_KEPT", 3)
    campaign = await add_links(database, *((n, f"https://shop.example/{n}", True) for n in range(1, 8)))
    leads = Redirects(database)
    for number in range(1, 8):
        assert await leads.destination(campaign, number) == f"https://shop.example/{number}"
    assert len(leads._known) <= 3


@given(st.text(max_size=60))
def test_no_stored_address_can_add_a_header(text: str) -> None:
    location = redirects._location("https://shop.example/" + text.encode("utf-8", "replace").decode())
    assert set(location) <= PRINTABLE
    assert location.isascii()


def test_what_is_percent_encoded_stays_what_it_is() -> None:
    assert redirects._location("https://shop.example/%C3%A9?q=%0d%0a") == "https://shop.example/%C3%A9?q=%0d%0a"
    assert redirects._location("https://shop.example/é\r\nSet-Cookie: a=b") == (
        "https://shop.example/%C3%A9%0D%0ASet-Cookie:%20a=b"
    )


async def test_records_that_are_down_are_told_as_such(database: Database) -> None:
    await database.close()
    Path(str(database.url.database)).unlink()
    with pytest.raises(Unavailable):
        await Redirects(database).destination(1, 1)
