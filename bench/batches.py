"""Callbacks of 1,000 statuses each, from the socket to the tallies, on two cores."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.request

from bench.load import load, post
from bench.servers import APP_SECRET, MEMBERS, Running, running

PER_BODY = 1000
KINDS = ("sent", "delivered", "read")


def bodies(tag: str) -> list[bytes]:
    """Every message's three statuses, in bodies of 1,000."""
    now = int(time.time())
    made = []
    for kind in KINDS:
        for first in range(0, MEMBERS, PER_BODY):
            statuses = [
                {
                    "id": f"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQ{seq:020d}",
                    "status": kind,
                    "timestamp": str(now),
                    "recipient_id": "16505551234",
                    "biz_opaque_callback_data": f"{seq}|1|{tag}|{seq}",
                    "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
                }
                for seq in range(first, first + PER_BODY)
            ]
            value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"}, "statuses": statuses}
            entry = {"id": "1", "changes": [{"value": value, "field": "messages"}]}
            made.append(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())
    return made


def counted(server: Running, passcode: str) -> int:
    url = f"http://127.0.0.1:{server.port}/api/v1/campaigns/1/stats"
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {passcode}"})
    with urllib.request.urlopen(request) as answer:
        counts = json.load(answer)["counts"]
    return int(counts["delivered_confirmed"]) + int(counts["viewed"])


def main() -> None:
    with running("whole", {0, 1}) as server:
        known = server.known
        requests = []
        for body in bodies(known["tag"]):
            digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
            requests.append(post(known["path"], body, {"x-hub-signature-256": f"sha256={digest}"}))
        total = len(requests) * PER_BODY
        pending = iter(requests)
        done = threading.Event()

        def next_request() -> bytes:
            try:
                return next(pending)
            except StopIteration:
                done.set()
                return post("/callbacks/0/x/status", b"", {})

        began = time.perf_counter()
        sender = threading.Thread(
            target=lambda: load("127.0.0.1", server.port, next_request, connections=4, seconds=60, until=done.is_set)
        )
        sender.start()
        while counted(server, known["passcode"]) < 2 * MEMBERS:
            time.sleep(0.1)
            if time.perf_counter() - began > 120:
                raise SystemExit("the tallies never got there")
        seconds = time.perf_counter() - began
        done.set()
        sender.join()
    print(f"{total:,} statuses in bodies of {PER_BODY:,}: {seconds:.1f} s, {total / seconds:,.0f} statuses/s")


if __name__ == "__main__":
    main()
