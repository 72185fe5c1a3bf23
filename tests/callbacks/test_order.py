"""The central promise: in whatever order and however often things are told, the numbers are the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tests.callbacks.bench import Bench
from tests.factories import (
    HOUR,
    MINUTE,
    STARTED,
    CampaignPlan,
    LinkPlan,
    add_campaign,
    add_provider,
    callback,
    phone_of,
)
from twoticks.callbacks.quarantine import groups
from twoticks.callbacks.unmatched import retry_unmatched, waiting
from twoticks.records.items import AnswerItem, AnyItem, AttemptItem, CallbackItem, ClickItem
from twoticks.records.tables import ProviderMessage, Quarantined, Unmatched

MEMBERS = 4
CONTROL = 0
PLAN = CampaignPlan(
    members=MEMBERS,
    control=(CONTROL,),
    links=(LinkPlan("https://a.example"), LinkPlan("https://b.example", tracked=False)),
)
ATTEMPTED = STARTED + MINUTE
FIRST_RECEIPT = ATTEMPTED + MINUTE
SEQS = st.sampled_from([1, 2, 3] * 3 + [CONTROL, MEMBERS])
"""Now and then the one of the control group, or one beyond the last member."""
TIMES = st.sampled_from([None, FIRST_RECEIPT, FIRST_RECEIPT + 7, STARTED - HOUR, FIRST_RECEIPT + 100 * HOUR])

STATUS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["sent", "delivered", "viewed", "failed", "clicked"]),
        "seq": SEQS,
        "names": st.sampled_from(["both", "reference", "id", "stranger"]),
        "at": TIMES,
        "code": st.sampled_from(["not_on_whatsapp", "undeliverable"]),
        "url": st.sampled_from(["https://a.example", "https://b.example", "https://c.example", "ours"]),
    }
)
INCOMING = st.fixed_dictionaries(
    {
        "type": st.just("incoming"),
        "seq": SEQS,
        "id": st.sampled_from([None, "in.1", "in.2"]),
        "context": st.sampled_from(["id", "reference", "stranger", None]),
        "at": TIMES,
    }
)
BODY = st.lists(STATUS | INCOMING, min_size=1, max_size=5)
ANSWER = st.fixed_dictionaries(
    {"answer": st.sampled_from(["sent", "refused", "unknown"]), "seq": st.integers(CONTROL + 1, MEMBERS - 1)}
)
HIT = st.fixed_dictionaries({"link": st.integers(1, 2), "seq": SEQS, "event": st.integers(1, 3)})
STREAM = st.lists(st.one_of(BODY, BODY, BODY, ANSWER, ANSWER, HIT), min_size=6, max_size=24)


class World:
    """One campaign, and a stream of what is told about it."""

    def __init__(self, bench: Bench, provider: int, campaign: int) -> None:
        self.bench = bench
        self.provider = provider
        self.campaign = campaign

    def items(self, stream: list[Any]) -> list[AnyItem]:
        return [self._item(told, FIRST_RECEIPT + number * 1000) for number, told in enumerate(stream)]

    def _item(self, told: Any, received: int) -> AnyItem:
        if isinstance(told, list):
            body = json.dumps({"items": [self._wire(one) for one in told]}).encode()
            return callback(self.provider, body, received)
        seq = told["seq"]
        if "link" in told:
            return ClickItem(received, self.campaign, seq, told["link"], told["event"])
        sent = told["answer"] == "sent"
        return AnswerItem(
            received, self.campaign, seq, told["answer"], self.provider, self._id(seq) if sent else None, "", "x"
        )

    def _wire(self, told: dict[str, Any]) -> dict[str, Any]:
        seq = told["seq"]
        wire: dict[str, Any] = {"type": told["type"], "at": told["at"]}
        if told["type"] == "incoming":
            named = {"id": {"id": self._id(seq)}, "reference": {"reference": self._reference(seq)}}
            context = {**named, "stranger": {"id": "nobody"}}.get(told["context"])
            return {**wire, "id": told["id"], "from": phone_of(seq)[1:], "text": "hello", "context": context}
        if told["names"] in ("both", "reference"):
            wire["reference"] = self._reference(seq)
        if told["names"] in ("both", "id"):
            wire["id"] = self._id(seq)
        if told["names"] == "stranger":
            wire["id"] = "nobody"
        token = self.bench.tokens.encode(self.campaign, seq, 1)
        url = f"https://twoticks.example/c/{token}" if told["url"] == "ours" else told["url"]
        return {**wire, "url": url, "error": {"code": told["code"]}}

    def _id(self, seq: int) -> str:
        return f"id-{seq}"

    def _reference(self, seq: int) -> str:
        return self.bench.references.encode(self.campaign, seq)

    async def tell(self, items: list[AnyItem], blocks: random.Random) -> set[tuple[Any, ...]]:
        """Attempts first, as in life; then the items in blocks of any size; then time passes.

        Gives the facts of the time before: an id that is learned must be enough, without the clock.
        """
        await self._forget()
        await self.bench.feed(*(AttemptItem(ATTEMPTED, self.campaign, seq) for seq in range(CONTROL + 1, MEMBERS)))
        while items:
            size = blocks.randint(1, len(items))
            await self.bench.feed(*items[:size])
            items = items[size:]
        before = await self.told()
        await retry_unmatched(self.bench.drain, FIRST_RECEIPT + 48 * HOUR)
        assert await waiting(self.bench.database) == []
        return before

    async def _forget(self) -> None:
        await self.bench.empty_facts(("facts", "tallies", "automated_hits"))
        async with self.bench.database.transaction() as session:
            for table in (Unmatched, ProviderMessage, Quarantined):
                await session.execute(delete(table))

    async def quarantined(self) -> dict[str, int]:
        return {group.reason: group.count for group in await groups(self.bench.database)}

    async def told(self) -> set[tuple[Any, ...]]:
        """Every fact with the time its provider gave, and the first of those that have their receipt's.

        The same status without a usable time may come twice with two receipts. While it waits for its message only the
        first is kept: figures and trends count a message at its first time.
        """
        rows = await self.bench.facts.query(
            "select campaign, toString(kind), key, seq, event, min(toUnixTimestamp64Milli(at)) from facts"
            " group by campaign, kind, key, seq, event, time_replaced, if(time_replaced, 0, toUnixTimestamp64Milli(at))"
        )
        return set(rows)

    async def events(self) -> set[tuple[Any, ...]]:
        return {fact[:5] for fact in await self.bench.all_facts()}


@pytest.fixture
async def world(bench: Bench) -> World:
    provider = await add_provider(bench.directory, "sandbox")
    campaign = await add_campaign(bench.database, bench.facts, provider.id, PLAN)
    return World(bench, provider.id, campaign)


def shuffled(items: list[AnyItem], randomness: random.Random) -> list[AnyItem]:
    """The items in another order, some of them several times."""
    more = items + randomness.choices(items, k=randomness.randint(0, len(items)))
    randomness.shuffle(more)
    return more


PROPERTY = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@PROPERTY
@given(stream=STREAM, randomness=st.randoms(use_true_random=False))
async def test_any_order_and_any_repetition_gives_the_same_facts(
    world: World, stream: list[Any], randomness: random.Random
) -> None:
    items = world.items(stream)
    before = await world.tell(items, randomness)
    facts, counts, quarantined = await world.told(), await world.bench.counts(), await world.quarantined()

    assert await world.tell(shuffled(items, randomness), randomness) == before
    assert await world.told() == facts
    assert await world.bench.counts() == counts
    assert await world.quarantined() == quarantined


@PROPERTY
@given(stream=STREAM, randomness=st.randoms(use_true_random=False))
async def test_callbacks_delivered_again_later_change_no_number(
    world: World, stream: list[Any], randomness: random.Random
) -> None:
    items = world.items(stream)
    await world.tell(items, randomness)
    events, counts = await world.events(), await world.bench.counts()

    callbacks = [item for item in items if isinstance(item, CallbackItem)]
    again = [callback(item.provider, item.body, item.at + randomness.randint(1, 30 * MINUTE)) for item in callbacks]
    await world.tell(shuffled([*items, *again], randomness), randomness)
    assert await world.events() == events
    assert await world.bench.counts() == counts
