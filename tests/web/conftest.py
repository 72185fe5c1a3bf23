"""One running server for all tests of the web layer, with an account that has seen a campaign."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.plain_provider import plain_provider
from tests.server import Caller, ServerProcess
from tests.world import TEMPLATE, add_campaign, add_provider, add_template, phone
from twoticks.records.accounts import create_user
from twoticks.records.database import Database

EMAIL, PASSWORD = "ann@shop.example", "correct horse battery"
SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = "\"'><img src=x onerror=alert(2)>"
PEOPLE = 6
DESTINATION = "https://shop.example/orders"
SECRETS = {"one": "a1" * 16, "other": "b2" * 16}
VERIFY_TOKEN = "verify-me-9137"
ACCESS_TOKEN = "EAAtoken-5521-never-shown"


@dataclass(slots=True)
class World:
    """The server and what its account holds."""

    server: ServerProcess
    generic: dict[str, Any] = field(default_factory=dict)
    cloud: dict[str, Any] = field(default_factory=dict)
    """Meta's, whose app secret is `SECRETS["one"]`."""
    other_cloud: dict[str, Any] = field(default_factory=dict)
    campaign: int = 0
    references: dict[str, str] = field(default_factory=dict)
    """Our references by phone number."""
    tokens: list[str] = field(default_factory=list)
    """Of the tracked link, one for each message."""

    def blocks(self) -> int:
        """Blocks in the journal."""
        with sqlite3.connect(f"file:{self.server.data / 'records.db'}?mode=ro", uri=True) as records:
            [(count,)] = records.execute("select count(*) from journal_blocks")
        records.close()
        return int(count)

    def path(self, url: str) -> str:
        """The path of one of the server's addresses."""
        return urlsplit(url).path


def signature(body: bytes, secret: str) -> dict[str, str]:
    """Meta's header for a body."""
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@asynccontextmanager
async def records_of(server: ServerProcess) -> AsyncIterator[Database]:
    """The records beside the running server."""
    database = await Database.open(f"sqlite:///{server.data / 'records.db'}", migrate=False)
    yield database
    await database.close()


async def _add_user(server: ServerProcess) -> None:
    async with records_of(server) as database:
        await create_user(database, EMAIL, PASSWORD)


async def _fill(world: World) -> None:
    async with aiohttp.ClientSession() as session, plain_provider() as provider:
        caller = Caller(world.server, session)
        world.generic = await add_provider(caller, provider, nickname=f"plain {SCRIPT}{ATTRIBUTE}"[:100])
        world.cloud = await _add_cloud(caller, "one")
        world.other_cloud = await _add_cloud(caller, "other")
        nickname = world.generic["nickname"]
        await add_template(caller, nickname, f"order{SCRIPT}{ATTRIBUTE}")
        await add_template(caller, nickname)
        records = [
            {
                "identity": f"user-{n}" if n else f"{SCRIPT}{ATTRIBUTE}",
                "type": "profile",
                "profileData": {"Name": (SCRIPT, "=1+1", "Ann", "Bob", "Cid", "Dee")[n], "Phone": phone(n)},
            }
            for n in range(PEOPLE)
        ]
        records[1]["identity"] = "=HYPERLINK(1)"
        assert (await caller.theirs("/1/upload", {"d": records}))["processed"] == PEOPLE
        world.campaign = await add_campaign(
            caller,
            name=f"Order {SCRIPT}{ATTRIBUTE}",
            provider_nick_name=nickname,
            labels=[f"{SCRIPT}{ATTRIBUTE}"],
            conversion_goal={"event_name": "Charged", "conversion_time": "5D", "revenue_property": "Amount"},
            content={
                "message_type": "template",
                "template_name": f"order{SCRIPT}{ATTRIBUTE}",
                "locale": "en",
                "body": {"replacements": ["${Name}", DESTINATION]},
            },
        )
        await caller.stats_when(world.campaign, lambda c: c["sent"] == PEOPLE)
        for request in provider.requests:
            world.references[request["to"]] = request["msgId"]
            body = next(part for part in request["components"] if part["type"] == "body")["body"]
            world.tokens.append(body["parameters"][1]["text"].rpartition("/c/")[2])
        failed = {"code": 1009, "title": f"no {SCRIPT}{ATTRIBUTE}"}
        statuses = [
            {
                "msgId": reference,
                "status": status,
                "timestamp": "1764000000",
                **({"error": failed} if status == "failed" else {}),
            }
            for reference, status in zip(world.references.values(), ("failed", "read", "delivered"), strict=False)
        ]
        await post(session, world.generic["status_callback_url"], {"payloadVersion": "0.1", "statuses": statuses})
        await caller.stats_when(world.campaign, lambda c: c["delivered"] == 2 and c["delivery_errors"] == 1)


