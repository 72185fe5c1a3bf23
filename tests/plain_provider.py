"""A WhatsApp provider that speaks the generic contract, written from the contract alone: it shares no code with us."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

USER, PASSWORD = "tester", "s3cret-passw0rd"


@dataclass
class PlainProvider:
    """Answers each number as `behave(number)` says: ok, failure, throttle, late or error."""

    behave: Callable[[str], str] = lambda _: "ok"
    late_seconds: float = 2.5
    requests: list[dict[str, Any]] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    """How often each number was accepted (a late answer is an acceptance)."""
    refused: Counter[str] = field(default_factory=Counter)
    before_answer: Callable[[dict[str, Any]], Any] | None = None
    """Awaited with the request before it is answered: a callback may overtake the answer."""
    url: str = ""
    _throttled: set[str] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.Response:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return web.json_response({"status": "failure", "error": {"code": 2000, "message": "Invalid Credentials"}})
        body = json.loads(await request.read())
        number = body["to"]
        how = self.behave(number)
        if how == "throttle" and number not in self._throttled:
            self._throttled.add(number)
            return web.json_response({"message": "Too many requests to process"}, status=429)
        self.requests.append(body)
        if how == "failure":
            self.refused[number] += 1
            error = {"code": 2002, "message": "Invalid phone number"}
            return web.json_response({"status": "failure", "error": error})
        if how == "error":
            self.refused[number] += 1
            error = {"message": "Unable to process the request"}
            return web.json_response({"status": "failure", "error": error}, status=500)
        self.accepted[number] += 1
        if self.before_answer is not None:
            await self.before_answer(body)
        if how == "late":
            await asyncio.sleep(self.late_seconds)
        return web.json_response({"status": "success"})


@asynccontextmanager
async def plain_provider(**settings: Any) -> AsyncIterator[PlainProvider]:
    """The provider, listening on loopback."""
    provider = PlainProvider(**settings)
    application = web.Application()
    application.router.add_post("/send", provider.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]
    provider.url = f"http://127.0.0.1:{port}/send"
    try:
        yield provider
    finally:
        await runner.cleanup()
