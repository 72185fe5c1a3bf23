"""The door for people: a tracked link leads to its stored address and nowhere else."""

from __future__ import annotations

import string
from typing import Any

import aiohttp
import pytest

from tests.server import Caller
from tests.web.conftest import ATTRIBUTE, DESTINATION, SCRIPT, World

PHONE_BROWSER = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
ALPHABET = string.ascii_letters + string.digits + "-_"


async def follow(
    world: World,
    session: aiohttp.ClientSession,
    token: str,
    method: str = "GET",
    agent: str = PHONE_BROWSER,
    **headers: str,
) -> aiohttp.ClientResponse:
    """The answer to opening a link; its body is read."""
    async with session.request(
        method, f"{world.server.url}/c/{token}", headers={"user-agent": agent, **headers}, allow_redirects=False
    ) as answer:
        await answer.read()
        return answer


async def test_a_link_leads_on_and_leaves_no_trace_in_caches_referrers_and_indexes(
    world: World, session: aiohttp.ClientSession
) -> None:
    answer = await follow(world, session, world.tokens[0])
    assert answer.status == 302
    assert answer.headers["location"] == DESTINATION
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in answer.headers


async def test_every_changed_character_of_a_token_leads_nowhere(world: World, session: aiohttp.ClientSession) -> None:
    before, token = world.blocks(), world.tokens[1]
    for place, character in enumerate(token):
        other = ALPHABET[(ALPHABET.index(character) + 1 + place % 60) % len(ALPHABET)]
        answer = await follow(world, session, token[:place] + other + token[place + 1 :])
        assert answer.status == 404
        assert "location" not in answer.headers
    assert world.blocks() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "=",
        lambda token: token + "/",
        lambda token: token.swapcase(),
        lambda token: f"{token}/https://evil.example",
        lambda token: f"https%3A%2F%2Fevil.example/{token}",
        lambda token: "%00" + token[1:],
        lambda token: "%C3%A9" + token[1:],
        lambda token: "A" * 5000,
    ],
)
async def test_a_token_that_we_did_not_write_leads_nowhere(
    world: World, session: aiohttp.ClientSession, change: Any
) -> None:
    before = world.blocks()
    answer = await follow(world, session, change(world.tokens[0]))
    assert answer.status == 404
    assert "location" not in answer.headers
    assert world.blocks() == before


async def test_no_parameter_and_no_header_changes_where_a_link_leads(
    world: World, session: aiohttp.ClientSession
) -> None:
    evil = "https://evil.example"
    query = "?url=https://evil.example&next=//evil.example&location=%0d%0aSet-Cookie:%20a=b"
    answer = await follow(
        world, session, world.tokens[0] + query, **{"x-forwarded-host": evil, "referer": evil, "x-original-url": evil}
    )
    assert (answer.status, answer.headers["location"]) == (302, DESTINATION)
    assert "set-cookie" not in answer.headers


async def test_only_what_a_person_opens_counts_as_a_click(
    world: World, session: aiohttp.ClientSession, caller: Caller
) -> None:
    async def clicked() -> int:
        return int((await caller.stats(world.campaign))["counts"]["clicked"])

    before, blocks = await clicked(), world.blocks()
    automated = [
        {"method": "HEAD"},
        {"agent": "WhatsApp/2.23.20.0 A"},
        {"agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"},
        {"agent": ""},
        {"agent": "Googlebot/2.1"},
        {"sec-purpose": "prefetch;prerender"},
    ]
    for request in automated:
        answer = await follow(world, session, world.tokens[4], **request)
        assert (answer.status, answer.headers["location"]) == (302, DESTINATION)
    assert world.blocks() == blocks + len(automated), "every hit is in the journal"
    await follow(world, session, world.tokens[5])
    await caller.stats_when(world.campaign, lambda counts: counts["clicked"] == before + 1)


async def test_a_hostile_browser_name_is_no_error(world: World, session: aiohttp.ClientSession) -> None:
    for agent in (SCRIPT, ATTRIBUTE, "x" * 10_000, "(((((" * 100, "é"):
        assert (await follow(world, session, world.tokens[0], agent=agent)).status == 302


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_link_is_only_read(world: World, session: aiohttp.ClientSession, method: str) -> None:
    before = world.blocks()
    answer = await follow(world, session, world.tokens[0], method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert world.blocks() == before


@pytest.mark.parametrize(
    "destination",
    [
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example/ a",
        "https:///nowhere",
        "https://[::1",
    ],
)
async def test_an_address_that_could_break_a_header_makes_no_campaign(
    world: World, caller: Caller, destination: str
) -> None:
    body = {
        "name": "Broken link",
        "provider_nick_name": world.generic["nickname"],
        "segment": "all",
        "content": {
            "message_type": "template",
            "template_name": "order_ready",
            "locale": "en",
            "body": {"replacements": ["Ann", destination]},
        },
    }
    answer = await caller.theirs("/1/targets/create.json", body, expect=400)
    assert "content.body" in answer["error"]


async def test_an_address_of_another_scheme_is_no_tracked_link(world: World, session: aiohttp.ClientSession) -> None:
    """`javascript:` is text like any other: nothing of ours redirects there."""
    for token in world.tokens:
        answer = await follow(world, session, token, method="HEAD")
        assert answer.headers["location"].startswith("https://")
