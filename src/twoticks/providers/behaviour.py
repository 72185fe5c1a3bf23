"""What becomes of one simulated message, decided when it arrives and following from the seed alone."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import Literal, NamedTuple

import msgspec

from twoticks.providers.profile import Profile, draw, pick
from twoticks.vocabulary import ErrorKind

StepKind = Literal["sent", "delivered", "viewed", "failed", "clicked", "incoming", "click", "automated"]
"""`click` and `automated` are visits to a link; the others are items of a callback."""
Answer = Literal["accept", "refuse", "silence", "silent_accept"]

REPLIES = (
    "Yes", "Thanks!", "Is this still available?", "Please call me", "What is the price?", "👍", "हाँ, चाहिए",
    "Shukran", "When will it arrive?", "Do you deliver to my city?", "நன்றி", "Great offer 🎉",
)  # fmt: skip
EARLY_ANSWER_S = 0.4
"""An answer that its own callback overtakes waits at least this long."""


class Step(NamedTuple):
    """One thing that happens `after` seconds; it is told `late` seconds after it happened."""

    after: float
    kind: StepKind
    detail: str = ""
    """The kind of error of a failure, the text of a reply, the number of the link of a visit."""
    late: float = 0.0
    answers: bool = True
    """Whether a reply names the message it answers."""


class Fate(msgspec.Struct, frozen=True, gc=False):
    """The answer to a send (after `delay` seconds) and all that follows it, in order of time."""

    answer: Answer
    delay: float
    error: ErrorKind | None = None
    steps: tuple[Step, ...] = ()
    early: bool = False
    """The steps begin at the request and not at the answer."""


def decide(profile: Profile, identity: str, links: int) -> Fate:
    """The fate of the message known by `identity`, which holds `links` tracked links."""
    dice = _dice(profile.seed, identity)
    delay = draw(profile.answer_delay_ms, dice) / 1000
    refusal = pick(profile.refusals, dice)
    if refusal is not None:
        return Fate("refuse", delay, refusal)
    if dice.random() < profile.timeout_rate:
        if dice.random() < profile.timeout_sends:
            return Fate("silent_accept", delay, steps=_steps(profile, links, dice), early=True)
        return Fate("silence", delay)
    early = dice.random() < profile.early_rate
    delay = max(delay, EARLY_ANSWER_S) if early else delay
    return Fate("accept", delay, steps=_steps(profile, links, dice), early=early)


def _dice(seed: int, identity: str) -> Random:
    digest = blake2b(f"{seed}|{identity}".encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest))  # noqa: S311 - a simulation, nothing secret


def _steps(profile: Profile, links: int, dice: Random) -> tuple[Step, ...]:
    happened = [Step(0.0, "sent")]
    arrival = draw(profile.delivery_delay_s, dice)
    failure = pick(profile.failures, dice)
    if failure is not None:
        happened.append(Step(arrival, "failed", failure.value))
        arrival += draw(profile.view_delay_s, dice)
    if failure is None or dice.random() < profile.recovery_rate:
        happened.append(Step(arrival, "delivered"))
        happened += _person(profile, arrival, links, dice)
    told: list[Step] = []
    for step in happened:
        told += _telling(profile, step, dice)
    return tuple(sorted(told))


def _person(profile: Profile, arrival: float, links: int, dice: Random) -> list[Step]:
    steps: list[Step] = []
    if links and dice.random() < profile.automated_rate:
        steps.append(Step(arrival + 2 * dice.random(), "automated", str(dice.randrange(links))))
    if dice.random() >= profile.view_rate:
        return steps
    late = dice.random() < profile.late_view_rate
    viewed = arrival + draw(profile.late_view_delay_s if late else profile.view_delay_s, dice)
    steps.append(Step(viewed, "viewed"))
    if links and dice.random() < profile.click_rate:
        steps += _clicks(profile, viewed, links, dice)
    if dice.random() < profile.reply_rate:
        at = viewed + draw(profile.reply_delay_s, dice)
        answers = dice.random() < profile.reply_context_rate
        steps.append(Step(at, "incoming", dice.choice(REPLIES), answers=answers))
    return steps


def _clicks(profile: Profile, viewed: float, links: int, dice: Random) -> list[Step]:
    """One visit, and for one person in four a second one; people take the first link most often."""
    steps: list[Step] = []
    at = viewed
    for _ in range(2 if dice.random() < 0.25 else 1):
        at += draw(profile.click_delay_s, dice)
        link = str(int(links * dice.random() ** 2))
        steps.append(Step(at, "click", link))
        if dice.random() < profile.click_callback_rate:
            steps.append(Step(at + dice.random(), "clicked", link))
    return steps


def _telling(profile: Profile, step: Step, dice: Random) -> list[Step]:
    """How an item reaches the receiver: not at all, once or twice, in time or late."""
    if step.kind in ("click", "automated"):
        return [step]
    if dice.random() < getattr(profile.losses, step.kind, 0.0):
        return []
    told = [_held_back(step, draw(profile.lateness_s, dice))] if dice.random() < profile.disorder_rate else [step]
    if dice.random() < profile.duplicate_rate:
        told.append(_held_back(step, draw(profile.lateness_s, dice)))
    return told


def _held_back(step: Step, seconds: float) -> Step:
    return step._replace(after=step.after + seconds, late=step.late + seconds)
