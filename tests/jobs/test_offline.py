"""A command beside a server asks it; without one it opens the folder itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from twoticks.errors import TwoticksError, Unavailable
from twoticks.jobs import maintenance
from twoticks.jobs.offline import SERVER_FILE, announced, open_database, with_server_or_folder
from twoticks.jobs.runtime import Runtime
from twoticks.records.accounts import check_key, create_key, ensure_account, list_keys
from twoticks.settings import Settings


class Standing:
    """Something that listens at a server's address and answers `reply` to any POST."""

    def __init__(self, reply: web.Response) -> None:
        self.reply = reply
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"status": "ok"})
        self.asked.append((request.path, dict(request.query), request.headers["authorization"].removeprefix("Bearer ")))
        return self.reply


@asynccontextmanager
async def standing(folder: Settings, reply: web.Response) -> AsyncIterator[Standing]:
    server = Standing(reply)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", folder.port)
    await site.start()
    try:
        yield server
    finally:
        await runner.cleanup()


async def in_folder(runtime: Runtime, **arguments: Any) -> dict[str, Any]:
    return {"folder": runtime.settings.data.name, **arguments}


async def never(runtime: Runtime, **arguments: Any) -> dict[str, Any]:
    raise AssertionError("the folder must not be opened beside a running server")


@pytest.fixture
async def account(records_only: Settings) -> None:
    async with open_database(records_only) as database:
        await ensure_account(database, records_only)


async def test_without_a_server_the_folder_is_opened(folder: Settings) -> None:
    done = await with_server_or_folder(folder, "replay", in_folder, since_block=3)
    assert done == {"folder": folder.data.name, "since_block": 3}


async def test_the_folder_is_closed_again_when_the_work_fails(folder: Settings) -> None:
    async def fails(runtime: Runtime) -> dict[str, Any]:
        raise Unavailable("no")

    with pytest.raises(Unavailable):
        await with_server_or_folder(folder, "verify", fails)
    assert await with_server_or_folder(folder, "verify", maintenance.verify) == {"mismatches": []}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"http"', '{"url": "http://127.0.0.1:1"}', '{"url": 5}'])
async def test_a_server_that_is_gone_or_cannot_be_read_is_none(folder: Settings, text: str) -> None:
    (folder.data / SERVER_FILE).write_text(text)
    assert "folder" in await with_server_or_folder(folder, "verify", in_folder)


async def test_the_data_folder_says_where_its_server_listens_while_it_does(records_only: Settings) -> None:
    file = records_only.data / SERVER_FILE
    with announced(records_only):
        assert json.loads(file.read_text()) == {"url": f"http://127.0.0.1:{records_only.port}"}
    assert not file.exists()


@pytest.mark.usefixtures("account")
async def test_a_running_server_is_asked_with_a_key_that_ends_with_the_command(records_only: Settings) -> None:
    async with standing(records_only, web.json_response({"facts": 7})) as server:
        with announced(records_only):
            assert await with_server_or_folder(records_only, "rebuild", never, since_block=2) == {"facts": 7}
    [(path, query, passcode)] = server.asked
    assert (path, query) == ("/api/v1/maintenance/rebuild", {"since_block": "2"})
    async with open_database(records_only) as database:
        assert await check_key(database, passcode) is None
        assert [key.revoked_at is not None for key in await list_keys(database)] == [True]


@pytest.mark.usefixtures("account")
async def test_the_servers_refusal_is_told_in_its_words(records_only: Settings) -> None:
    reply = web.json_response({"error": {"message": "not now", "hint": "later"}}, status=503)
    async with standing(records_only, reply):
        with announced(records_only), pytest.raises(TwoticksError, match="not now") as caught:
            await with_server_or_folder(records_only, "verify", never)
    assert caught.value.hint == "later"


@pytest.mark.usefixtures("account")
async def test_an_answer_that_is_no_json_is_told(records_only: Settings) -> None:
    async with standing(records_only, web.Response(text="<html>bad gateway</html>", status=502)):
        with announced(records_only), pytest.raises(Unavailable, match="did not answer"):
            await with_server_or_folder(records_only, "verify", never)


@pytest.mark.usefixtures("account")
async def test_a_strange_server_on_a_dead_ones_port_is_not_ours(folder: Settings) -> None:
    async with standing(folder, web.json_response({"error": {"message": "no valid passcode"}}, status=401)):
        with announced(folder):
            assert "folder" in await with_server_or_folder(folder, "verify", in_folder)


async def test_the_records_may_be_opened_while_a_server_has_them(runtime: Runtime) -> None:
    async with open_database(runtime.settings) as beside:
        _, passcode = await create_key(beside, "beside")
    assert await check_key(runtime.database, passcode) is not None
