"""The log of a server at its most talkative holds no secret, no phone number and no text of anybody."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlsplit

from tests.plain_provider import PASSWORD as PROVIDER_PASSWORD
from tests.plain_provider import USER as PROVIDER_USER
from tests.plain_provider import plain_provider
from tests.server import Caller
from tests.web.conftest import (
    ACCESS_TOKEN,
    EMAIL,
    PASSWORD,
    SECRETS,
    VERIFY_TOKEN,
    Browser,
    World,
    post,
    signature,
)
from tests.world import add_campaign, add_provider, phone

FIRST = 5000
COUNT = 10
NAME = "Zebedee Quux"
REPLY = "my secret reply"
ORDER = "order-number-7788"
BEHAVIOUR = {0: "failure", 1: "throttle", 2: "late", 3: "error"}


def behave(number: str) -> str:
    return BEHAVIOUR.get(int(number[-2:]) % 10, "ok")


async def live(world: World, caller: Caller) -> list[str]:
    """A campaign in which everything goes wrong that can; gives the secrets of callback addresses and link tokens."""
    records = [
        {
            "identity": f"secretive-{n}",
            "type": "profile",
            "profileData": {
                "Name": f"{NAME} {n}",
                "Phone": phone(FIRST + n),
                "Email": f"zeb{n}@quux.example",
                "Log": "yes",
            },
        }
        for n in range(COUNT)
    ]
    bad = {"identity": "secretive-bad", "type": "profile", "profileData": {"Name": NAME, "Phone": "+9198123"}}
    async with plain_provider(behave=behave, late_seconds=1.5) as provider:
        urls = await add_provider(caller, provider, nickname="talkative")
        components = [{"type": "BODY", "text": "Dear {{1}}, about {{2}} and {{3}}"}]
        template = {"provider": "talkative", "name": "talk", "language": "en", "components": components}
        await caller.ours("POST", "/api/v1/templates", template, expect=201)
        assert (await caller.theirs("/1/upload", {"d": [*records, bad]}))["status"] == "partial"
        fields = [{"name": "Log", "operator": "equals", "value": "yes"}]
        campaign = await add_campaign(
            caller,
            segment=None,
            provider_nick_name="talkative",
            where={"common_profile_properties": {"profile_fields": fields}},
            content={
                "template_name": "talk",
                "body": {"replacements": ["${Name}", ORDER, "https://shop.example/private"]},
            },
        )
        await caller.stats_when(campaign, lambda c: c["qualified"] == COUNT and c["waiting"] == 0)
    tokens = []
    for request in provider.requests:
        number, reference = request["to"], request["msgId"]
        body = next(part for part in request["components"] if part["type"] == "body")["body"]
        tokens.append(body["parameters"][2]["text"].rpartition("/c/")[2])
        error = {"code": 1002, "title": f"Invalid number {number}"}
        statuses = [
            {"msgId": reference, "status": "read", "timestamp": "soon"},
            {"msgId": reference, "status": "failed", "error": error},
            {"msgId": f"9|9|{number}|9", "status": "delivered"},
            {"msgId": reference, "status": number},
        ]
        await post(caller.session, urls["status_callback_url"], {"payloadVersion": "0.1", "statuses": statuses})
        await post(caller.session, urls["status_callback_url"], f"no JSON but {number}".encode())
        reply = {"from": number, "type": "text", "text": {"body": REPLY}, "context": {"id": reference}}
        await post(caller.session, urls["inbound_callback_url"], reply)
    await caller.stats_when(campaign, lambda c: c["viewed"] == len(provider.requests))
    made = [world.generic, world.cloud, world.other_cloud, urls]
    secrets = [
        urlsplit(one[name]).path.split("/")[3]
        for one in made
        for name in ("status_callback_url", "inbound_callback_url")
    ]
    return secrets + tokens


async def test_the_log_holds_nothing_of_anybody(world: World, caller: Caller, person: Browser) -> None:
    secrets = await live(world, caller)
    body = json.dumps({"from": phone(FIRST), "text": REPLY}).encode()
    url = world.cloud["status_callback_url"]
    await post(caller.session, url, body, signature(body, SECRETS["other"]))
    await post(caller.session, url, body, signature(body, SECRETS["one"]))
    async with caller.session.get(f"{url}?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1"):
        pass
    await person.sign_in()
    cookies = [cookie.value for cookie in person.session.cookie_jar]
    numbers = [phone(number) for number in (*range(10), *range(FIRST, FIRST + COUNT))]
    basic = base64.b64encode(f"{PROVIDER_USER}:{PROVIDER_PASSWORD}".encode()).decode()
    forbidden = [
        *secrets,
        *cookies,
        *(number[1:] for number in numbers),
        *(number[3:] for number in numbers),
        *(world.server.passcode, ACCESS_TOKEN, VERIFY_TOKEN, *SECRETS.values()),
        *(EMAIL, PASSWORD, PROVIDER_PASSWORD, basic),
        *(NAME, REPLY, ORDER, "quux.example", "Dear ", "secretive", "shop.example"),
        *("Traceback", "request_failed", "door_failed", "item_set_aside", "drain_waits", "chunk_failed"),
    ]
    log = world.server.log.read_text()
    assert "campaign_started" in log, "it does say what happens"
    assert [text for text in forbidden if text in log] == []
