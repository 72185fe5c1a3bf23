"""A real server process for tests, spoken to over HTTP as a stranger would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

TWOTICKS = [sys.executable, "-m", "twoticks"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """`twoticks serve` on a folder, in a process group of its own so that it can be killed whole."""

    def __init__(self, data: Path, *, environ: dict[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.account_id = ""
        self.passcode = ""
        self.log = data.parent / f"{data.name}.log"
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TWOTICKS_")},
            "TWOTICKS_ALLOW_PRIVATE_ENDPOINTS": "true",
            **(environ or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*TWOTICKS, "serve", "--data", str(self.data), "--host", "127.0.0.1", "--port", str(self.port)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,
            )

    async def ready(self, within: float = 30) -> None:
        deadline = asyncio.get_running_loop().time() + within
        async with aiohttp.ClientSession() as session:
            while asyncio.get_running_loop().time() < deadline:
                assert self._process is not None
                assert self._process.poll() is None, self.log.read_text()
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise AssertionError(f"not ready within {within} s:\n{self.log.read_text()}")

    def create_key(self) -> None:
        done = subprocess.run(
            [*TWOTICKS, "keys", "create", "--data", str(self.data), "--name", "test", "--json"],
            check=True,
            capture_output=True,
            env=self._environ,
        )
        key = json.loads(done.stdout)
        self.account_id, self.passcode = key["account_id"], key["passcode"]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `twoticks` command on the same folder."""
        return subprocess.run(
            [*TWOTICKS, *arguments, "--data", str(self.data)],
            capture_output=True,
            text=True,
            env=self._environ,
            check=False,
        )

    def kill(self) -> None:
        """kill -9 of the whole group."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def terminate(self, within: float = 30) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(within)

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.passcode}"}

    @property
    def compatible(self) -> dict[str, str]:
        return {"x-clevertap-account-id": self.account_id, "x-clevertap-passcode": self.passcode}


class Caller:
    """JSON calls of both APIs; every answer must have the status expected."""

    def __init__(self, server: ServerProcess, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    async def ours(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        return await self._call(method, path, body, self.server.bearer, expect)

    async def theirs(self, path: str, body: Any, *, expect: int = 200) -> Any:
        return await self._call("POST", path, body, self.server.compatible, expect)

    async def _call(self, method: str, path: str, body: Any, headers: dict[str, str], expect: int) -> Any:
        async with self.session.request(method, self.server.url + path, json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == expect, f"{method} {path}: {answer.status} {text}"
            return json.loads(text) if text else None

    async def stats(self, campaign: int) -> dict[str, Any]:
        value: dict[str, Any] = await self.ours("GET", f"/api/v1/campaigns/{campaign}/stats")
        check_balance(value["counts"])
        return value

    async def completed(self, campaign: int, within: float = 60) -> None:
        """Wait until every message of the campaign has its answer."""
        deadline = asyncio.get_running_loop().time() + within
        while (await self.ours("GET", f"/api/v1/campaigns/{campaign}"))["status"] != "completed":
            assert asyncio.get_running_loop().time() < deadline, f"not completed within {within} s"
            await self.stats(campaign)
            await asyncio.sleep(0.1)

    async def stats_when(self, campaign: int, met: Any, within: float = 30) -> dict[str, Any]:
        """The first stats whose counts meet a condition; both equations are checked at every look."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            value = await self.stats(campaign)
            if met(value["counts"]):
                return value
            assert asyncio.get_running_loop().time() < deadline, f"not met within {within} s: {value['counts']}"
            await asyncio.sleep(0.1)


def check_balance(counts: dict[str, int]) -> None:
    """Both equations of the product hold."""
    assert counts["qualified"] == sum(
        counts[part] for part in ("control", "waiting", "not_attempted", "refused", "unknown", "sent")
    ), counts
    assert counts["sent"] == counts["delivered"] + counts["delivery_errors"] + counts["pending"], counts


@contextlib.asynccontextmanager
async def running_server(data: Path, **environ: str) -> AsyncIterator[Caller]:
    """A started server with a key, and a caller for it; killed at the end."""
    server = ServerProcess(data, environ=environ)
    server.start()
    try:
        await server.ready()
        server.create_key()
        async with aiohttp.ClientSession() as session:
            yield Caller(server, session)
    finally:
        server.kill()
