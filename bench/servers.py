"""The servers that benchmarks talk to, each alone in a process pinned to given cores.

`noop` reads the body and answers 200; `door` is the product without its background work: callbacks are verified and
made durable, nothing else; `whole` is all of `twoticks serve`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from twoticks.jobs.assembly import open_runtime
from twoticks.jobs.runtime import Runtime
from twoticks.records.accounts import create_key
from twoticks.records.tables import CampaignRow, TemplateRow
from twoticks.settings import Settings
from twoticks.web.app import App
from twoticks.web.server import make_server, settle_memory

APP_SECRET = "bench-app-secret"
MEMBERS = 200_000


async def noop(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def serve(kind: str, port: int, data: Path) -> None:
    settings = Settings(data=data, port=port, log_level="error", allow_private_endpoints=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runtime = None
    if kind == "noop":
        server = make_server(noop, settings)
    else:
        runtime = await open_runtime(settings)
        provider = await runtime.directory.create(
            "bench",
            "cloud_api",
            {"phone_number_id": "1", "access_token": "t", "app_secret": APP_SECRET, "verify_token": "v"},
        )
        path = runtime.directory.urls(provider)["status_callback_url"].split(str(port), 1)[1]
        await publish_campaign(runtime, provider.id)
        _, passcode = await create_key(runtime.database, "bench")
        facts = {"path": path, "passcode": passcode, "tag": runtime.account.tag}
        (data / "bench.json").write_text(json.dumps(facts))
        server = make_server(App(runtime), settings)
        if kind == "whole":
            await runtime.start()
    settle_memory()
    serving = asyncio.create_task(server.serve())
    await stop.wait()
    server.stop()
    await serving
    if runtime is not None:
        await runtime.close()


async def publish_campaign(runtime: Runtime, provider: int) -> None:
    """Campaign 1 with MEMBERS targets, as if it had been sent: what callbacks can be about."""
    now = datetime.now(UTC)
    async with runtime.database.transaction() as session:
        session.add(TemplateRow(id=1, provider_id=provider, name="t", language="en", components=[], created_at=now))
        await session.flush()
        session.add(
            CampaignRow(
                id=1,
                name="bench",
                status="completed",
                provider_id=provider,
                template_id=1,
                content={},
                audience={"segment": "all"},
                control_percentage=0,
                labels=[],
                source="api",
                qualified=MEMBERS,
                created_at=now,
                started_at=now,
                completed_at=now,
            )
        )
    await runtime.facts.command(
        """insert into members
           select 1, number, toString(number), '', 'target', '', 0, now64(3) from numbers({n:UInt32})""",
        {"n": MEMBERS},
    )


@dataclass
class Running:
    port: int
    data: Path
    pid: int

    @property
    def known(self) -> dict[str, str]:
        """What the server wrote down for its client: callback path, passcode, reference tag."""
        found: dict[str, str] = json.loads((self.data / "bench.json").read_text())
        return found


@contextlib.contextmanager
def running(kind: str, cores: set[int]) -> Iterator[Running]:
    """A server of `kind` on these cores, on a fresh data folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.servers", kind, str(port), folder, ",".join(map(str, cores))]
        )
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if process.poll() is not None:
                    raise SystemExit(f"the {kind} server did not start")
                time.sleep(0.05)
            yield Running(port, Path(folder), process.pid)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(core) for core in sys.argv[4].split(",")})
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
