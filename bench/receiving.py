"""Signed single-status callbacks, durable, on one core, against a raw ASGI no-op on the same server."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
from collections.abc import Callable

from bench.load import load, post
from bench.servers import APP_SECRET, Running, running

SECONDS = 6.0
SERVER, CLIENT = {0}, {1}


def callback(number: int, tag: str) -> bytes:
    """One status as Meta sends it."""
    status = {
        "id": f"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQ{number:020d}",
        "status": "delivered",
        "timestamp": "1750030073",
        "recipient_id": "16505551234",
        "biz_opaque_callback_data": f"{number}|1|{tag}|{number}",
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "1"},
        "statuses": [status],
    }
    change = {"value": value, "field": "messages"}
    entry = {"id": "102290129340398", "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signed(body: bytes) -> dict[str, str]:
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}


def requests(path: str, tag: str = "none", count: int = 5000) -> Callable[[], bytes]:
    bodies = [callback(number, tag) for number in range(count)]
    return itertools.cycle([post(path, body, signed(body)) for body in bodies]).__next__


def known_requests(server: Running) -> Callable[[], bytes]:
    return requests(server.known["path"], server.known["tag"])


def main() -> None:
    os.sched_setaffinity(0, CLIENT)
    rates: dict[tuple[str, int], float] = {}
    for connections in (64, 256):
        for kind in ("noop", "door"):
            with running(kind, SERVER) as server:
                made = requests("/callbacks/0/x/status") if kind == "noop" else known_requests(server)
                load("127.0.0.1", server.port, made, connections=connections, seconds=1.0)
                result = load("127.0.0.1", server.port, made, connections=connections, seconds=SECONDS)
                assert result.others == 0, f"{result.others} answers were not 200"
                rates[kind, connections] = result.rate
        ratio = rates["door", connections] / rates["noop", connections]
        print(
            f"{connections:>3} connections: {rates['door', connections]:>7,.0f}/s signed and durable, "
            f"{rates['noop', connections]:>7,.0f}/s no-op: {ratio:.0%}",
            flush=True,
        )
    for kind in ("door", "whole"):
        with running(kind, SERVER) as server:
            made = known_requests(server)
            load("127.0.0.1", server.port, made, connections=64, seconds=1.0)
            result = load("127.0.0.1", server.port, made, connections=256, seconds=SECONDS * 2, rate=4000)
            print(
                f"4,000/s offered to the {kind} server: {result.rate:,.0f}/s answered, median "
                f"{result.percentile(0.5) * 1000:.1f} ms, p99 {result.percentile(0.99) * 1000:.1f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main()
