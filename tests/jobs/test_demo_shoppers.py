from __future__ import annotations

import time
from typing import Any

import pytest

from twoticks.jobs import demo_shoppers
from twoticks.jobs.demo_api import Api
from twoticks.jobs.demo_shoppers import BUYING, Shoppers
from twoticks.people.upload import read_upload
from twoticks.records.items import EventsItem

GROUP = 4000


class Account(Api):
    """Answers as the server does, from lists of people."""

    def __init__(self, people: dict[str, list[str]]) -> None:
        self.people = people
        self.events: list[dict[str, Any]] = []
        self.uploads: list[int] = []
        self.waiting = 0

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        if path.endswith("/stats"):
            return {"counts": {"qualified": 2 * GROUP, "control": GROUP, "waiting": self.waiting}}
        start = int(query.get("cursor", 0))
        end = start + int(query["limit"])
        listed = self.people[str(query["in"])]
        page = [{"identity": identity} for identity in listed[start:end]]
        return {"people": page, "next_cursor": str(end) if end < len(listed) else None}

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        assert path == "/1/upload"
        self.events += body["d"]
        self.uploads.append(len(body["d"]))
        return {"processed": len(body["d"])}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(demo_shoppers, "MEAN_WAIT_S", 0.0)
    monkeypatch.setattr(demo_shoppers, "FIRST_WAIT_S", 0.0)
    target = [f"T{n}" for n in range(GROUP)]
    return Account(
        {
            "control": [f"K{n}" for n in range(GROUP)],
            "sent": target,
            "viewed": target[: GROUP * 3 // 4],
            "not_attempted": [],
        }
    )


async def shop(account: Account, rounds: int = 20) -> list[dict[str, Any]]:
    shoppers = Shoppers(account, seed=7)
    shoppers.watch(1)
    for _ in range(rounds):
        await shoppers.round()
    assert shoppers.purchases == len(account.events)
    return account.events


async def test_both_groups_buy_and_the_target_group_more(account: Account) -> None:
    events = await shop(account)
    control = sum(event["identity"].startswith("K") for event in events) / GROUP
    target = sum(event["identity"].startswith("T") for event in events) / GROUP
    assert control == pytest.approx(BUYING["control"], abs=0.01)
    assert target == pytest.approx(BUYING["sent"] + 0.75 * BUYING["viewed"], abs=0.015)


async def test_reading_a_list_again_changes_nothing(account: Account) -> None:
    once = len(await shop(account, rounds=8))
    account.events.clear()
    assert len(await shop(account, rounds=40)) == once


async def test_purchases_are_events_that_the_upload_takes(account: Account) -> None:
    events = await shop(account)
    now = int(time.time() * 1000)
    result = read_upload({"d": events[:1000]}, region="IN", now_ms=now)
    assert result.unprocessed == []
    [item] = result.items
    assert isinstance(item, EventsItem)
    for event in events:
        data = event["evtData"]
        assert event["evtName"] == "Charged"
        assert data["Amount"] == pytest.approx(sum(one["Price"] * one["Quantity"] for one in data["Items"]))
        assert event["ts"] <= time.time()


async def test_purchases_come_over_time(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_shoppers, "MEAN_WAIT_S", 3600.0)
    assert len(await shop(account)) < 20


async def test_no_upload_is_too_large(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_shoppers, "LARGEST_UPLOAD", 50)
    await shop(account)
    assert max(account.uploads) == 50


async def test_the_control_group_shops_at_the_pace_of_the_sending(account: Account) -> None:
    shoppers = Shoppers(account, seed=7)
    shoppers.watch(1)
    bought = []
    for account.waiting in (GROUP, GROUP // 2, 0):
        for _ in range(20):
            await shoppers.round()
        bought.append(sum(event["identity"].startswith("K") for event in account.events))
    assert bought[0] == 0
    assert bought[1] == pytest.approx(bought[2] / 2, rel=0.3)
