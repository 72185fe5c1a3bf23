from __future__ import annotations

import pytest

from tests.campaigns.parts import insert_people, person
from tests.dispatch.parts import REFERENCES, TOKENS, Drained, items, start_campaign
from twoticks.campaigns.context import Context
from twoticks.dispatch.chunks import Lease
from twoticks.dispatch.messages import Loader
from twoticks.records.items import AttemptItem, NotAttemptedItem

CONTENT = {"template_name": "order_ready", "body": {"replacements": ["${Name}", "https://shop.example/orders"]}}


def lease(campaign: int, *, fence: int = 1) -> Lease:
    return Lease(1, campaign, 0, 9, fence, float("inf"))


@pytest.fixture
def loader(desk: Context) -> Loader:
    return Loader(desk.database, desk.journal, desk.facts, desk.settings.base_url, desk.drained)


async def test_messages_are_made_for_those_who_can_be_sent_to(desk: Context, loader: Loader) -> None:
    people = [person(0), person(1, opted_out=True), person(2), person(3, phone="")]
    await insert_people(desk.facts, people)
    campaign = await start_campaign(desk, content=CONTENT)
    chunk = await loader.load(lease(campaign))
    letters = list(chunk.letters(REFERENCES, TOKENS))
    assert [(seq, message.to, message.body[0]) for seq, message in letters] == [
        (0, people[0]["phone"], "User 0"),
        (2, people[2]["phone"], "User 2"),
    ]
    assert [message.reference for _, message in letters] == [REFERENCES.encode(campaign, seq) for seq in (0, 2)]
    assert letters[0][1].body[1] == f"http://t.example/c/{TOKENS.encode(campaign, 0, 1)}"


async def test_what_changed_since_the_start_counts(desk: Context, loader: Loader) -> None:
    await insert_people(desk.facts, [person(n) for n in range(5)])
    campaign = await start_campaign(desk, content=CONTENT)
    changes = [
        person(0, version=2, erased=True),
        person(1, version=2, opted_out=True),
        person(2, version=2, texts={}),
        person(3, version=2, texts={"Name": "New"}, phone="+919899999999"),
    ]
    await insert_people(desk.facts, changes)
    chunk = await loader.load(lease(campaign))
    letters = list(chunk.letters(REFERENCES, TOKENS))
    # The number is the one of the snapshot: its holder was chosen there.
    assert [(seq, message.to, message.body[0]) for seq, message in letters] == [
        (3, person(3)["phone"], "New"),
        (4, person(4)["phone"], "User 4"),
    ]
    await chunk.leavings.journal(desk.journal)
    await chunk.leavings.journal(desk.journal)
    told = {item.reason: item.seqs for item in await items(desk.journal, NotAttemptedItem)}
    assert told == {"erased": [0], "opted_out": [1], "missing_value": [2]}
    assert len(await items(desk.journal, NotAttemptedItem)) == 3


async def test_a_chunk_leased_again_leaves_out_what_was_tried(desk: Context, loader: Loader) -> None:
    await insert_people(desk.facts, [person(n) for n in range(4)])
    campaign = await start_campaign(desk)
    await desk.journal.append(AttemptItem(at=1, campaign=campaign, seq=1))
    await desk.journal.append(NotAttemptedItem(at=1, campaign=campaign, seqs=[2], reason="missing_value"))
    await desk.journal.append(AttemptItem(at=1, campaign=campaign + 1, seq=0))
    again = await loader.load(lease(campaign, fence=2))
    assert [seq for seq, _ in again.letters(REFERENCES, TOKENS)] == [0, 3]


async def test_only_a_chunk_leased_again_waits_for_the_drain(desk: Context, loader: Loader) -> None:
    await insert_people(desk.facts, [person(0)])
    campaign = await start_campaign(desk)
    assert isinstance(desk.drained, Drained)
    before = desk.drained.asked
    await loader.load(lease(campaign))
    assert desk.drained.asked == before
    await loader.load(lease(campaign, fence=2))
    assert desk.drained.asked == before + 1