async def _add_cloud(caller: Caller, name: str) -> dict[str, Any]:
    settings = {
        "phone_number_id": "106540352242922",
        "access_token": ACCESS_TOKEN,
        "app_secret": SECRETS[name],
        "verify_token": VERIFY_TOKEN,
    }
    body = {"nickname": f"cloud {name}", "kind": "cloud_api", "settings": settings}
    made: dict[str, Any] = await caller.ours("POST", "/api/v1/providers", body, expect=201)
    template = {"provider": made["nickname"], "name": "order_ready", "language": "en", "components": TEMPLATE}
    await caller.ours("POST", "/api/v1/templates", template, expect=201)
    return made


async def post(
    session: aiohttp.ClientSession, url: str, body: Any, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Status and text of the answer to a POST; a value that is no bytes goes as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with session.post(
        url,
        data=io.BytesIO(data),
        headers={"content-type": "application/json", **(headers or {})},
        allow_redirects=False,
    ) as answer:
        return answer.status, await answer.text(errors="replace")


async def raw(world: World, url: str, headers: list[str], body: bytes, *, half_close: bool = False) -> bytes:
    """The beginning of the answer to a request written by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
    length = (
        []
        if any(h.split(":")[0] in ("Content-Length", "Transfer-Encoding") for h in headers)
        else [f"Content-Length: {len(body)}"]
    )
    head = "\r\n".join([f"POST {world.path(url)} HTTP/1.1", "Host: t.example", *headers, *length, "", ""])
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        if half_close:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(200), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with a key, a user, providers of two kinds, and a campaign whose texts are all hostile."""
    folder: Path = tmp_path_factory.mktemp("web") / "data"
    server = ServerProcess(folder, environ={"TWOTICKS_LOG_LEVEL": "debug"})
    server.start()
    try:
        asyncio.run(server.ready())
        server.create_key()
        asyncio.run(_add_user(server))
        built = World(server)
        asyncio.run(_fill(built))
        yield built
    finally:
        server.kill()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without cookies or credentials."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as opened:
        yield opened


@pytest.fixture
def caller(world: World, session: aiohttp.ClientSession) -> Caller:
    """A client with the account's key."""
    return Caller(world.server, session)


class Browser:
    """A person at the dashboard: keeps cookies, and sends the form token along."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def get(self, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
        """A page, without following redirects."""
        async with self.session.get(
            self.url + path, headers={"accept": "text/html", **headers}, allow_redirects=False
        ) as answer:
            return answer, await answer.text()

    async def post(self, path: str, **fields: str) -> tuple[aiohttp.ClientResponse, str]:
        """A form posted with exactly these fields."""
        async with self.session.post(
            self.url + path, data=fields, headers={"accept": "text/html"}, allow_redirects=False
        ) as answer:
            return answer, await answer.text()

    def form_token(self) -> str:
        """The token that the server set as a cookie with the last page."""
        [token] = [cookie.value for cookie in self.session.cookie_jar if "csrf" in cookie.key]
        return token

    async def sign_in(self, *, next_path: str = "") -> aiohttp.ClientResponse:
        """Open the form, fill it in, post it."""
        await self.get("/sign-in")
        answer, _ = await self.post(
            "/sign-in", email=EMAIL, password=PASSWORD, next=next_path, _csrf_token=self.form_token()
        )
        return answer


@pytest.fixture
async def person(world: World) -> AsyncIterator[Browser]:
    """A browser that nobody has signed in with yet."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as opened:
        yield Browser(world.server.url, opened)
