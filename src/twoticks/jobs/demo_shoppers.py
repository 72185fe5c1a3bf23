"""People of the demo who buy: those who read a campaign's message more often than those who got none."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Any

import aiohttp
import structlog

from twoticks.errors import TwoticksError
from twoticks.jobs.demo_api import Api

log = structlog.get_logger(__name__)

BUYING: dict[str, float] = {"control": 0.035, "not_attempted": 0.035, "sent": 0.035, "viewed": 0.045}
"""Share of a group's people who buy. Readers are among those sent to, so theirs comes on top."""
WITHOUT_MESSAGE = ("control", "not_attempted")
"""People known from the start. They shop at the pace of the sending, or they would all have shopped before it."""
MEAN_WAIT_S = 60.0
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 3600.0
PAGE = 500
LARGEST_UPLOAD = 1000
BRISK_S, GENTLE_S = 3.0, 15.0
"""Seconds between two rounds: brisk at first, so that one can watch, and gentle after `BRISK_FOR_S`."""
BRISK_FOR_S = 120.0
GOODS = (
    ("Diya set", "Home", 399.0), ("Cotton kurta", "Clothing", 1_299.0), ("Silk saree", "Clothing", 4_499.0),
    ("Wireless earbuds", "Electronics", 2_199.0), ("Mixed dry fruits", "Food", 849.0), ("Bedsheet set", "Home", 999.0),
    ("Running shoes", "Shoes", 2_799.0), ("Pressure cooker", "Kitchen", 1_849.0), ("Smart watch", "Watches", 3_499.0),
)  # fmt: skip
PAYMENTS = ("UPI", "UPI", "UPI", "Card", "Cash on delivery", "Wallet")


@dataclass(slots=True)
class _Walk:
    """Reads one list of people page by page, and from the start again once it is through."""

    campaign: int
    bucket: str
    cursor: str = ""

    async def next(self, api: Api) -> list[str]:
        query: dict[str, str | int] = {"in": self.bucket, "limit": PAGE}
        if self.cursor:
            query["cursor"] = self.cursor
        page = await api.get(f"/api/v1/campaigns/{self.campaign}/people", **query)
        self.cursor = page.get("next_cursor") or ""
        return [str(person["identity"]) for person in page["people"]]


@dataclass(slots=True)
class Shoppers:
    """Uploads ``Charged`` events for people whom the API names as readers, as sent to, or as control group."""

    api: Api
    seed: int
    purchases: int = 0
    _walks: dict[int, list[_Walk]] = field(default_factory=dict)
    _asked: set[tuple[int, str, str]] = field(default_factory=set)
    _coming: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)

    def watch(self, campaign: int) -> None:
        """Let people of one more campaign shop."""
        self._walks[campaign] = [_Walk(campaign, bucket) for bucket in BUYING]

    async def run(self, seconds: float = math.inf) -> None:
        """Shop for so long; a round that fails is left out."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            try:
                await self.round()
            except (TwoticksError, aiohttp.ClientError, TimeoutError) as error:
                log.warning("demo_round_failed", error=type(error).__name__)
            await asyncio.sleep(BRISK_S if passed < BRISK_FOR_S else GENTLE_S)

    async def round(self) -> None:
        """Read one page of every list, and upload the purchases that are due."""
        for campaign, walks in list(self._walks.items()):
            progress = await self._progress(campaign)
            for walk in walks:
                share = progress if walk.bucket in WITHOUT_MESSAGE else 1.0
                self._ask(campaign, walk.bucket, await walk.next(self.api), share)
        due = list(islice(self._due(time.time()), LARGEST_UPLOAD))
        if due:
            await self.api.post("/1/upload", {"d": due})
            self.purchases += len(due)

    async def _progress(self, campaign: int) -> float:
        """Share of the target group that waits no more."""
        counts: dict[str, int] = (await self.api.get(f"/api/v1/campaigns/{campaign}/stats"))["counts"]
        return 1 - counts["waiting"] / max(counts["qualified"] - counts["control"], 1)

    def _ask(self, campaign: int, bucket: str, identities: Sequence[str], share: float) -> None:
        """Whether and when each new person buys, which follows from the seed; only `share` of them have their turn."""
        for identity in identities:
            key = campaign, bucket, identity
            if key in self._asked:
                continue
            chances = _chances(self.seed, *key)
            if chances[0] >= share:
                continue
            self._asked.add(key)
            if chances[1] < BUYING[bucket]:
                wait = FIRST_WAIT_S - MEAN_WAIT_S * math.log(1 - chances[2])
                due = time.time() + min(wait, LONGEST_WAIT_S)
                heapq.heappush(self._coming, (due, len(self._asked), purchase(identity, int(due), chances[3:])))

    def _due(self, now: float) -> Iterator[dict[str, Any]]:
        while self._coming and self._coming[0][0] <= now:
            yield heapq.heappop(self._coming)[2]


def purchase(identity: str, at: int, chances: Sequence[float]) -> dict[str, Any]:
    """One ``Charged`` event; `at` in Unix seconds, five `chances` from 0 to 1 decide what was bought."""
    names = {int(chance * len(GOODS)) for chance in chances[: 1 + int(chances[3] * 3)]}
    items: list[dict[str, Any]] = [
        {"Name": name, "Category": category, "Price": price, "Quantity": 1 + int(chances[4] ** 4 * 3)}
        for name, category, price in (GOODS[number] for number in sorted(names))
    ]
    data = {
        "Amount": round(sum(item["Price"] * item["Quantity"] for item in items), 2),
        "Currency": "INR",
        "Payment Mode": PAYMENTS[int(chances[0] * len(PAYMENTS))],
        "Items": items,
    }
    return {"identity": identity, "ts": at, "type": "event", "evtName": "Charged", "evtData": data}


def _chances(seed: int, campaign: int, bucket: str, identity: str) -> list[float]:
    """Eight numbers from 0 to below 1."""
    digest = blake2b(f"{seed}|{campaign}|{bucket}|{identity}".encode(), digest_size=32).digest()
    return [int.from_bytes(digest[n : n + 4]) / 2**32 for n in range(0, 32, 4)]
