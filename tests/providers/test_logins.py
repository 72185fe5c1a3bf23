"""Adapters that log in: one login at a time, one more try for a refused token, and never a message twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.provider_contract import adapter_of, message
from twoticks.providers import logins
from twoticks.providers.base import LogsIn, SendError
from twoticks.providers.registry import KINDS
from twoticks.providers.transport import Transport
from twoticks.vocabulary import ErrorKind


class Remote:
    """A provider with a login: only the newest token is good."""

    def __init__(self) -> None:
        self.logins = 0
        self.tokens: list[str] = []
        """The tokens that sends came with."""
        self.taken = 0
        self.deny = False
        self.login_status = 201
        self.login_seconds = 0.0
        self.url = ""

    async def login(self, request: web.Request) -> web.Response:
        self.logins += 1
        number = self.logins
        assert await request.json() == {"username": "shop", "password": "r0ute-pa55"}
        assert "authorization" not in request.headers
        await asyncio.sleep(self.login_seconds)
        return web.json_response({"JWTAUTH": f"t{number}"}, status=self.login_status)

    async def send(self, request: web.Request) -> web.Response:
        token = request.headers["authorization"]
        self.tokens.append(token)
        if self.deny or token != f"t{self.logins}":
            return web.json_response({"status": "failed", "reason": "jwt token expired"}, status=401)
        self.taken += 1
        return web.json_response({"status": "processing", "request_id": f"r{self.taken}"}, status=202)


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    """The running remote side of a Route Mobile provider."""
    one = Remote()
    app = web.Application()
    app.router.add_post("/auth/v1/login/", one.login)
    app.router.add_post("/wba/v1/messages", one.send)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


def _adapter(remote: Remote) -> Any:
    return adapter_of("route_mobile", api_url=remote.url)


async def test_first_send_logs_in(remote: Remote, transport: Transport) -> None:
    accepted = await transport.send(_adapter(remote), message(), timeout=5)
    assert (accepted.message_id, remote.logins, remote.tokens) == ("r1", 1, ["t1"])


async def test_token_is_kept(remote: Remote, transport: Transport) -> None:
    adapter = _adapter(remote)
    for _ in range(3):
        await transport.send(adapter, message(), timeout=5)
    assert (remote.logins, remote.taken) == (1, 3)


async def test_many_first_sends_share_one_login(remote: Remote, transport: Transport) -> None:
    adapter = _adapter(remote)
    remote.login_seconds = 0.05
    await asyncio.gather(*(transport.send(adapter, message(), timeout=5) for _ in range(20)))
    assert (remote.logins, remote.taken) == (1, 20)


async def test_refused_token_is_replaced_and_the_message_sent_again(remote: Remote, transport: Transport) -> None:
    adapter = _adapter(remote)
    adapter.token = "old"
    accepted = await transport.send(adapter, message(), timeout=5)
    assert (accepted.message_id, remote.tokens, remote.taken) == ("r1", ["old", "t1"], 1)


async def test_many_refused_sends_share_one_login(remote: Remote, transport: Transport) -> None:
    adapter = _adapter(remote)
    adapter.token = "old"
    await asyncio.gather(*(transport.send(adapter, message(), timeout=5) for _ in range(20)))
    assert (remote.logins, remote.taken) == (1, 20)


async def test_token_that_is_refused_at_once_ends_the_matter(remote: Remote, transport: Transport) -> None:
    adapter = _adapter(remote)
    remote.deny = True
    with pytest.raises(SendError) as caught:
        await transport.send(adapter, message(), timeout=5)
    error = caught.value
    assert (error.kind, error.permanent, error.unknown) == (ErrorKind.AUTHENTICATION, True, False)
    assert (remote.logins, len(remote.tokens)) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_login_is_our_credentials(remote: Remote, transport: Transport, status: int) -> None:
    remote.login_status = status
    with pytest.raises(SendError) as caught:
        await transport.send(_adapter(remote), message(), timeout=5)
    error = caught.value
    assert (error.kind, error.code, error.permanent) == (ErrorKind.AUTHENTICATION, f"login_{status}", True)
    assert remote.tokens == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_login_that_gives_no_token_may_be_tried_again(remote: Remote, transport: Transport, status: int) -> None:
    remote.login_status = status
    with pytest.raises(SendError) as caught:
        await transport.send(_adapter(remote), message(), timeout=5)
    error = caught.value
    assert (error.kind, error.permanent, error.unknown) == (ErrorKind.UNAVAILABLE, False, False)
    assert error.retry_after == 5.0


async def test_login_that_takes_too_long_leaves_nothing_open(remote: Remote, transport: Transport) -> None:
    remote.login_seconds = 1.0
    with pytest.raises(SendError) as caught:
        await transport.send(_adapter(remote), message(), timeout=0.05)
    error = caught.value
    assert (error.kind, error.unknown, error.permanent) == (ErrorKind.UNAVAILABLE, False, False)
    assert error.retry_after == logins.RETRY_SECONDS
    assert remote.tokens == []


async def test_nobody_knocks_again_right_after_a_failed_login(remote: Remote, transport: Transport) -> None:
    adapter = _adapter(remote)
    remote.login_status = 403
    answers = await asyncio.gather(
        *(transport.send(adapter, message(), timeout=5) for _ in range(10)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [SendError] * 10
    assert len({id(answer) for answer in answers}) == 10
    assert remote.logins == 1
    remote.login_status = 201
    transport._logins._doors[adapter].shut_until = 0.0
    await transport.send(adapter, message(), timeout=5)
    assert remote.logins == 2


async def test_only_adapters_that_log_in_are_asked_to(transport: Transport) -> None:
    assert [kind for kind in sorted(KINDS) if isinstance(adapter_of(kind), LogsIn)] == ["route_mobile"]
