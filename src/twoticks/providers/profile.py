"""How the simulated provider behaves: delays, losses, refusals, and what people do with their messages."""

from __future__ import annotations

from random import Random
from typing import Annotated

import msgspec

from twoticks.vocabulary import ErrorKind

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=2_592_000)]
Span = tuple[Amount, Amount]
"""The least and the greatest value of a range whose lower half is the likelier one."""


class Losses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of receipts that are never posted, though what they tell did happen."""

    sent: Rate = 0.0
    delivered: Rate = 0.0
    viewed: Rate = 0.0


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One simulated provider. Rates are shares from 0 to 1; every draw follows from `seed` and the message."""

    seed: int = 1

    answer_delay_ms: Span = (5.0, 30.0)
    throttle_rate: Rate = 0.0
    """Share of requests answered with 429."""
    throttle_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 1
    """The Retry-After of those answers, in whole seconds."""
    refusals: dict[ErrorKind, Rate] = {}
    """Share of messages refused for good, by kind of error."""
    timeout_rate: Rate = 0.0
    """Share of requests that get no answer in time."""
    timeout_sends: Rate = 0.5
    """Share of the unanswered ones that are sent all the same: their receipts prove it."""

    delivery_delay_s: Span = (0.5, 4.0)
    failures: dict[ErrorKind, Rate] = {}
    """Share of accepted messages that cannot be delivered, by kind of error."""
    recovery_rate: Rate = 0.0
    """Share of failed messages that are delivered after all, as happens with several devices."""
    view_rate: Rate = 0.7
    """Share of delivered messages that are read."""
    view_delay_s: Span = (2.0, 20.0)
    late_view_rate: Rate = 0.0
    """Share of the read ones that are read much later."""
    late_view_delay_s: Span = (60.0, 1200.0)
    click_rate: Rate = 0.2
    """Share of the read messages with a tracked link in which a link is opened."""
    click_delay_s: Span = (1.0, 10.0)
    click_callback_rate: Rate = 0.0
    """Share of those clicks that the provider also posts as a callback."""
    automated_rate: Rate = 0.0
    """Share of delivered messages whose links a program fetches."""
    reply_rate: Rate = 0.05
    """Share of the read messages that are answered."""
    reply_delay_s: Span = (2.0, 20.0)
    reply_context_rate: Rate = 0.9
    """Share of the answers that name the message they answer."""

    losses: Losses = Losses()
    duplicate_rate: Rate = 0.0
    """Share of callback items that are posted twice."""
    disorder_rate: Rate = 0.0
    """Share of callback items that come late, after those that follow them; also shuffles every batch."""
    lateness_s: Span = (0.0, 5.0)
    """How late those come, and the second ones of the items posted twice."""
    early_rate: Rate = 0.0
    """Share of messages whose first callback is posted before their own answer."""
    batch_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    batch_wait_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 200
    """How long an incomplete batch waits for more."""

    def __post_init__(self) -> None:
        for name in ("refusals", "failures"):
            if sum(getattr(self, name).values()) > 1:
                raise ValueError(f"the rates of {name} add up to more than 1")


def draw(span: Span, dice: Random) -> float:
    """A value of `span`, in its unit: squaring the draw gives the long tail that real delays have."""
    low, high = min(span), max(span)
    return low + (high - low) * dice.random() ** 2


def pick(rates: dict[ErrorKind, float], dice: Random) -> ErrorKind | None:
    """One of the kinds with its own probability, or none of them."""
    level = dice.random()
    for kind, rate in rates.items():
        level -= rate
        if level < 0:
            return kind
    return None
