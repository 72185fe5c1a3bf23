"""An account for tests, filled in through the public API."""

from __future__ import annotations

from typing import Any

from tests.plain_provider import PASSWORD, USER, PlainProvider
from tests.server import Caller

EXAMPLE = {"body_text": [["Ann", "https://x.example"]]}
TEMPLATE = [
    {"type": "BODY", "text": "Hi {{1}}, your order is ready: {{2}}", "example": EXAMPLE},
    {"type": "FOOTER", "text": "Reply STOP to opt out"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]},
]


def phone(n: int) -> str:
    """A valid Indian mobile number."""
    return f"+9198{n:08d}"


async def add_provider(
    caller: Caller, provider: PlainProvider, nickname: str = "plain", **extra: Any
) -> dict[str, Any]:
    settings = {
        "endpoint": provider.url,
        "waba_number": "919999999999",
        "auth": {"basic": {"username": USER, "password": PASSWORD}},
        **extra,
    }
    body = {"nickname": nickname, "kind": "generic", "settings": settings}
    made: dict[str, Any] = await caller.ours("POST", "/api/v1/providers", body, expect=201)
    return made


async def add_template(caller: Caller, provider: str = "plain", name: str = "order_ready") -> None:
    body = {"provider": provider, "name": name, "language": "en", "components": TEMPLATE}
    await caller.ours("POST", "/api/v1/templates", body, expect=201)


async def add_people(caller: Caller, count: int, **extra: Any) -> None:
    for start in range(0, count, 1000):
        records = [
            {
                "identity": f"user-{n:06d}",
                "type": "profile",
                "profileData": {"Name": f"User {n}", "Phone": phone(n), "City": ("Pune", "Delhi")[n % 2], **extra},
            }
            for n in range(start, min(start + 1000, count))
        ]
        answer = await caller.theirs("/1/upload", {"d": records})
        assert answer == {"status": "success", "processed": len(records), "unprocessed": []}


async def add_campaign(caller: Caller, **changes: Any) -> int:
    body: dict[str, Any] = {
        "name": "Order ready",
        "target_mode": "whatsapp",
        "provider_nick_name": "plain",
        "segment": "all",
        "content": {
            "message_type": "template",
            "template_name": "order_ready",
            "locale": "en",
            "body": {"replacements": ["${Name}", "https://shop.example/orders"]},
        },
        "when": "now",
        **changes,
    }
    answer = await caller.theirs("/1/targets/create.json", body)
    assert answer["status"] == "success"
    campaign: int = answer["id"]
    return campaign
