"""Every page: nothing inline, nothing unescaped, whatever people, providers and browsers are called."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest

from tests.server import Caller
from tests.web.conftest import ATTRIBUTE, SCRIPT, Browser, World, post
from twoticks.web import app
from twoticks.web.headers import CONTENT_SECURITY_POLICY

EVENT_HANDLER = re.compile(r"on[a-z]+")
ADDRESSES = ("href", "src", "srcset", "action", "formaction")
ELSEWHERE = ("javascript:", "data:", "//")


class Inline(HTMLParser):
    """Collects what a Content-Security-Policy without `unsafe-inline` would block, and what nobody of us wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "script":
            self.scripts.append(str(names.get("src")))
        if tag == "style" or (tag == "script" and not str(names.get("src", "")).startswith("/static/")):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            address = (value or "").strip().lower()
            if name == "style" or EVENT_HANDLER.fullmatch(name):
                self.found.append(f"<{tag} {name}>")
            if name in ("href", "src", "action", "formaction", "srcset") and address.startswith(
                ("javascript:", "data:", "//")
            ):
                self.found.append(f"<{tag} {name}={address}>")
        if names.get("src") == "x":
            self.found.append(f"<{tag} src=x>: ours was not escaped")


def inline(text: str) -> list[str]:
    parser = Inline()
    parser.feed(text)
    return parser.found


@pytest.fixture
async def signed_in(world: World, person: Browser) -> Browser:
    """A person who is signed in, after something hostile was clicked and reported."""
    async with aiohttp.ClientSession() as session:
        headers = {"user-agent": f"{SCRIPT}{ATTRIBUTE}", "referer": f"https://x.example/{SCRIPT}"}
        async with session.get(f"{world.server.url}/c/{world.tokens[2]}", headers=headers, allow_redirects=False):
            pass
        clicked = {
            "msgId": world.references["919800000003"],
            "status": "clicked",
            "url": f"https://x.example/{SCRIPT}{ATTRIBUTE}",
            "userAgent": f"{SCRIPT}{ATTRIBUTE}",
        }
        body = {"payloadVersion": "0.1", "statuses": [clicked, {"msgId": SCRIPT, "status": SCRIPT}]}
        await post(session, world.generic["status_callback_url"], body)
    await person.sign_in()
    return person


async def pages(world: World, signed_in: Browser) -> dict[str, str]:
    """The text of every page and fragment there is, by its address."""
    campaign = f"/campaigns/{world.campaign}"
    addresses = [
        "/sign-in",
        f"/sign-in?next=/%22%3E{SCRIPT}",
        "/campaigns",
        "/campaigns/live",
        campaign,
        *(f"{campaign}?interval={interval}" for interval in ("hour", "day", "week", "month", SCRIPT)),
        f"{campaign}/live",
        f"{campaign}/people",
        *(f"{campaign}/people?in={bucket}" for bucket in ("sent", "viewed", "clicked", "delivery_errors", "waiting")),
    ]
    texts = {}
    for address in addresses:
        answer, texts[address] = await signed_in.get(address)
        assert answer.status == 200, (address, texts[address][:300])
    return texts


async def test_nothing_on_any_page_is_inline_or_unescaped(world: World, signed_in: Browser) -> None:
    for address, text in (await pages(world, signed_in)).items():
        assert inline(text) == [], address
        assert SCRIPT not in text, address
        assert ATTRIBUTE not in text, address
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


async def test_hostile_names_are_shown_as_they_are(world: World, signed_in: Browser) -> None:
    shown = await pages(world, signed_in)
    campaign = shown[f"/campaigns/{world.campaign}"]
    name = f"{SCRIPT}{ATTRIBUTE}"
    seen = HTMLText.of(campaign)
    assert f"Order {name}" in seen, "the campaign"
    assert f"order{name}" in seen, "the template"
    assert f"plain {name}"[:100] in seen, "the provider"
    assert f"no {name}" in seen, "the provider's words for an error"
    assert f"Order {name}" in HTMLText.of(shown["/campaigns"])
    assert name in HTMLText.of(shown[f"/campaigns/{world.campaign}/people"]), "a person"


