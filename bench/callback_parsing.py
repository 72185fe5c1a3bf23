"""Statuses per second that Meta's callbacks are parsed at, by batch size, on one core."""

from __future__ import annotations

import json
import time

from twoticks.providers.meta_callbacks import parse, parse_tolerant


def body(statuses: int) -> bytes:
    """A callback as Meta sends it, with contacts, conversation and pricing."""
    items = [
        {
            "id": f"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUFERjg0NDEzNDdFODU3{n:08d}",
            "status": ("sent", "delivered", "read")[n % 3],
            "timestamp": str(1750030073 + n),
            "recipient_id": "16505551234",
            "recipient_user_id": "US.13491208655302741918",
            "conversation": {
                "id": "72b14d6bd5407799e66f64d1b338e567",
                "expiration_timestamp": "1750116480",
                "origin": {"type": "marketing"},
            },
            "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
            "biz_opaque_callback_data": f"{n}|4a|k3x9|{n}",
        }
        for n in range(statuses)
    ]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
        "statuses": items,
    }
    entry = [{"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}, separators=(",", ":")).encode()


def rate(parser: object, raw: bytes, statuses: int) -> float:
    """Statuses per second, best of five runs of about 50,000 statuses."""
    best = 0.0
    for _ in range(5):
        rounds = max(1, 50_000 // statuses)
        began = time.process_time()
        for _ in range(rounds):
            parser(raw)  # type: ignore[operator]
        best = max(best, rounds * statuses / (time.process_time() - began))
    return best


if __name__ == "__main__":
    for count in (1, 10, 100, 1000):
        raw = body(count)
        fast, slow = rate(parse, raw, count), rate(parse_tolerant, raw, count)
        print(f"{count:5} statuses per body: {fast:10,.0f}/s, tolerant path {slow:10,.0f}/s, ratio {fast / slow:.1f}")
