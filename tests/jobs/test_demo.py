from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from twoticks.errors import TwoticksError
from twoticks.jobs import demo, demo_shoppers
from twoticks.jobs.demo import run_demo
from twoticks.jobs.demo_plan import campaigns


@dataclass
class Account:
    """A stand-in for the public API, which keeps what it is given and the order of it."""

    url: str = ""
    made_before: bool = False
    broken: bool = False
    busy: int = 0
    order: list[str] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    seen: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        if self.busy:
            self.busy -= 1
            return web.json_response({"error": "busy"}, status=503, headers={"Retry-After": "0"})
        if request.path.endswith("/stats"):
            return web.json_response({"counts": {"qualified": 100, "control": 10, "waiting": 0}})
        if request.method == "GET":
            return web.json_response({"people": [{"identity": f"C{n}"} for n in range(100)], "next_cursor": None})
        body: dict[str, Any] = await request.json()
        if request.path == "/1/upload":
            self.records += Counter(record["type"] for record in body["d"])
            self.order.append("upload")
            return web.json_response({"status": "success", "processed": len(body["d"]), "unprocessed": []})
        if request.path == "/1/targets/create.json":
            if self.broken:
                return web.json_response({"status": "fail", "error": "no", "code": 400})
            self.order.append(body["name"])
            return web.json_response({"status": "success", "id": len(self.order)})
        return web.json_response({"id": 1}, status=409 if self.made_before else 201)


@pytest.fixture
async def account(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Account]:
    monkeypatch.setattr(demo, "PAUSE_S", 0.0)
    monkeypatch.setattr(demo_shoppers, "BRISK_S", 0.01)
    monkeypatch.setattr(demo_shoppers, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(demo_shoppers, "MEAN_WAIT_S", 0.0)
    stand_in = Account()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stand_in.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield stand_in
    await runner.cleanup()


async def run(account: Account, count: int = 4000) -> tuple[demo.DemoResult, list[str]]:
    told: list[str] = []
    result = await run_demo(account.url, "ACC", "wcs_secret", progress=told.append, count=count, seconds=0.5)
    return result, told


async def test_it_uploads_the_people_and_starts_the_campaigns(account: Account) -> None:
    result, _ = await run(account)
    names = [plan.body["name"] for plan in campaigns()]
    assert account.records["profile"] == result.profiles == 4000
    assert list(result.campaigns) == names == [name for name in account.order if name != "upload"]


async def test_the_first_campaign_starts_before_all_people_are_in(account: Account) -> None:
    await run(account)
    first = campaigns()[0].body["name"]
    assert "upload" in account.order[account.order.index(first) :]


async def test_people_shop(account: Account) -> None:
    result, _ = await run(account, count=100)
    assert account.records["event"] == result.purchases > 0


async def test_every_request_carries_the_credentials(account: Account) -> None:
    await run(account, count=100)
    for request in account.seen:
        assert request.headers["Authorization"] == "Bearer wcs_secret"
        assert request.headers["X-CleverTap-Account-Id"] == "ACC"
        assert request.headers["X-CleverTap-Passcode"] == "wcs_secret"


async def test_progress_is_told_without_the_passcode(account: Account) -> None:
    _, told = await run(account, count=100)
    assert len(told) >= 4
    assert "wcs_secret" not in " ".join(told)


async def test_it_runs_again_on_an_account_that_has_its_provider(account: Account) -> None:
    account.made_before = True
    result, _ = await run(account, count=100)
    assert len(result.campaigns) == 3


async def test_a_busy_server_is_asked_again(account: Account) -> None:
    account.busy = 3
    result, _ = await run(account, count=100)
    assert result.profiles == 100


async def test_a_refusal_ends_it(account: Account) -> None:
    account.broken = True
    with pytest.raises(TwoticksError):
        await run(account, count=100)
