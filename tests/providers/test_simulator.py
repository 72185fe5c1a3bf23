from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from twoticks.providers.base import (
    Accepted,
    ButtonValue,
    CallbackRequest,
    Incoming,
    OutgoingMessage,
    ParsedItem,
    SendError,
    Status,
)
from twoticks.providers.profile import Losses, Profile
from twoticks.providers.sandbox import SandboxAdapter
from twoticks.providers.simulator import Simulator
from twoticks.providers.transport import Transport
from twoticks.vocabulary import ErrorKind

SECRET = "a-secret-of-the-sandbox"
CALM = {
    "answer_delay_ms": (0, 0),
    "delivery_delay_s": (0.02, 0.05),
    "view_delay_s": (0.02, 0.1),
    "click_delay_s": (0.0, 0.05),
    "reply_delay_s": (0.0, 0.05),
    "lateness_s": (0.0, 0.3),
    "batch_wait_ms": 20,
}


@dataclass
class Receiver:
    """Our side, as small as it can be: takes callbacks and clicks, and refuses the first `unwilling` of them."""

    adapter: SandboxAdapter
    unwilling: int = 0
    url: str = ""
    tries: int = 0
    batches: list[list[ParsedItem]] = field(default_factory=list)
    arrived: dict[str, float] = field(default_factory=dict)
    visits: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def items(self) -> list[ParsedItem]:
        return [item for batch in self.batches for item in batch]

    def statuses(self) -> Counter[str]:
        return Counter(item.status for item in self.items if isinstance(item, Status))

    async def callback(self, request: web.Request) -> web.Response:
        self.tries += 1
        if self.tries <= self.unwilling:
            return web.Response(status=503, headers={"Retry-After": "0"})
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = CallbackRequest("POST", str(request.url), "", headers, await request.read())
        self.adapter.verify(received)
        self.batches.append(self.adapter.parse(received))
        for item in self.batches[-1]:
            if isinstance(item, Status) and item.reference:
                self.arrived.setdefault(item.reference, time.monotonic())
        return web.Response()

    async def visit(self, request: web.Request) -> web.Response:
        self.visits.append((request.method, request.path, request.headers.get("User-Agent", "")))
        return web.Response(status=302, headers={"Location": "https://shop.example/"})


@dataclass
class Scene:
    """A running simulator, its receiver and the way to send."""

    simulator: Simulator
    receiver: Receiver
    adapter: SandboxAdapter
    transport: Transport

    async def send(self, n: int, **message: Any) -> Accepted:
        outgoing = OutgoingMessage(
            to=f"+9198{n:08d}", reference=f"{n}|1|abc|{n}", template="t", language="en", **message
        )
        return await self.transport.send(self.adapter, outgoing, timeout=1.0)

    async def send_all(self, count: int, **message: Any) -> list[Accepted | BaseException]:
        sends = (self.send(n, **message) for n in range(count))
        return list(await asyncio.gather(*sends, return_exceptions=True))

    def link(self) -> tuple[ButtonValue, ...]:
        return (ButtonValue(0, "url", "Shop", f"{self.receiver.url}/c/a-token", dynamic=True),)


@asynccontextmanager
async def scene(unwilling: int = 0, attempts: int = 8, **profile: Any) -> AsyncIterator[Scene]:
    simulator = Simulator(callback_attempts=attempts)
    await simulator.start()
    adapter = SandboxAdapter({"endpoint": simulator.endpoint}, {"signing_secret": SECRET})
    receiver = Receiver(adapter, unwilling)
    app = web.Application()
    app.router.add_post("/callback", receiver.callback)
    app.router.add_route("*", "/c/{token}", receiver.visit)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    simulator.register(1, f"{receiver.url}/callback", SECRET, profile=Profile(**{**CALM, **profile}))
    transport = Transport(allow_private=False)
    await transport.start()
    try:
        yield Scene(simulator, receiver, adapter, transport)
    finally:
        await transport.close()
        await simulator.stop()
        await runner.cleanup()


