from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.campaigns.parts import eventually
from tests.dispatch.parts import items
from twoticks.campaigns.directory import Configured
from twoticks.dispatch.board import GONE, Board, Standing
from twoticks.dispatch.chunks import Lease
from twoticks.dispatch.lane import Lane
from twoticks.dispatch.sender import Closing, Letter, Sender
from twoticks.errors import Unavailable
from twoticks.providers.base import Accepted, OutgoingMessage, SendError
from twoticks.providers.registry import Limits
from twoticks.records.database import Database
from twoticks.records.items import AnswerItem, AttemptItem
from twoticks.records.journal import Journal
from twoticks.vocabulary import ErrorKind

Answer = Accepted | SendError
THROTTLED = SendError(ErrorKind.RATE_LIMIT, code="429", permanent=False, retry_after=0.05)
DOWN = SendError(ErrorKind.UNAVAILABLE, code="connect", permanent=False, retry_after=0.01)
LOST = SendError(ErrorKind.TIMEOUT, code="timeout", permanent=False, unknown=True)
NO = SendError(ErrorKind.INVALID_NUMBER, code="2002", text="Invalid phone number")
NOT_FOR_A_DAY = SendError(ErrorKind.MARKETING_LIMIT, code="131049", permanent=False)
CREDENTIALS = SendError(ErrorKind.AUTHENTICATION, code="2000")


