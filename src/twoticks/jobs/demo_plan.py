"""What the demo sets up: the provider and how it behaves, three templates, three campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twoticks.jobs.demo_world import BIG_CITIES

PROVIDER = "Sandbox"
SHOP = "https://shop.example"
"""Reserved for examples (RFC 2606): nothing answers there."""
RATE_PER_SECOND = 450

PROFILE: dict[str, Any] = {
    "seed": 7,
    "answer_delay_ms": [10, 120],
    "throttle_rate": 0.005,
    "throttle_s": 1,
    "refusals": {"invalid_number": 0.006, "invalid_template": 0.001, "other": 0.002},
    "timeout_rate": 0.003,
    "timeout_sends": 0.4,
    "delivery_delay_s": [0.4, 5],
    "failures": {"not_on_whatsapp": 0.022, "marketing_limit": 0.025, "undeliverable": 0.008, "blocked": 0.003},
    "recovery_rate": 0.03,
    "view_rate": 0.72,
    "view_delay_s": [2, 20],
    "late_view_rate": 0.25,
    "late_view_delay_s": [40, 1500],
    "click_rate": 0.24,
    "click_delay_s": [1, 12],
    "click_callback_rate": 0.3,
    "automated_rate": 0.02,
    "reply_rate": 0.05,
    "reply_delay_s": [2, 25],
    "reply_context_rate": 0.9,
    "losses": {"delivered": 0.02, "viewed": 0.01},
    "duplicate_rate": 0.03,
    "disorder_rate": 0.03,
    "early_rate": 0.01,
    "batch_size": 100,
    "batch_wait_ms": 250,
}
"""A provider on an ordinary day: every kind of trouble happens, and something of each within the first minute."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign: the body for ``/1/targets/create.json``, and when it starts."""

    after_people: float
    """Starts as soon as this share of the people is uploaded: the first one does not wait for all."""
    body: dict[str, Any]


def provider() -> dict[str, Any]:
    """The body for ``POST /api/v1/providers``."""
    settings = {"profile": PROFILE, "rate_per_second": RATE_PER_SECOND, "timeout_seconds": 4}
    return {"nickname": PROVIDER, "kind": "sandbox", "settings": settings}


def templates(base_url: str) -> list[dict[str, Any]]:
    """The bodies for ``POST /api/v1/templates``; links are approved under our own address, as Meta demands."""
    tracked = f"{base_url}/c/{{{{1}}}}"
    return [
        _template(
            "diwali_sale",
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [f"{SHOP}/images/diwali.jpg"]}},
            _body("Hi {{1}}, the Diwali sale is on! Up to 60% off, delivered free in {{2}}. 🪔", "Asha", "Pune"),
            {"type": "FOOTER", "text": "Reply STOP to opt out"},
            _buttons(_url("Shop the sale", tracked), _url("Gift guide", tracked), _quick("Not now")),
        ),
        _template(
            "cart_reminder",
            _body(
                "Hi {{1}}, {{2}} item(s) still wait in your cart. They are kept for 24 hours: {{3}}",
                "Asha", "2", f"{SHOP}/cart",
            ),
            {"type": "FOOTER", "text": "Reply STOP to opt out"},
            _buttons(_quick("Remind me tomorrow"), _quick("Empty my cart")),
        ),
        _template(
            "win_back",
            _body("We miss you, {{1}}! Take {{2}} off your next order with the code {{3}}.", "Asha", "20%", "BACK20"),
            _buttons(_url("Use my code", tracked)),
        ),
    ]  # fmt: skip


def campaigns() -> list[Plan]:
    """The campaigns in the order in which they start; the largest is last, so that something still moves."""
    return [
        Plan(
            0.5,
            _campaign(
                "Diwali sale",
                "diwali_sale",
                {"body": ["${Name}", "${City}"], "buttons": [[f"{SHOP}/diwali"], [f"{SHOP}/gift-guide"]]},
                where=_where("City", list(BIG_CITIES)),
                control=10,
                window="5D",
                labels=["festive", "sale"],
                image=f"{SHOP}/images/diwali.jpg",
            ),
        ),
        Plan(
            1.0,
            _campaign(
                "Win-back",
                "win_back",
                {"body": ["${Name|there}", "20%", "BACK20"], "buttons": [[f"{SHOP}/welcome-back"]]},
                where=_where("Customer Type", "Lapsed"),
                control=10,
                window="1W",
                labels=["win-back"],
            ),
        ),
        Plan(
            1.0,
            _campaign(
                "Cart reminder",
                "cart_reminder",
                {"body": ["${Name}", "${Cart Items}", f"{SHOP}/cart"], "buttons": []},
                where=None,
                control=20,
                window="2D",
                labels=["reminder"],
            ),
        ),
    ]


def _campaign(
    name: str,
    template: str,
    values: dict[str, Any],
    *,
    where: dict[str, Any] | None,
    control: int,
    window: str,
    labels: list[str],
    image: str = "",
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "message_type": "template",
        "template_name": template,
        "locale": "en",
        "body": {"replacements": values["body"]},
        "buttons": [{"replacements": replacements} for replacements in values["buttons"]],
    }
    if image:
        content["header"] = {"type": "Image", "media": {"type": "image", "url": image}}
    return {
        "name": name,
        "target_mode": "whatsapp",
        "provider_nick_name": PROVIDER,
        "when": "now",
        **({"segment": "all"} if where is None else {"where": where}),
        "content": content,
        "control_group": {"type": "campaign", "percentage": control},
        "conversion_goal": {"event_name": "Charged", "conversion_time": window, "revenue_property": "Amount"},
        "labels": labels,
        "tag_group": "demo",
    }


def _where(name: str, value: object) -> dict[str, Any]:
    field = {"name": name, "operator": "equals", "value": value}
    return {"common_profile_properties": {"profile_fields": [field]}}


def _template(name: str, *components: dict[str, Any]) -> dict[str, Any]:
    return {"provider": PROVIDER, "name": name, "language": "en", "components": list(components)}


def _body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def _url(text: str, url: str) -> dict[str, Any]:
    return {"type": "URL", "text": text, "url": url, "example": [f"{SHOP}/diwali"]}


def _quick(text: str) -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}
