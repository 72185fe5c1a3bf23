"""The dashboard in a real browser: sign in, watch a campaign move, open the people behind a number."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.plain_provider import PlainProvider, plain_provider
from tests.server import Caller, running_server
from tests.world import add_campaign, add_people, add_provider, add_template

EMAIL, PASSWORD = "ann@shop.example", "correct horse battery"
PEOPLE = 60

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def sign_in(page: Page, url: str) -> None:
    await page.goto(url)
    await page.fill("#email", EMAIL)
    await page.fill("#password", PASSWORD)
    await page.click("main button")
    await page.wait_for_url("**/campaigns")


async def a_campaign(caller: Caller, provider: PlainProvider) -> tuple[int, str]:
    urls = await add_provider(caller, provider)
    await add_template(caller)
    await add_people(caller, PEOPLE)
    campaign = await add_campaign(caller, control_group={"type": "campaign", "percentage": 10})
    await caller.stats_when(campaign, lambda c: c["qualified"] == PEOPLE and c["waiting"] == 0)
    return campaign, urls["status_callback_url"]


async def tell(caller: Caller, url: str, provider: PlainProvider, status: str, count: int) -> None:
    statuses: list[dict[str, Any]] = [
        {"msgId": request["msgId"], "status": status, "timestamp": "0"} for request in provider.requests[:count]
    ]
    async with caller.session.post(url, data=json.dumps({"statuses": statuses})) as answer:
        assert answer.status == 200


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:120]})" for one in found.response["violations"]]


async def test_a_marketer_signs_in_watches_numbers_move_and_opens_people(tmp_path: Path, chromium: Browser) -> None:
    async with running_server(tmp_path / "data") as caller, plain_provider() as provider:
        made = await asyncio.to_thread(caller.server.command, "users", "create", EMAIL, "--password", PASSWORD)
        assert made.returncode == 0, made.stderr
        _, callback_url = await a_campaign(caller, provider)
        page = await chromium.new_page()
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))

        await sign_in(page, caller.server.url)
        await page.click("text=Order ready")
        await page.wait_for_selector("#tile-sent")
        sent = await page.inner_text("#tile-sent")
        assert int(sent) == len(provider.requests)
        assert await page.inner_text("#tile-viewed") == "0"

        await tell(caller, callback_url, provider, "read", 7)
        await expect(page.locator("#tile-viewed")).to_have_text("7", timeout=15_000)
        assert await page.inner_text("#tile-delivered") == "7"

        await page.click("#tile-viewed")
        await page.wait_for_selector("h1:has-text('Viewed')")
        assert await page.locator("tbody tr").count() == 7
        assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible_and_fit_a_phone(tmp_path: Path, chromium: Browser, scheme: Any) -> None:
    async with running_server(tmp_path / "data") as caller, plain_provider(behave=_some_fail) as provider:
        await asyncio.to_thread(caller.server.command, "users", "create", EMAIL, "--password", PASSWORD)
        campaign, callback_url = await a_campaign(caller, provider)
        await tell(caller, callback_url, provider, "failed", 5)
        context = await chromium.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(caller.server.url)
        assert await violations(page) == []
        await sign_in(page, caller.server.url)
        for path in ("/campaigns", f"/campaigns/{campaign}", f"/campaigns/{campaign}/people?in=sent"):
            await page.goto(caller.server.url + path)
            assert await violations(page) == [], path
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, f"{path} is {width} pixels wide on a phone"
        await context.close()


def _some_fail(number: str) -> str:
    return "failure" if number.endswith("7") else "ok"
