"""A campaign through a provider that shares no code with us: every message is accounted for."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.plain_provider import PlainProvider, plain_provider
from tests.server import Caller, running_server
from tests.world import add_campaign, add_people, add_provider, add_template, phone

PEOPLE = 400
BEHAVIOUR = {0: "failure", 1: "throttle", 2: "late", 3: "error"}


def behave(number: str) -> str:
    return BEHAVIOUR.get(int(number[-3:]) % 20, "ok")


class Fates:
    """The plain oracle: what each message's callbacks say, drawn once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.of: dict[str, set[str]] = {}
        self.codes: dict[str, int] = {}

    def draw(self, reference: str) -> list[dict[str, Any]]:
        kinds = self.random.choice(
            [
                ("sent",),
                ("sent", "delivered"),
                ("read",),
                ("sent", "delivered", "read"),
                ("failed",),
                ("failed", "delivered"),
                (),
            ]
        )
        self.of[reference] = set(kinds)
        return [self.status(reference, kind) for kind in kinds]

    def status(self, reference: str, kind: str) -> dict[str, Any]:
        status: dict[str, Any] = {"msgId": reference, "status": kind, "timestamp": "1764000000"}
        if kind == "failed":
            status["error"] = {"code": self.random.choice([1003, "1007"]), "title": "Device cannot receive"}
        return status


async def post(caller: Caller, url: str, body: bytes) -> int:
    async with caller.session.post(url, data=body, headers={"content-type": "application/json"}) as answer:
        return answer.status


async def test_counts_equal_the_oracle_and_nobody_is_messaged_twice(tmp_path: Path) -> None:
    fates = Fates(7)
    async with running_server(tmp_path / "data") as caller, plain_provider(behave=behave) as provider:
        urls = await add_provider(caller, provider)
        early: dict[str, str] = {}

        async def overtake(request: dict[str, Any]) -> None:
            if int(request["to"][-2:]) % 10 == 5:
                early[request["msgId"]] = request["to"]
                body = {"payloadVersion": "0.1", "statuses": [fates.status(request["msgId"], "delivered")]}
                assert await post(caller, urls["status_callback_url"], json.dumps(body).encode()) == 200

        provider.before_answer = overtake
        await add_template(caller)
        await add_people(caller, PEOPLE)
        campaign = await add_campaign(caller, control_group={"type": "campaign", "percentage": 10})
        await caller.completed(campaign)

        targets = {request["to"]: request["msgId"] for request in provider.requests}
        late = {to for to in targets if behave(to) == "late"}
        refused = {to for to in targets if behave(to) in ("failure", "error")}
        unknown = late - set(early.values())
        answered = {
            "control": PEOPLE - len(targets),
            "refused": len(refused - set(early.values())),
            "unknown": len(unknown),
            "sent": len(targets) - len(refused - set(early.values())) - len(unknown),
        }
        settled = await caller.stats_when(campaign, lambda c: {name: c[name] for name in answered} == answered)
        assert len(provider.requests) == len(targets)
        assert len(set(targets.values())) == len(targets)
        assert 0.05 < settled["counts"]["control"] / PEOPLE < 0.15
        check_requests(provider)

        await play_callbacks(caller, urls["status_callback_url"], fates, targets, refused)
        expected = oracle(fates, targets, refused, late, early, answered["control"])
        final = await caller.stats_when(
            campaign, lambda c: all(c[name] == value for name, value in expected.items()), within=30
        )
        assert {name: final["counts"][name] for name in expected} == expected
        assert max(provider.accepted.values()) == 1
        await check_quarantine(caller)
        errors = await caller.ours("GET", f"/api/v1/campaigns/{campaign}/errors")
        assert sum_of(errors, "delivery") == expected["delivery_errors"]
        assert sum_of(errors, "external") == expected["refused"] + expected["unknown"]


def check_requests(provider: PlainProvider) -> None:
    for request in provider.requests:
        assert request["payloadVersion"] == 0.1
        assert request["isTemplate"] is True
        assert request["wabaNumber"] == "919999999999"
        assert request["template"]["languageCode"] == "en"
        body = next(c for c in request["components"] if c["type"] == "body")["body"]
        name = f"User {int(request['to'][-8:])}"
        assert body["text"] == "Hi {{1}}, your order is ready: {{2}}"
        assert body["parameters"][0] == {"type": "text", "text": name}
        assert "/c/" in body["parameters"][1]["text"]


async def play_callbacks(caller: Caller, url: str, fates: Fates, targets: dict[str, str], refused: set[str]) -> None:
    statuses = [
        status for to, reference in sorted(targets.items()) if to not in refused for status in fates.draw(reference)
    ]
    statuses += [fates.status("1|99999999|20260101|1", "delivered"), fates.status("not ours at all", "read")]
    statuses = statuses * 3
    fates.random.shuffle(statuses)
    bodies = [b"this is no JSON {"]
    while statuses:
        size = fates.random.randint(1, 9)
        batch, statuses = statuses[:size], statuses[size:]
        bodies.append(json.dumps({"payloadVersion": "0.1", "statuses": batch}).encode())
    for start in range(0, len(bodies), 16):
        answers = await asyncio.gather(*(post(caller, url, body) for body in bodies[start : start + 16]))
        assert set(answers) == {200}


def oracle(
    fates: Fates,
    targets: dict[str, str],
    refused: set[str],
    late: set[str],
    early: dict[str, str],
    control: int,
) -> dict[str, int]:
    said = {to: set(fates.of.get(reference, set())) for to, reference in targets.items()}
    for to in early.values():
        said[to].add("delivered")
    delivered = {to for to, kinds in said.items() if kinds & {"delivered", "read"}}
    failed = {to for to, kinds in said.items() if "failed" in kinds}
    proven = delivered | failed | {to for to, kinds in said.items() if "sent" in kinds}
    sent = (set(targets) - refused - late) | proven
    return {
        "qualified": PEOPLE,
        "control": control,
        "waiting": 0,
        "not_attempted": 0,
        "refused": len(refused - sent),
        "unknown": len(late - sent),
        "sent": len(sent),
        "delivered": len(delivered),
        "delivered_confirmed": len({to for to, kinds in said.items() if "delivered" in kinds}),
        "delivered_implied": len({to for to, kinds in said.items() if "read" in kinds and "delivered" not in kinds}),
        "viewed": len({to for to, kinds in said.items() if "read" in kinds}),
        "delivery_errors": len(failed - delivered),
        "pending": len(sent - delivered - failed),
    }


async def check_quarantine(caller: Caller) -> None:
    quarantine = await caller.ours("GET", "/api/v1/quarantine")
    assert [group["count"] for group in quarantine["groups"] if "JSON" in group["reason"]] == [1]
    assert quarantine["unmatched"]["count"] == 2


def sum_of(errors: dict[str, Any], side: str) -> int:
    return sum(row["count"] for row in errors["errors"] if row["side"] == side)


@pytest.mark.parametrize("percentage", [0])
async def test_a_campaign_without_control_group_sends_to_everyone(tmp_path: Path, percentage: int) -> None:
    async with running_server(tmp_path / "data") as caller, plain_provider() as provider:
        await add_provider(caller, provider)
        await add_template(caller)
        await add_people(caller, 50)
        campaign = await add_campaign(caller, control_group={"type": "campaign", "percentage": percentage})
        await caller.stats_when(campaign, lambda c: c["sent"] == 50)
        assert sorted(provider.accepted) == sorted(phone(n)[1:] for n in range(50))
