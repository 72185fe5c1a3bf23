"""The door for providers: 200 only for what is proven and on disk, and nothing of the rest is kept."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import cloud_body, cloud_status
from tests.server import Caller
from tests.web.conftest import SECRETS, VERIFY_TOKEN, World, post, raw, signature

BODY = cloud_body([cloud_status("delivered", None, "wamid.unknown", 1_790_000_000_000)])
LIMIT = 4 * 1024 * 1024


def cut(header: str) -> str:
    return header[:-1]


def upper(header: str) -> str:
    return "sha256=" + header.removeprefix("sha256=").upper()


UNPROVEN = {
    "unsigned": {},
    "empty": {"x-hub-signature-256": ""},
    "only the scheme": {"x-hub-signature-256": "sha256="},
    "cut": {"x-hub-signature-256": cut(signature(BODY, SECRETS["one"])["x-hub-signature-256"])},
    "upper case": {"x-hub-signature-256": upper(signature(BODY, SECRETS["one"])["x-hub-signature-256"])},
    "of another body": signature(BODY + b" ", SECRETS["one"]),
    "by another provider's secret": signature(BODY, SECRETS["other"]),
    "the old SHA-1": {"x-hub-signature": "sha1=" + "0" * 40},
    "not ASCII": {"x-hub-signature-256": "sha256=é"},
}


@pytest.mark.parametrize("headers", UNPROVEN.values(), ids=UNPROVEN.keys())
async def test_what_meta_did_not_sign_is_refused_and_not_kept(
    world: World, session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    before = world.blocks()
    status, _ = await post(session, world.cloud["status_callback_url"], BODY, headers)
    assert status == 401
    assert world.blocks() == before


async def test_two_signatures_are_no_signature(world: World) -> None:
    before = world.blocks()
    wrong, right = (signature(BODY, SECRETS[name])["x-hub-signature-256"] for name in ("other", "one"))
    answer = await raw(
        world,
        world.cloud["status_callback_url"],
        [f"X-Hub-Signature-256: {right}", f"X-Hub-Signature-256: {wrong}"],
        BODY,
    )
    assert answer.startswith(b"HTTP/1.1 401")
    assert world.blocks() == before


@pytest.mark.parametrize(
    "body",
    [
        '{"object":"whatsapp_business_account","entry":[],"note":"grüße 🙂"}'.encode(),
        rb'{"object":"whatsapp_business_account","entry":[],"url":"https:\/\/x.example\/\u00e9\ud83d\ude42"}',
        b'{ "entry" : [ ] ,\r\n\t"object":"whatsapp_business_account" }\n',
    ],
    ids=["emoji", "escapes", "spaces"],
)
async def test_the_signature_is_of_the_bytes_as_they_came(
    world: World, session: aiohttp.ClientSession, body: bytes
) -> None:
    before = world.blocks()
    status, text = await post(session, world.cloud["status_callback_url"], body, signature(body, SECRETS["one"]))
    assert (status, text) == (200, "")
    assert world.blocks() == before + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda path: re.sub(r"/[^/]+/status", "/" + "A" * 22 + "/status", path),
        lambda path: re.sub(r"/[^/]+/status", "//status", path),
        lambda path: re.sub(r"[^/]/status", "/status", path),
        lambda path: path.replace("/callbacks/1/", "/callbacks/999/"),
        lambda path: path.replace("/callbacks/1/", "/callbacks/2/"),
        lambda path: path.replace("/callbacks/1/", "/callbacks/1000000001/"),
        lambda path: path.replace("/callbacks/1/", "/callbacks/-1/"),
        lambda path: path.replace("/callbacks/1/", "/callbacks/%D9%A1/"),
        lambda path: path.replace("/status", "/other"),
        lambda path: path.replace("/status", ""),
        lambda path: path + "/",
        lambda path: re.sub(r"/[^/]+/status", "/%FF%00%E2%82/status", path),
    ],
)
async def test_an_address_that_is_not_ours_is_not_found_whatever_is_wrong_with_it(
    world: World, session: aiohttp.ClientSession, change: Any
) -> None:
    before = world.blocks()
    path = world.path(world.generic["status_callback_url"])
    assert path.startswith("/callbacks/1/")
    url = world.server.url + change(path)
    async with session.post(url, data=b"{}") as answer:
        assert (answer.status, await answer.text()) == (404, "no such callback address")
    assert world.blocks() == before


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1158201444", (200, "1158201444")),
        ("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1158201444", (403, "")),
        ("hub.mode=subscribe&hub.challenge=1158201444", (403, "")),
        (f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge={'9' * 5000}", (403, "")),
    ],
)
async def test_meta_checks_the_address_with_a_challenge(
    world: World, session: aiohttp.ClientSession, query: str, expected: tuple[int, str]
) -> None:
    before = world.blocks()
    async with session.get(f"{world.cloud['status_callback_url']}?{query}") as answer:
        assert (answer.status, await answer.text()) == expected
        assert "html" not in answer.headers.get("content-type", "")
    assert world.blocks() == before


async def test_a_challenge_cannot_become_a_page(world: World, session: aiohttp.ClientSession) -> None:
    query = f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=%3Cscript%3E1%3C/script%3E"
    async with session.get(f"{world.cloud['status_callback_url']}?{query}") as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_makes_no_sense_is_kept_in_quarantine(
    world: World, session: aiohttp.ClientSession, caller: Caller
) -> None:
    marker = b"no JSON at all: 6f1c"
    status, _ = await post(session, world.generic["status_callback_url"], marker)
    assert status == 200
    await eventually_quarantined(caller, "JSON", marker.decode())


async def eventually_quarantined(caller: Caller, word: str, content: str) -> None:
    """Wait until quarantine shows this content in a group whose reason has this word."""
    for _ in range(200):
        groups = (await caller.ours("GET", "/api/v1/quarantine"))["groups"]
        reasons = [group["reason"] for group in groups if word in group["reason"]]
        cases = [
            (await caller.ours("GET", f"/api/v1/quarantine/cases?reason={aiohttp.helpers.quote(reason)}"))["cases"]
            for reason in reasons
        ]
        if content in [case["content"] for found in cases for case in found]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing came to quarantine")


async def test_a_body_of_exactly_the_limit_is_taken(world: World, session: aiohttp.ClientSession) -> None:
    body = b'{"statuses":[]}'.ljust(LIMIT)
    assert (await post(session, world.generic["status_callback_url"], body))[0] == 200


async def test_a_body_over_the_limit_is_refused_by_its_announced_length(world: World) -> None:
    before = world.blocks()
    answer = await raw(world, world.generic["status_callback_url"], [f"Content-Length: {LIMIT + 1}"], b"x")
    assert answer.startswith(b"HTTP/1.1 413")
    assert world.blocks() == before


async def test_a_body_over_the_limit_is_refused_without_an_announced_length(world: World) -> None:
    before = world.blocks()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = await raw(
        world,
        world.generic["status_callback_url"],
        ["Transfer-Encoding: chunked"],
        chunk * (LIMIT // 0x10000) + b"1\r\nx\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 413")
    assert world.blocks() == before


async def test_a_body_that_breaks_off_is_not_kept(world: World) -> None:
    before = world.blocks()
    url = world.generic["status_callback_url"]
    for headers, body in (
        (["Content-Length: 100"], b'{"statuses":[]'),
        (["Transfer-Encoding: chunked"], b"3\r\n{}\n\r\n"),
        (["Content-Length: 100"], b""),
    ):
        answer = await raw(world, url, headers, body, half_close=True)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 400"))
    assert world.blocks() == before


NASTY = [
    b"",
    b"\xff\xfe\x00",
    b'"\xed\xa0\x80"',
    b'{"statuses": "\\ud800"}',
    b'{"statuses":[{"msgId":"\\ud800","status":"delivered"}]}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"NaN",
    b'{"statuses":[{"msgId":NaN,"status":"read","timestamp":Infinity}]}',
    b'{"statuses":[{"msgId":"1|2|3|1","status":"read","timestamp":' + b"9" * 5000 + b"}]}",
    b'{"statuses":[{"msgId":"1|2|3|1","status":"read","timestamp":1e400}]}',
    b'{"statuses":{"msgId":"1"}}',
    b'[{"statuses":[]}]',
    b'{"statuses":[null,1,"x",[],{}]}',
    b'{"statuses":[{"msgId":{},"status":[]}]}',
    b'{"statuses":[{"msgId":"\\u0000","status":"delivered\\u0000"}],"statuses":[]}',
    b'{"from":[],"type":"text","text":{"body":{}}}',
    b'{"entry":[{"changes":[{"value":{"statuses":[{"id":"\\u0000","status":"read"}]}}]}]}',
    b'{"entry":{"changes":1}}',
]


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
async def test_no_body_makes_a_server_error(world: World, session: aiohttp.ClientSession, body: bytes) -> None:
    assert (await post(session, world.generic["status_callback_url"], body))[0] == 200
    assert (await post(session, world.generic["inbound_callback_url"], body))[0] == 200
    assert (await post(session, world.cloud["status_callback_url"], body, signature(body, SECRETS["one"])))[0] == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["statuses", "msgId", "status", "timestamp", "error", "code", "entry", "changes", "value", "id"]
            )
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


bodies = st.lists(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()), min_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=bodies)
def test_no_body_however_odd_makes_a_server_error(world: World, bodies: list[bytes]) -> None:
    async def send() -> set[int]:
        async with aiohttp.ClientSession() as session:
            return {
                (await post(session, provider["status_callback_url"], body, signature(body, SECRETS["one"])))[0]
                for body in bodies
                for provider in (world.generic, world.cloud)
            }

    assert asyncio.run(send()) == {200}


async def test_everything_odd_was_read_without_stopping_the_drain(world: World, caller: Caller) -> None:
    async with caller.session.get(f"{world.server.url}/metrics") as answer:
        text = await answer.text()
    assert "twoticks_drain_failing 0.0" in text
    counts = (await caller.ours("GET", "/api/v1/quarantine"))["groups"]
    assert not [group for group in counts if "internal error" in group["reason"]]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_other_methods_are_no_server_error(world: World, session: aiohttp.ClientSession, method: str) -> None:
    async with session.request(method, world.generic["status_callback_url"]) as answer:
        assert answer.status < 500
