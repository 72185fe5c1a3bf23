"""A load generator on raw sockets: light enough that the server, not the client, is what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop


@dataclass
class Result:
    """What a run saw; latencies in seconds."""

    seconds: float = 0.0
    answers: int = 0
    others: int = 0
    """Answers that were not 200."""
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class _Connection(asyncio.Protocol):
    """Asks, waits for the answer (which must have a Content-Length), asks again."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.buffer = b""
        self.sent_at = 0.0
        self.due_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.run.ready(self)

    def ask(self, due_at: float | None = None) -> None:
        assert self.transport is not None
        self.sent_at = due_at or time.perf_counter()
        self.transport.write(self.run.next_request())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        self.buffer = b""
        self.run.answered(self, head[9:12] == b"200")


class _Run:
    def __init__(
        self, requests: Callable[[], bytes], seconds: float, rate: float | None, until: Callable[[], bool] | None
    ) -> None:
        self.until = until
        self.next_request = requests
        self.result = Result()
        self.rate = rate
        self.ends = 0.0
        self.seconds = seconds
        self.idle: list[_Connection] = []
        self.queue = 0
        self.due: list[float] = []

    def ready(self, connection: _Connection) -> None:
        self.idle.append(connection)

    def answered(self, connection: _Connection, good: bool) -> None:
        now = time.perf_counter()
        self.result.latencies.append(now - connection.sent_at)
        if good:
            self.result.answers += 1
        else:
            self.result.others += 1
        if now >= self.ends or (self.until is not None and self.until()):
            return
        if self.rate is None:
            connection.ask()
        elif self.due:
            connection.ask(self.due.pop(0))
        else:
            self.idle.append(connection)

    async def go(self) -> Result:
        began = time.perf_counter()
        self.ends = began + self.seconds
        if self.rate is None:
            for connection in self.idle:
                connection.ask()
            while time.perf_counter() < self.ends and not (self.until is not None and self.until()):
                await asyncio.sleep(0.05)
        else:
            await self._paced(began)
        self.result.seconds = time.perf_counter() - began
        await asyncio.sleep(0.3)
        return self.result

    async def _paced(self, began: float) -> None:
        """An open loop: requests are due by the clock, and a late one counts its waiting too."""
        assert self.rate is not None
        made = 0
        while (now := time.perf_counter()) < self.ends:
            while made < (now - began) * self.rate:
                due = began + made / self.rate
                made += 1
                if self.idle:
                    self.idle.pop().ask(due)
                else:
                    self.due.append(due)
            await asyncio.sleep(0.001)


def load(
    host: str,
    port: int,
    requests: Callable[[], bytes],
    *,
    connections: int,
    seconds: float,
    rate: float | None = None,
    until: Callable[[], bool] | None = None,
) -> Result:
    """Keep `connections` busy for `seconds` or `until` says so, or offer `rate` requests a second over them."""

    async def work() -> Result:
        run = _Run(requests, seconds, rate, until)
        loop = asyncio.get_running_loop()
        opened = [await loop.create_connection(lambda: _Connection(run), host, port) for _ in range(connections)]
        result = await run.go()
        for transport, _ in opened:
            transport.close()
        return result

    return uvloop.run(work())


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: bench", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
