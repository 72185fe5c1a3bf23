"""Messages a second from one worker to a local HTTP provider, against bare aiohttp posting the same bodies."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from twoticks.jobs.assembly import open_runtime
from twoticks.jobs.runtime import Runtime
from twoticks.records.tables import CampaignRow, Chunk, TemplateRow
from twoticks.settings import Settings

MESSAGES = 20_000
CONCURRENCY = 100
ANSWER = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"status":"success"}'


class _Provider(asyncio.Protocol):
    """Reads a whole request, counts it, says success."""

    taken: Synchronized[int]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self.buffer) >= end + 4 + length:
            self.buffer = b""
            self.taken.value += 1
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


def provide(port: Synchronized[int], taken: Synchronized[int]) -> None:
    async def work() -> None:
        _Provider.taken = taken
        server = await asyncio.get_running_loop().create_server(_Provider, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    os.sched_setaffinity(0, {1})
    uvloop.run(work())


async def plan(runtime: Runtime, provider: int) -> None:
    now = datetime.now(UTC)
    components = [{"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": [["Ann"]]}}]
    await runtime.facts.command(
        """insert into profiles (identity, phone, opted_out, texts, numbers, flags, version, erased)
           select leftPad(toString(number), 8, '0'), concat('+9198', leftPad(toString(number), 8, '0')), false,
                  map('Name', concat('User ', toString(number))), map(), map(), 1, false
           from numbers({n:UInt32})""",
        {"n": MESSAGES},
    )
    await runtime.facts.command(
        """insert into members
           select 1, number, leftPad(toString(number), 8, '0'), concat('+9198', leftPad(toString(number), 8, '0')),
                  'target', '', 0, now64(3)
           from numbers({n:UInt32})""",
        {"n": MESSAGES},
    )
    async with runtime.database.transaction() as session:
        session.add(
            TemplateRow(id=1, provider_id=provider, name="t", language="en", components=components, created_at=now)
        )
        await session.flush()
        session.add(
            CampaignRow(
                id=1,
                name="bench",
                status="running",
                provider_id=provider,
                template_id=1,
                content={"message_type": "template", "template_name": "t", "body": {"replacements": ["${Name}"]}},
                audience={"segment": "all"},
                control_percentage=0,
                labels=[],
                source="api",
                qualified=MESSAGES,
                created_at=now,
                started_at=now,
                deadline=now + timedelta(hours=1),
            )
        )
        await session.flush()
        for first in range(0, MESSAGES, 500):
            session.add(Chunk(campaign_id=1, first_seq=first, last_seq=first + 499, state="ready", fence=0))


async def product(folder: Path, port: int, taken: Synchronized[int]) -> float:
    """Everything of a worker: leases, rendering, attempts and answers journaled, the drain beside it."""
    runtime = await open_runtime(Settings(data=folder, log_level="error", allow_private_endpoints=True))
    settings = {
        "endpoint": f"http://127.0.0.1:{port}/send",
        "waba_number": "919999999999",
        "rate_per_second": 100_000,
        "max_concurrent_requests": CONCURRENCY,
    }
    provider = await runtime.directory.create("bench", "generic", settings)
    await plan(runtime, provider.id)
    await runtime.start()
    while taken.value == 0:
        await asyncio.sleep(0.01)
    began, before = time.perf_counter(), taken.value
    while taken.value < MESSAGES:
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - began
    await runtime.stop()
    await runtime.close()
    return (MESSAGES - before) / seconds


async def bare(port: int) -> float:
    """aiohttp alone, the same number of requests on their way."""
    body = b'{"payloadVersion":0.1,"to":"919800000000","isTemplate":true,"msgId":"1|1|t|1","components":[]}'
    left = iter(range(MESSAGES))
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post() -> None:
            for _ in left:
                async with session.post(f"http://127.0.0.1:{port}/send", data=body) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(CONCURRENCY)))
        return MESSAGES / (time.perf_counter() - began)


def main() -> None:
    port: Any = multiprocessing.Value("i", 0)
    taken: Any = multiprocessing.Value("i", 0)
    provider = multiprocessing.Process(target=provide, args=(port, taken), daemon=True)
    provider.start()
    while not port.value:
        time.sleep(0.01)
    os.sched_setaffinity(0, {0})
    alone = uvloop.run(bare(port.value))
    taken.value = 0
    with tempfile.TemporaryDirectory() as folder:
        ours = uvloop.run(product(Path(folder), port.value, taken))
    print(f"{ours:,.0f} messages/s from one worker on one core; bare aiohttp {alone:,.0f}/s: {ours / alone:.0%}")
    with contextlib.suppress(Exception):
        provider.terminate()


if __name__ == "__main__":
    main()
