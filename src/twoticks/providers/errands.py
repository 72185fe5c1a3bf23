"""Errands that the simulator runs over HTTP: callbacks posted until they are taken, and visits to links."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import structlog

log = structlog.get_logger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=20)
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 15.0


@dataclass(frozen=True, slots=True)
class Errand:
    """One HTTP request; with `attempts` above 1 it is repeated until a 2xx answer comes."""

    name: str
    """What it counts as."""
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    attempts: int = 1


class Runners:
    """A fixed number of tasks that run errands; `send` waits while all are busy and enough are in line."""

    def __init__(self, number: int, counts: Counter[str]) -> None:
        self._number = number
        self._counts = counts
        self._line: asyncio.Queue[Errand] = asyncio.Queue(maxsize=number * 2)
        self._tasks: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self.open = 0
        """Errands that were sent and are not yet done."""

    async def start(self) -> None:
        """Open the session and set the runners to work."""
        # A shopper's phone keeps no cookie of ours, and asks for nothing compressed that we would throw away.
        self._session = aiohttp.ClientSession(
            timeout=TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=self._number),
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )
        self._tasks = [asyncio.create_task(self._run(self._session)) for _ in range(self._number)]

    async def stop(self) -> None:
        """Drop everything that waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def send(self, errand: Errand) -> None:
        """Put an errand in line."""
        self.open += 1
        await self._line.put(errand)

    async def _run(self, session: aiohttp.ClientSession) -> None:
        while True:
            errand = await self._line.get()
            try:
                await self._insist(session, errand)
            finally:
                self.open -= 1

    async def _insist(self, session: aiohttp.ClientSession, errand: Errand) -> None:
        pause = FIRST_PAUSE_S
        for attempt in range(1, errand.attempts + 1):
            status, asked = await _request(session, errand)
            if 200 <= status < 400:
                self._counts[errand.name] += 1
                return
            if attempt < errand.attempts:
                self._counts[f"{errand.name}_repeated"] += 1
                await asyncio.sleep(min(max(pause, asked), LONGEST_PAUSE_S))
                pause *= 2
        self._counts[f"{errand.name}_lost"] += 1
        if errand.attempts > 1:
            log.warning("errand_lost", errand=errand.name, attempts=errand.attempts)


async def _request(session: aiohttp.ClientSession, errand: Errand) -> tuple[int, float]:
    """The status of one try (0 when none came), and the seconds to wait that the receiver asked for."""
    with suppress(aiohttp.ClientError, TimeoutError, ValueError):
        async with session.request(
            errand.method, errand.url, headers=errand.headers, data=errand.body or None, allow_redirects=False
        ) as response:
            await response.read()
            asked = response.headers.get("Retry-After", "")
            return response.status, float(asked) if asked.isdigit() else 0.0
    return 0, 0.0