class ScriptedTransport:
    """Gives one answer after the other, the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.times: list[float] = []
        self.before: Callable[[], Any] | None = None

    async def send(self, adapter: object, message: OutgoingMessage, *, timeout: float) -> Accepted:
        self.times.append(time.monotonic())
        if self.before is not None:
            await self.before()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, SendError):
            raise answer
        return answer


class World:
    """One letter of one running campaign."""

    def __init__(self, journal: Journal, database: Database) -> None:
        self.journal = journal
        self.board = Board(database)
        self.closing = Closing()
        self.told: list[int] = []
        self.stand()
        provider = Configured(3, "p", "generic", None, Limits(1000, 5, 1.0), "s", None)  # type: ignore[arg-type]
        self.lane = Lane(provider)
        self.lease = Lease(1, 7, 0, 9, 1, time.monotonic() + 60)

    def stand(self, status: str = "running", *, sending: bool = True, seconds: float = 60) -> None:
        standing = Standing(7, 3, status, sending, time.time() + seconds)
        self.board._standings = {7: standing} if standing != GONE else {}

    async def send(self, transport: ScriptedTransport) -> None:
        async def told(campaign: int, error: SendError) -> None:
            self.told.append(campaign)

        sender = Sender(self.journal, transport, self.board, self.closing, told)  # type: ignore[arg-type]
        message = OutgoingMessage("+91", "5|7|abcdef|5", "t", "en")
        await sender.send(Letter(7, 5, message, self.lane, self.lease))

    async def answers(self) -> list[tuple[str, str, str, bool]]:
        return [(a.outcome, a.kind, a.code, a.permanent) for a in await items(self.journal, AnswerItem)]

    async def attempts(self) -> int:
        return len(await items(self.journal, AttemptItem))


@pytest.fixture
def world(journal: Journal, database: Database) -> World:
    return World(journal, database)


async def test_the_attempt_is_on_disk_before_the_request(world: World) -> None:
    transport = ScriptedTransport(Accepted("id-1"))
    seen: list[tuple[int, int]] = []

    async def look() -> None:
        seen.append((await world.attempts(), len(await world.answers())))

    transport.before = look
    await world.send(transport)
    assert seen == [(1, 0)]
    [answer] = await items(world.journal, AnswerItem)
    assert (answer.campaign, answer.seq, answer.outcome, answer.provider, answer.message_id) == (
        7,
        5,
        "sent",
        3,
        "id-1",
    )


@pytest.mark.parametrize(
    ("error", "outcome"), [(NO, "refused"), (NOT_FOR_A_DAY, "refused"), (CREDENTIALS, "refused"), (LOST, "unknown")]
)
async def test_a_final_answer_is_asked_for_once(world: World, error: SendError, outcome: str) -> None:
    transport = ScriptedTransport(error)
    await world.send(transport)
    assert len(transport.times) == 1
    assert await world.answers() == [(outcome, error.kind, error.code, error.permanent)]
    assert await world.attempts() == 1


@pytest.mark.parametrize("error", [THROTTLED, DOWN])
async def test_not_now_is_asked_again_under_the_same_attempt(world: World, error: SendError) -> None:
    transport = ScriptedTransport(error, error, Accepted())
    await world.send(transport)
    assert len(transport.times) == 3
    assert await world.answers() == [("sent", "", "", True)]
    assert await world.attempts() == 1
    waits = [after - before for before, after in zip(transport.times, transport.times[1:], strict=False)]
    assert all(wait >= (error.retry_after or 0) for wait in waits)


async def test_not_now_then_lost_is_unknown(world: World) -> None:
    transport = ScriptedTransport(THROTTLED, LOST)
    await world.send(transport)
    assert [answer[0] for answer in await world.answers()] == ["unknown"]


async def test_at_the_deadline_not_now_becomes_no(world: World) -> None:
    world.stand(seconds=0.3)
    transport = ScriptedTransport(THROTTLED)
    await world.send(transport)
    assert 2 <= len(transport.times) <= 8
    assert await world.answers() == [("refused", "rate_limit", "429", False)]


async def test_a_wait_beyond_the_deadline_is_not_waited_for(world: World) -> None:
    transport = ScriptedTransport(SendError(ErrorKind.RATE_LIMIT, permanent=False, retry_after=3600))
    before = time.monotonic()
    await world.send(transport)
    assert time.monotonic() - before < 5
    assert [answer[0] for answer in await world.answers()] == ["refused"]


async def test_a_message_put_off_waits_and_leaves_the_lane_to_others(world: World) -> None:
    began = time.monotonic()
    await world.send(ScriptedTransport(SendError(ErrorKind.RATE_LIMIT, permanent=False, retry_after=0.2), Accepted()))
    assert time.monotonic() - began >= 0.2
    assert world.lane.bucket.paused_until <= began
    assert len(await world.answers()) == 1


async def test_a_stop_ends_the_waiting(world: World) -> None:
    world.stand(seconds=3600)
    task = asyncio.create_task(world.send(ScriptedTransport(THROTTLED)))
    await eventually(world.attempts)
    world.stand("stopped", sending=False, seconds=3600)
    await asyncio.wait_for(task, 2)
    assert await world.answers() == [("refused", "rate_limit", "429", False)]


async def test_a_pause_holds_a_message_that_was_put_off(world: World) -> None:
    world.stand("paused", sending=False)
    transport = ScriptedTransport(THROTTLED, Accepted())
    task = asyncio.create_task(world.send(transport))
    await asyncio.sleep(0.3)
    assert len(transport.times) == 1
    world.stand()
    await asyncio.wait_for(task, 2)
    assert await world.answers() == [("sent", "", "", True)]


async def test_the_end_of_the_worker_leaves_time_for_another_try(world: World) -> None:
    world.closing.begin(5)
    await world.send(ScriptedTransport(THROTTLED, Accepted()))
    assert await world.answers() == [("sent", "", "", True)]


async def test_after_that_time_not_now_becomes_no(world: World) -> None:
    world.closing.begin(0)
    await world.send(ScriptedTransport(THROTTLED, Accepted()))
    assert await world.answers() == [("refused", "rate_limit", "429", False)]


async def test_nothing_is_asked_without_an_attempt_on_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(item: object) -> int:
        raise Unavailable("disk full")

    monkeypatch.setattr(world.journal, "append", refuse)
    transport = ScriptedTransport(Accepted())
    with pytest.raises(Unavailable):
        await world.send(transport)
    assert transport.times == []


async def test_an_answer_waits_for_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    append = world.journal.append
    refusals = 2

    async def refuse_twice(item: Any) -> int:
        nonlocal refusals
        if isinstance(item, AnswerItem) and refusals:
            refusals -= 1
            raise Unavailable("disk full")
        return await append(item)

    monkeypatch.setattr(world.journal, "append", refuse_twice)
    transport = ScriptedTransport(Accepted("x"))
    await world.send(transport)
    assert len(transport.times) == 1
    assert await world.answers() == [("sent", "", "", True)]


async def test_without_a_valid_lease_nothing_is_asked(world: World) -> None:
    world.lease.valid_until = time.monotonic() - 1
    transport = ScriptedTransport(Accepted())
    await world.send(transport)
    assert transport.times == []
    assert await world.answers() == []


async def test_refused_credentials_are_told(world: World) -> None:
    await world.send(ScriptedTransport(CREDENTIALS))
    assert world.told == [7]
    await world.send(ScriptedTransport(NO))
    assert world.told == [7]
