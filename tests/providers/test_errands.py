from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from twoticks.providers.errands import Errand, Runners


@asynccontextmanager
async def listener(*answers: web.Response) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that gives these answers in turn, then 200, and the requests that it saw."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        return answers[len(seen) - 1] if len(seen) <= len(answers) else web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    await runner.cleanup()


async def run(*errands: Errand) -> Counter[str]:
    counts: Counter[str] = Counter()
    runners = Runners(2, counts)
    await runners.start()
    for errand in errands:
        await runners.send(errand)
    while runners.open:
        await asyncio.sleep(0.01)
    await runners.stop()
    return counts


async def test_a_visit_follows_no_redirect() -> None:
    async with listener(web.Response(status=302, headers={"Location": "/away"})) as (url, seen):
        counts = await run(Errand("clicks", "GET", url + "/c/token"))
    assert [request.path for request in seen] == ["/c/token"]
    assert counts == {"clicks": 1}


async def test_a_visit_is_not_repeated() -> None:
    async with listener(web.Response(status=404)) as (url, seen):
        counts = await run(Errand("clicks", "GET", url + "/c/token"))
    assert len(seen) == 1
    assert counts == {"clicks_lost": 1}


async def test_a_visitor_says_only_what_its_headers_say() -> None:
    async with listener() as (url, seen):
        await run(Errand("clicks", "GET", url, {"User-Agent": "Mozilla/5.0"}), Errand("clicks", "GET", url))
    agents = {request.headers.get("User-Agent") for request in seen}
    assert agents == {"Mozilla/5.0", None}
    assert all("Cookie" not in request.headers for request in seen)


async def test_a_callback_is_repeated_with_the_same_body() -> None:
    async with listener(web.Response(status=503), web.Response(status=500)) as (url, seen):
        counts = await run(Errand("callbacks", "POST", url, body=b"{}", attempts=5))
    assert len(seen) == 3
    assert counts == {"callbacks": 1, "callbacks_repeated": 2}


async def test_a_receiver_that_is_not_there_is_counted() -> None:
    async with listener() as (url, _):
        pass
    assert await run(Errand("callbacks", "POST", url, attempts=2)) == {"callbacks_repeated": 1, "callbacks_lost": 1}