async def settled(stage: Scene) -> None:
    await asyncio.wait_for(stage.simulator.settled(), 20)


async def test_every_message_gets_an_id_and_its_receipts() -> None:
    async with scene(view_rate=1.0, reply_rate=0.0) as stage:
        answers = await stage.send_all(50)
        await settled(stage)
        ids = {answer.message_id for answer in answers if isinstance(answer, Accepted)}
        assert len(ids) == 50
        assert stage.receiver.statuses() == {"sent": 50, "delivered": 50, "viewed": 50}
        assert {item.message_id for item in stage.receiver.items if isinstance(item, Status)} == ids


async def test_callbacks_come_in_batches() -> None:
    async with scene(batch_size=40, batch_wait_ms=300, view_rate=0.0) as stage:
        await stage.send_all(100)
        await settled(stage)
        sizes = [len(batch) for batch in stage.receiver.batches]
        assert sum(sizes) == 200
        assert max(sizes) == 40


async def test_times_are_those_of_the_things_and_not_of_the_telling() -> None:
    began = int(time.time() * 1000)
    async with scene(disorder_rate=0.5, view_rate=0.0) as stage:
        await stage.send_all(10)
        await settled(stage)
        times = [item.at for item in stage.receiver.items if isinstance(item, Status)]
        assert all(at is not None and began <= at <= began + 2000 for at in times)


async def test_duplicates_and_disorder_lose_nothing() -> None:
    async with scene(duplicate_rate=0.3, disorder_rate=0.3, view_rate=0.0) as stage:
        await stage.send_all(30)
        await settled(stage)
        assert stage.receiver.statuses()["sent"] > 30
        told = {(item.reference, item.status) for item in stage.receiver.items if isinstance(item, Status)}
        assert len(told) == 60


async def test_refusals_and_failures_come_with_their_reasons() -> None:
    rates = {"refusals": {ErrorKind.INVALID_NUMBER: 0.5}, "failures": {ErrorKind.NOT_ON_WHATSAPP: 1.0}}
    async with scene(**rates) as stage:
        answers = await stage.send_all(40)
        await settled(stage)
        refused = [answer for answer in answers if isinstance(answer, SendError)]
        assert 5 < len(refused) < 35
        assert {(error.kind, error.permanent) for error in refused} == {(ErrorKind.INVALID_NUMBER, True)}
        failed = [item for item in stage.receiver.items if isinstance(item, Status) and item.status == "failed"]
        assert len(failed) == 40 - len(refused)
        assert {item.kind for item in failed} == {ErrorKind.NOT_ON_WHATSAPP}


async def test_throttling_asks_to_come_back() -> None:
    async with scene(throttle_rate=1.0, throttle_s=3) as stage:
        with pytest.raises(SendError) as caught:
            await stage.send(1)
        assert (caught.value.kind, caught.value.retry_after) == (ErrorKind.RATE_LIMIT, 3.0)


async def test_an_unanswered_message_may_have_been_sent_all_the_same() -> None:
    async with scene(timeout_rate=1.0, timeout_sends=1.0, view_rate=0.0) as stage:
        with pytest.raises(SendError) as caught:
            await stage.send(1)
        assert (caught.value.kind, caught.value.unknown) == (ErrorKind.TIMEOUT, True)
        await settled(stage)
        assert stage.receiver.statuses() == {"sent": 1, "delivered": 1}


async def test_a_callback_can_beat_its_own_answer() -> None:
    async with scene(early_rate=1.0) as stage:
        await stage.send(1)
        answered = time.monotonic()
        await settled(stage)
        assert stage.receiver.arrived["1|1|abc|1"] < answered


async def test_callbacks_are_repeated_until_they_are_taken() -> None:
    async with scene(unwilling=3, view_rate=0.0) as stage:
        await stage.send(1)
        await settled(stage)
        assert stage.receiver.statuses() == {"sent": 1, "delivered": 1}
        assert stage.simulator.counts["callbacks_repeated"] == 3
        assert stage.simulator.counts["callbacks_lost"] == 0


