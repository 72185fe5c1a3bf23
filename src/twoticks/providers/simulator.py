"""The remote side of the sandbox: takes sends over HTTP, and posts callbacks, replies and clicks in their own time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import web

from twoticks.providers.base import HttpResponse
from twoticks.providers.behaviour import Fate, Step, decide
from twoticks.providers.errands import Errand, Runners
from twoticks.providers.profile import Profile
from twoticks.providers.sandbox_wire import SandboxWire
from twoticks.providers.timeline import Timeline
from twoticks.providers.visitors import links_in, person, program
from twoticks.providers.wire import Happening, Received, Wire
from twoticks.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

SILENCE_S = 60.0
"""How long a request that shall get no answer is held."""
PENDING_LIMIT = 200_000
"""Messages that may have something ahead of them; more are throttled, which bounds the memory."""
POSTERS = 8
VISITORS = 4
CALLBACK_ATTEMPTS = 8


@dataclass(slots=True)
class Account:
    """One registered provider."""

    callback_url: str
    inbound_url: str
    secret: str
    profile: Profile
    wire: Wire
    dice: Random
    waiting: list[Happening] = field(default_factory=list)
    """Items of the next callback."""

    @property
    def origin(self) -> str:
        """Scheme and host of the receiver: links of no other host are opened."""
        parts = urlsplit(self.callback_url)
        return f"{parts.scheme}://{parts.netloc}"


class _Message(msgspec.Struct, gc=False):
    """A message on its way: what is still ahead of it begins with step `next`."""

    account: Account
    received: Received
    message_id: str
    links: tuple[str, ...]
    began: float
    """Unix seconds."""
    steps: tuple[Step, ...]
    next: int = 0


class Simulator:
    """An HTTP server on this machine that behaves as its accounts' profiles say.

    `unknown_account` is awaited when a request comes from no registered account, for a chance to `register` it.
    `counts` tells what went on: sends, accepted, refused, throttled, unanswered, callbacks, visits, and so on.
    """

    def __init__(
        self,
        *,
        wires: Iterable[Wire] = (),
        unknown_account: Callable[[], Awaitable[None]] | None = None,
        callback_attempts: int = CALLBACK_ATTEMPTS,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._wires = {wire.name: wire for wire in (SandboxWire(), *wires)}
        self._unknown_account = unknown_account
        self._callback_attempts = callback_attempts
        self._accounts: dict[tuple[str, str], Account] = {}
        self._timeline: Timeline[_Message | Account] = Timeline(self._due)
        self._posters = Runners(POSTERS, self.counts)
        self._visitors = Runners(VISITORS, self.counts)
        self._runner: web.ServerRunner | None = None
        self.origin = ""

    @property
    def endpoint(self) -> str:
        """Where the sandbox's sends go."""
        return f"{self.origin}/{SandboxWire.name}/messages"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one (see `endpoint`)."""
        # Without cancellation an unanswered request would live on after its sender has given up.
        server = web.Server(self._take, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        bound = self._runner.addresses[0]
        self.origin = f"http://{bound[0]}:{bound[1]}"
        await self._posters.start()
        await self._visitors.start()
        self._timeline.start()

    async def stop(self) -> None:
        """Stop listening and forget all that is ahead."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self._timeline.stop()
        await self._posters.stop()
        await self._visitors.stop()

    def register(
        self,
        provider_id: int,
        callback_url: str,
        secret: str,
        *,
        profile: Profile | None = None,
        inbound_url: str = "",
        wire: str = SandboxWire.name,
    ) -> None:
        """Play one configured provider: where its callbacks go, what signs them, and how it behaves."""
        profile = profile or Profile()
        spoken = self._wires[wire]
        dice = Random(profile.seed)  # noqa: S311 - a simulation, nothing secret
        account = Account(callback_url, inbound_url or callback_url, secret, profile, spoken, dice)
        self._accounts[wire, spoken.account(provider_id, secret)] = account

    async def settled(self) -> None:
        """Wait until nothing is ahead of any message."""
        while len(self._timeline) or self._posters.open or self._visitors.open:  # noqa: ASYNC110 - three counts
            await asyncio.sleep(0.02)

    async def _take(self, request: web.BaseRequest) -> web.Response:
        name, _, path = request.path.removeprefix("/").partition("/")
        wire = self._wires.get(name)
        if wire is None or request.method != "POST":
            return web.Response(status=404)
        self.counts["sends"] += 1
        body = await request.read()
        account = await self._account(wire, wire.caller(path, request.headers))
        if account is None:
            return _response(wire.refused(ErrorKind.AUTHENTICATION))
        received = wire.read(body)
        if received is None:
            return _response(wire.refused(ErrorKind.OTHER))
        profile = account.profile
        if account.dice.random() < profile.throttle_rate or len(self._timeline) >= PENDING_LIMIT:
            self.counts["throttled"] += 1
            return _response(wire.throttled(profile.throttle_s))
        links = links_in(received, account.origin)
        fate = decide(profile, f"{received.to}|{received.reference}", len(links))
        return _response(await self._answer(account, received, links, fate))

    async def _account(self, wire: Wire, caller: str) -> Account | None:
        key = wire.name, caller
        if key not in self._accounts and self._unknown_account is not None:
            await self._unknown_account()
        return self._accounts.get(key)

    async def _answer(self, account: Account, received: Received, links: tuple[str, ...], fate: Fate) -> HttpResponse:
        message = _Message(account, received, _message_id(account.secret, received), links, time.time(), fate.steps)
        if fate.early:
            self._schedule(message)
        await asyncio.sleep(fate.delay)
        if fate.answer in ("silence", "silent_accept"):
            self.counts["unanswered"] += 1
            await asyncio.sleep(SILENCE_S)
            return HttpResponse(504)
        if fate.error is not None:
            self.counts["refused"] += 1
            return account.wire.refused(fate.error)
        self.counts["accepted"] += 1
        if not fate.early:
            message.began = time.time()
            self._schedule(message)
        return account.wire.accepted(message.message_id)

    def _schedule(self, message: _Message) -> None:
        """Put the message's next step on the timeline, if it has one."""
        if message.next < len(message.steps):
            self._timeline.push(message.began + message.steps[message.next].after - time.time(), message)

    async def _due(self, thing: _Message | Account) -> None:
        if isinstance(thing, Account):
            await self._post(thing)
            return
        step = thing.steps[thing.next]
        thing.next += 1
        self._schedule(thing)
        await self._do(thing, step)

    async def _do(self, message: _Message, step: Step) -> None:
        account = message.account
        if step.kind == "click":
            url = message.links[int(step.detail)]
            await self._visitors.send(Errand("clicks", "GET", url, person(account.dice)))
        elif step.kind == "automated":
            method, headers = program(account.dice)
            await self._visitors.send(Errand("automated_hits", method, message.links[int(step.detail)], headers))
        else:
            await self._tell(account, _happening(message, step))

    async def _tell(self, account: Account, item: Happening) -> None:
        """Add an item to the account's next callback, which goes out when it is full or has waited long enough."""
        self.counts[f"{item.kind}_items"] += 1
        account.waiting.append(item)
        if len(account.waiting) >= account.profile.batch_size:
            await self._post(account)
        elif len(account.waiting) == 1:
            self._timeline.push(account.profile.batch_wait_ms / 1000, account)

    async def _post(self, account: Account) -> None:
        items, account.waiting = account.waiting, []
        if not items:
            return
        if account.profile.disorder_rate:
            account.dice.shuffle(items)
        for callback in account.wire.callbacks(items, account.secret):
            url = account.inbound_url if callback.endpoint == "inbound" else account.callback_url
            await self._posters.send(
                Errand("callbacks", "POST", url, callback.headers, callback.body, self._callback_attempts)
            )


def _message_id(secret: str, received: Received) -> str:
    digest = blake2b(received.reference.encode(), key=secret.encode()[:64], digest_size=12)
    return f"sb.{digest.hexdigest()}"


def _happening(message: _Message, step: Step) -> Happening:
    """The item that tells `step`. Its time is when it happened, not when it is told."""
    error, url, agent, text = None, "", "", ""
    if step.kind == "failed":
        error = ErrorKind(step.detail)
    elif step.kind == "clicked":
        url, agent = message.links[int(step.detail)], person(message.account.dice)["User-Agent"]
    elif step.kind == "incoming":
        text = step.detail
    return Happening(
        step.kind,  # type: ignore[arg-type]
        message.message_id,
        message.received.reference,
        int((message.began + step.after - step.late) * 1000),
        sender=message.received.to,
        text=text,
        answers=step.answers,
        error=error,
        url=url,
        user_agent=agent,
    )


def _response(response: HttpResponse) -> web.Response:
    return web.Response(status=response.status, body=response.body, headers=response.headers)