class HTMLText(HTMLParser):
    """The text of a page as a reader sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    @staticmethod
    def of(page: str) -> str:
        parser = HTMLText()
        parser.feed(page)
        return parser.text


@pytest.mark.parametrize(
    "path", sorted((Path(app.__file__).parent / "templates").glob("*.html")), ids=lambda path: path.name
)
def test_no_template_has_anything_inline(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", text, re.IGNORECASE)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


async def test_every_answer_carries_its_security_headers(world: World, signed_in: Browser) -> None:
    for path in (
        "/",
        "/sign-in",
        "/campaigns",
        f"/campaigns/{world.campaign}",
        f"/campaigns/{world.campaign}/live",
        f"/campaigns/{world.campaign}/trend.svg",
        "/campaigns/999",
        "/nowhere",
        "/static/app.js",
        "/static/app.css",
        "/api/openapi.json",
        f"/api/v1/campaigns/{world.campaign}/stats",
        f"/api/v1/campaigns/{world.campaign}/people?format=csv",
        "/api/v1/nowhere",
        "/healthz",
    ):
        answer, _ = await signed_in.get(path)
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert answer.headers["content-type"], path
    assert "unsafe" not in CONTENT_SECURITY_POLICY


async def test_what_is_personal_is_kept_in_no_cache(world: World, signed_in: Browser) -> None:
    for path in (
        "/campaigns",
        f"/campaigns/{world.campaign}",
        f"/campaigns/{world.campaign}/people",
        f"/api/v1/campaigns/{world.campaign}/people",
        f"/api/v1/campaigns/{world.campaign}/people?format=csv",
        "/api/v1/quarantine/cases?reason=any",
        "/api/v1/providers",
    ):
        answer, _ = await signed_in.get(path)
        assert answer.headers.get("cache-control") == "no-store", path


async def test_an_answer_is_never_a_page_unless_it_is_one(world: World, caller: Caller) -> None:
    """Hostile texts in JSON and CSV are inert because no browser takes those for HTML."""
    for path, kind in (
        (f"/api/v1/campaigns/{world.campaign}", "application/json"),
        (f"/api/v1/campaigns/{world.campaign}/errors", "application/json"),
        (f"/api/v1/campaigns/{world.campaign}/errors?format=csv", "text/csv"),
        (f"/api/v1/campaigns/{world.campaign}/people?in={SCRIPT}", "application/json"),
        (f"/api/v1/{SCRIPT}", "application/json"),
        (f"/{SCRIPT}", "application/json"),
        (f"/callbacks/{SCRIPT}", "text/plain"),
        (f"/c/{SCRIPT}", "text/plain"),
    ):
        async with caller.session.get(world.server.url + path, headers=world.server.bearer) as answer:
            assert answer.content_type == kind, path


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns?before=-1",
        "/campaigns?before=x",
        "/campaigns/999",
        "/campaigns/999/live",
        "/campaigns/999/people",
        "/campaigns/99999999999999999999",
        "/campaigns/1/people?in=nobody",
        "/campaigns/1/people?in=viewed&key=x",
        "/campaigns/1/people?cursor=x",
        "/campaigns/1/people?in=%00",
        "/campaigns/1/trend.svg?interval=x",
        "/campaigns/1/trend.svg?theme=x",
        "/campaigns/1?interval=%00",
        "/sign-in?next=%00%ff",
    ],
)
async def test_an_odd_address_of_a_page_is_no_server_error(signed_in: Browser, path: str) -> None:
    answer, _ = await signed_in.get(path)
    assert answer.status < 500


async def test_a_fragment_is_not_a_sign_in_page_when_the_session_is_over(world: World, person: Browser) -> None:
    """The page's script asks with fetch, follows redirects, and would put the form into the page."""
    async with person.session.get(f"{person.url}/campaigns/{world.campaign}/live", allow_redirects=False) as answer:
        assert answer.status == 401