async def test_a_callback_that_is_never_taken_is_given_up_and_counted() -> None:
    async with scene(unwilling=1000, attempts=2, view_rate=0.0, losses=Losses(sent=1.0)) as stage:
        await stage.send(1)
        await settled(stage)
        assert stage.simulator.counts["callbacks_lost"] == 1


async def test_links_are_opened_by_people_and_by_programs() -> None:
    rates = {"view_rate": 1.0, "click_rate": 1.0, "automated_rate": 1.0, "click_callback_rate": 1.0, "reply_rate": 0.0}
    async with scene(**rates) as stage:
        await stage.send_all(20, buttons=stage.link())
        await settled(stage)
        assert {path for _, path, _ in stage.receiver.visits} == {"/c/a-token"}
        people = [
            agent for method, _, agent in stage.receiver.visits if agent.startswith("Mozilla") and method == "GET"
        ]
        assert len(people) == stage.simulator.counts["clicks"] >= 20
        assert stage.simulator.counts["automated_hits"] == 20
        clicked = [item for item in stage.receiver.items if isinstance(item, Status) and item.status == "clicked"]
        assert {item.url for item in clicked} == {f"{stage.receiver.url}/c/a-token"}


async def test_people_reply_mostly_naming_the_message() -> None:
    async with scene(view_rate=1.0, reply_rate=1.0, reply_context_rate=0.7) as stage:
        await stage.send_all(40)
        await settled(stage)
        replies = [item for item in stage.receiver.items if isinstance(item, Incoming)]
        assert len(replies) == 40
        assert {reply.sender for reply in replies} == {f"9198{n:08d}" for n in range(40)}
        exact = [reply for reply in replies if reply.reply_to_reference]
        assert 15 < len(exact) < 40


async def test_the_same_seed_gives_the_same_outcome() -> None:
    outcomes = []
    for _ in range(2):
        async with scene(failures={ErrorKind.BLOCKED: 0.3}, view_rate=0.5, seed=11) as stage:
            await stage.send_all(40)
            await settled(stage)
            told = {(item.reference, item.status) for item in stage.receiver.items if isinstance(item, Status)}
            outcomes.append(sorted(told))
    assert outcomes[0] == outcomes[1]


async def test_an_unknown_account_is_refused() -> None:
    async with scene() as stage:
        stranger = SandboxAdapter({"endpoint": stage.simulator.endpoint}, {"signing_secret": "another-secret-of-it"})
        message = OutgoingMessage(to="+919800000001", reference="1", template="t", language="en")
        with pytest.raises(SendError) as caught:
            await stage.transport.send(stranger, message, timeout=1.0)
        assert (caught.value.kind, caught.value.permanent) == (ErrorKind.AUTHENTICATION, True)


async def test_an_account_can_be_registered_when_it_first_sends() -> None:
    async def register() -> None:
        simulator.register(1, "http://127.0.0.1:9/callback", SECRET, profile=Profile(losses=Losses(1.0, 1.0, 1.0)))

    simulator = Simulator(unknown_account=register)
    await simulator.start()
    adapter = SandboxAdapter({"endpoint": simulator.endpoint}, {"signing_secret": SECRET})
    transport = Transport(allow_private=False)
    await transport.start()
    message = OutgoingMessage(to="+919800000001", reference="1", template="t", language="en")
    answer = await transport.send(adapter, message, timeout=1.0)
    await transport.close()
    await simulator.stop()
    assert answer.message_id is not None


@pytest.mark.parametrize(("path", "body"), [("/elsewhere", b"{}"), ("/sandbox/messages", b"{"), ("/sandbox", b"[[[")])
async def test_nonsense_is_refused(path: str, body: bytes) -> None:
    async with scene() as stage:
        request = stage.adapter.request(OutgoingMessage(to="+91", reference="1", template="t", language="en"))
        url = stage.simulator.origin + path
        changed = type(request)("POST", url, request.headers, body)
        response = await stage.transport.exchange(changed, timeout=1.0, trusted=True)
        assert response.status in (400, 404)
