from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports.oracle import Oracle, Told, campaigns, context, tell
from twoticks.errors import BadInput
from twoticks.facts.store import FactStore
from twoticks.reports.failures import errors
from twoticks.reports.people import LISTS, Person, people
from twoticks.reports.question import CampaignContext
from twoticks.vocabulary import Capabilities, FactKind

any_facts = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


async def walk(facts: FactStore, campaign: CampaignContext, bucket: str, key: str | None, limit: int) -> list[int]:
    seqs: list[int] = []
    cursor = None
    while True:
        page = await people(facts, campaign, bucket, key, cursor, limit)
        assert len(page.people) <= limit
        seqs += [person.seq for person in page.people]
        cursor = page.next_cursor
        if cursor is None:
            assert page.total == len(seqs)
            return seqs


@any_facts
@given(case=campaigns(), bucket=st.sampled_from(LISTS), limit=st.integers(1, 4))
async def test_pages_hold_exactly_the_people_the_overview_counts(
    facts: FactStore, case: tuple[CampaignContext, list[Told]], bucket: str, limit: int
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    expected = sorted(Oracle(campaign, told).sets[bucket])
    assert await walk(facts, campaign, bucket, None, limit) == expected


@any_facts
@given(case=campaigns())
async def test_every_row_of_the_errors_opens_to_its_people(
    facts: FactStore, case: tuple[CampaignContext, list[Told]]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    oracle = Oracle(campaign, told)
    listed: dict[str, list[int]] = {}
    for row in (await errors(facts, campaign)).errors:
        seqs = await walk(facts, campaign, row.bucket, row.key, 3)
        assert len(seqs) == row.count
        listed[row.bucket] = listed.get(row.bucket, []) + seqs
    for bucket in ("not_attempted", "refused", "unknown", "delivery_errors"):
        assert sorted(listed.get(bucket, [])) == sorted(oracle.sets[bucket])


@any_facts
@given(case=campaigns(), link=st.integers(0, 3))
async def test_clicks_of_one_link_open_to_its_people(
    facts: FactStore, case: tuple[CampaignContext, list[Told]], link: int
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    clicked = {f.seq for f in told if f.kind is FactKind.CLICKED and f.key == link}
    expected = sorted(clicked & Oracle(campaign, told).sets["clicked"])
    assert await walk(facts, campaign, "clicked", str(link), 2) == expected


async def test_a_person_is_shown_with_identity_phone_and_arm(facts: FactStore) -> None:
    campaign = context(2)
    await tell(facts, campaign, [Told(FactKind.SENT, 1)])
    page = await people(facts, campaign, "sent", None, None, 10)
    assert page.people == [Person(seq=1, identity="user-1", phone="+919800000001", arm="target")]
    assert page.rows() == (["seq", "identity", "phone", "arm"], [[1, "user-1", "+919800000001", "target"]])


async def test_a_message_without_a_member_is_still_listed(facts: FactStore) -> None:
    campaign = context(0)
    await tell(facts, campaign, [Told(FactKind.SENT, 0)])
    wider = context(1, id=campaign.id)
    page = await people(facts, wider, "sent")
    assert (page.total, page.people) == (1, [Person(seq=0, identity="", phone="", arm="")])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"bucket": "everyone"}, "in"),
        ({"bucket": "sent", "key": "1"}, "key"),
        ({"bucket": "qualified", "key": "1"}, "key"),
        ({"bucket": "waiting", "key": "1"}, "key"),
        ({"bucket": "clicked", "key": "4294967296"}, "key"),
        ({"bucket": "clicked", "key": "-1"}, "key"),
        ({"bucket": "clicked", "key": "x"}, "key"),
        ({"bucket": "refused", "key": "external:b:00"}, "key"),
        ({"bucket": "sent", "cursor": "!"}, "cursor"),
        ({"bucket": "sent", "cursor": "AAAAAAAAAAAA"}, "cursor"),
        ({"bucket": "sent", "cursor": "é"}, "cursor"),
        ({"bucket": "sent", "limit": 0}, "limit"),
        ({"bucket": "sent", "limit": 1001}, "limit"),
    ],
)
async def test_what_names_no_list_page_or_key_is_refused(
    facts: FactStore, changes: dict[str, str | int], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await people(facts, context(3), **changes)  # type: ignore[arg-type]
    assert caught.value.field == field


async def test_a_cursor_of_another_list_is_refused(facts: FactStore) -> None:
    campaign = context(3)
    await tell(facts, campaign, [Told(FactKind.SENT, seq) for seq in range(3)])
    cursor = (await people(facts, campaign, "sent", None, None, 1)).next_cursor
    for other, bucket in ((campaign, "pending"), (context(3), "sent")):
        with pytest.raises(BadInput):
            await people(facts, other, bucket, None, cursor, 1)


async def test_a_list_that_is_not_supported_says_why(facts: FactStore) -> None:
    page = await people(facts, context(3, capabilities=Capabilities(viewed=False)), "viewed")
    assert (page.total, page.people) == (None, [])
    assert page.unsupported == "the provider sends no read receipts"
