"""The plain oracle of the reports: random facts, nonsense included, and what each report must say of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from twoticks.facts.fact import FactBatch
from twoticks.facts.store import FactStore
from twoticks.reports.question import CampaignContext, ErrorWord, GoalLabel, LinkLabel
from twoticks.vocabulary import Capabilities, FactKind

STARTED = 1_790_000_000_000
QUARTER = 15 * 60_000
NOW = STARTED + 3 * 24 * 3_600_000
_campaigns = count(1)


@dataclass(frozen=True)
class Told:
    """One fact."""

    kind: FactKind
    seq: int
    at: int = STARTED
    key: int = 0
    event: int = 0


def word(number: int, side: str = "external", code: str = "", text: str = "", **more: Any) -> ErrorWord:
    values: dict[str, Any] = {"provider_kind": "generic", "kind": "other", "permanent": True, **more}
    return ErrorWord(number=number, side=side, code=code or f"c{number}", text=text or f"text {number}", **values)


WORDS = {
    1: word(1, "internal", "opted_out", provider_kind="", kind=""),
    2: word(2, "external", "b", "second", kind="authentication"),
    3: word(3, "external", "a", "third", kind="timeout"),
    4: word(4, "delivery", "z", "fourth", kind="undeliverable"),
    5: word(5, "delivery", "b", "fifth", kind="blocked"),
}
LINKS = (
    LinkLabel(1, "Shop", "https://shop.example", True),
    LinkLabel(2, "Help", "https://help.example", True),
)


def context(qualified: int, **changes: Any) -> CampaignContext:
    """A campaign that can have every figure, of a number of its own."""
    plain = CampaignContext(
        id=next(_campaigns),
        name="Test",
        status="running",
        qualified=qualified,
        started_at=STARTED,
        time_zone="Asia/Kolkata",
        control_percentage=10,
        goal=GoalLabel("Charged", 86_400, "Amount"),
        links=LINKS,
        errors=WORDS,
        capabilities=Capabilities(click_callbacks=True),
        currency="INR",
    )
    return replace(plain, **changes)


async def tell(facts: FactStore, campaign: CampaignContext, told: Iterable[Told]) -> None:
    """Write the facts, and members of the campaign."""
    batch = FactBatch()
    for fact in told:
        batch.add(campaign.id, fact.kind, fact.seq, fact.at, fact.at, 1, key=fact.key, event=fact.event)
    await facts.insert_facts(batch)
    seqs = range(campaign.qualified)
    await facts.insert(
        "members",
        pa.table(
            {
                "campaign": pa.array([campaign.id] * campaign.qualified, pa.uint32()),
                "seq": pa.array(seqs, pa.uint32()),
                "identity": [f"user-{seq}" for seq in seqs],
                "phone": [f"+9198{seq:08d}" for seq in seqs],
                "arm": ["target"] * campaign.qualified,
                "held": [""] * campaign.qualified,
                "run": pa.array([0] * campaign.qualified, pa.uint32()),
                "at": pa.array([campaign.started_at] * campaign.qualified, pa.timestamp("ms", "UTC")),
            }
        ),
    )


_times = st.sampled_from([STARTED + quarter * QUARTER for quarter in (0, 0, 1, 3, 50, 96, 97, 300, 900, 3200)])
_KEYS = {FactKind.CLICKED: 3, FactKind.REPLIED: 2}
_ERRORS = {FactKind.NOT_ATTEMPTED, FactKind.REFUSED, FactKind.UNKNOWN, FactKind.FAILED}


@st.composite
def facts_of(draw: st.DrawFn, qualified: int) -> Told:
    """Any fact, for members and for numbers that nobody has."""
    kind = draw(st.sampled_from(FactKind))
    key = 0
    if kind in _ERRORS:
        key = draw(st.integers(1, 6))
    elif kind in _KEYS:
        key = draw(st.integers(0, _KEYS[kind]))
    event = draw(st.integers(0, 3)) if kind in _KEYS else 0
    at = draw(_times) + draw(st.sampled_from([0, 1, 60_000]))
    return Told(kind, draw(st.integers(0, qualified + 1)), at, key, event)


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[CampaignContext, list[Told]]:
    """A campaign of few members and any facts."""
    qualified = draw(st.integers(0, 6))
    return context(qualified), draw(st.lists(facts_of(qualified), max_size=40))


@dataclass
class Oracle:
    """What the facts mean, member by member."""

    campaign: CampaignContext
    told: list[Told]
    sets: dict[str, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.told = [fact for fact in self.told if fact.seq < self.campaign.qualified]
        control = self.having(FactKind.CONTROL)
        exact = {f.seq for f in self.told if f.kind is FactKind.REPLIED and f.key == 0}
        arrived = self.having(FactKind.DELIVERED, FactKind.VIEWED, FactKind.CLICKED) | exact
        everyone = set(range(self.campaign.qualified))
        sent = (self.having(FactKind.SENT, FactKind.FAILED) | arrived) - control
        refused = self.having(FactKind.REFUSED) - sent - control
        unknown = self.having(FactKind.ATTEMPTED, FactKind.UNKNOWN) - sent - refused - control
        not_attempted = self.having(FactKind.NOT_ATTEMPTED) - sent - refused - unknown - control
        delivered = arrived - control
        confirmed = self.having(FactKind.DELIVERED) - control
        failed = self.having(FactKind.FAILED) - control
        viewed = self.having(FactKind.VIEWED) - control
        clicked = self.having(FactKind.CLICKED) - control
        replied = self.having(FactKind.REPLIED) - control
        reached = self.having(FactKind.CONVERTED)
        self.sets = {
            "qualified": everyone,
            "control": control,
            "waiting": everyone - control - sent - refused - unknown - not_attempted,
            "not_attempted": not_attempted,
            "refused": refused,
            "unknown": unknown,
            "sent": sent,
            "delivered": delivered,
            "delivered_confirmed": confirmed,
            "delivered_implied": delivered - confirmed,
            "viewed": viewed,
            "clicked": clicked,
            "replied": replied,
            "replied_exact": exact - control,
            "replied_last_message": replied - exact,
            "converted": reached & sent,
            "converted_target": reached - control,
            "converted_control": reached & control,
            "delivery_errors": failed - delivered,
            "pending": sent - delivered - failed,
            "viewed_not_clicked": viewed - clicked,
            "delivered_not_viewed": delivered - viewed,
            "sent_not_delivered": sent - delivered,
        }

    def having(self, *kinds: FactKind) -> set[int]:
        return {fact.seq for fact in self.told if fact.kind in kinds}

    def first(self, name: str, proofs: Iterable[tuple[FactKind, int | None]]) -> dict[int, int]:
        """When each message of a set had its first fact of these kinds (and key, unless None)."""
        wanted = set(proofs)
        found: dict[int, int] = {}
        for fact in self.told:
            if fact.seq in self.sets[name] and ({(fact.kind, None), (fact.kind, fact.key)} & wanted):
                found[fact.seq] = min(fact.at, found.get(fact.seq, fact.at))
        return found

    def events(self, kind: FactKind) -> dict[int, int]:
        """How often each link was clicked (or messages replied to, under 0) by others than the control group."""
        ours = [f for f in self.told if f.kind is kind and f.seq not in self.sets["control"]]
        link = (lambda fact: fact.key) if kind is FactKind.CLICKED else (lambda fact: 0)
        totals = {}
        for number in {link(fact) for fact in ours}:
            here = [fact for fact in ours if link(fact) == number]
            own = {fact.event for fact in here if fact.event}
            seen = {fact.seq for fact in here if fact.event}
            totals[number] = len(own) + len({fact.seq for fact in here} - seen)
        return totals
