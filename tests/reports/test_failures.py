from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.reports.oracle import STARTED, WORDS, Oracle, Told, campaigns, context, tell, word
from twoticks.facts.store import FactStore
from twoticks.reports.failures import errors
from twoticks.reports.question import CampaignContext
from twoticks.vocabulary import Capabilities, FactKind

any_facts = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
KINDS = {
    "not_attempted": FactKind.NOT_ATTEMPTED,
    "refused": FactKind.REFUSED,
    "unknown": FactKind.UNKNOWN,
    "delivery_errors": FactKind.FAILED,
}


def expected(campaign: CampaignContext, told: list[Told]) -> dict[tuple[str, str, str], int]:
    """How many messages each bucket and reason has: the earliest one, of several at once the first by its words."""
    oracle = Oracle(campaign, told)
    found: dict[tuple[str, str, str], int] = {}
    for bucket, kind in KINDS.items():
        for seq in oracle.sets[bucket]:
            said = [fact for fact in told if fact.seq == seq and fact.kind is kind]
            reasons = [(fact.at, *rank_of(fact.key)) for fact in said]
            _, _, code, text = min(reasons, default=(0, 0, "unrecorded", ""))
            found[bucket, code, text] = found.get((bucket, code, text), 0) + 1
    return found


def rank_of(number: int) -> tuple[int, str, str]:
    return (0, WORDS[number].code, WORDS[number].text) if number in WORDS else (1, "unlisted", "")


@any_facts
@given(case=campaigns())
async def test_every_message_counts_once_under_its_earliest_reason(
    facts: FactStore, case: tuple[CampaignContext, list[Told]]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    rows = (await errors(facts, campaign)).errors
    shown = {(row.bucket, row.code or row.key, row.text): row.count for row in rows}
    assert shown == expected(campaign, told)


@any_facts
@given(case=campaigns())
async def test_each_side_sums_to_the_counts_of_the_overview(
    facts: FactStore, case: tuple[CampaignContext, list[Told]]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    oracle = Oracle(campaign, told)
    value = await errors(facts, campaign)
    sums = {side: sum(row.count for row in value.errors if row.side == side) for side in value.totals}
    sizes = {bucket: len(oracle.sets[bucket]) for bucket in KINDS}
    assert value.totals == {
        "internal": sizes["not_attempted"],
        "external": sizes["refused"] + sizes["unknown"],
        "delivery": sizes["delivery_errors"],
        "dispatch": sizes["not_attempted"] + sizes["refused"] + sizes["unknown"],
    }
    assert sums == value.totals | {"dispatch": 0}


async def test_reasons_come_in_words_with_what_to_do_and_their_share(facts: FactStore) -> None:
    campaign = context(4)
    failed = [Told(FactKind.FAILED, seq, key=4) for seq in (0, 1, 2)]
    await tell(facts, campaign, [*failed, Told(FactKind.FAILED, 3, key=5)])
    first, second = (await errors(facts, campaign)).errors
    assert (first.words, first.count, first.share) == ("The phone could not be reached", 3, 0.75)
    assert (second.words, second.count, second.share) == ("Blocked by the person or by WhatsApp", 1, 0.25)
    assert (second.side, second.bucket, second.code, second.text) == ("delivery", "delivery_errors", "b", "fifth")
    assert second.advice == "Leave these people out of the next campaign."


async def test_an_internal_reason_is_told_in_our_words(facts: FactStore) -> None:
    campaign = context(1)
    await tell(facts, campaign, [Told(FactKind.NOT_ATTEMPTED, 0, key=1)])
    [row] = (await errors(facts, campaign)).errors
    assert (row.side, row.words) == ("internal", "Opted out of WhatsApp")
    assert row.advice == "The person unsubscribed; send again only after they opt in."


async def test_an_attempt_without_any_answer_is_an_error_of_its_own(facts: FactStore) -> None:
    campaign = context(1)
    await tell(facts, campaign, [Told(FactKind.ATTEMPTED, 0)])
    [row] = (await errors(facts, campaign)).errors
    assert (row.side, row.bucket, row.words) == ("external", "unknown", "No answer was recorded")


async def test_a_send_that_was_proven_leaves_the_errors(facts: FactStore) -> None:
    campaign = context(1)
    await tell(facts, campaign, [Told(FactKind.UNKNOWN, 0, key=3), Told(FactKind.REFUSED, 0, key=2)])
    assert [row.bucket for row in (await errors(facts, campaign)).errors] == ["refused"]
    await tell(facts, campaign, [Told(FactKind.DELIVERED, 0)])
    assert (await errors(facts, campaign)).errors == []


async def test_keys_do_not_depend_on_which_error_was_heard_first(facts: FactStore) -> None:
    one = context(2, errors={1: word(1, code="x", text="X"), 2: word(2, code="y", text="Y")})
    other = context(2, errors={1: word(1, code="y", text="Y"), 2: word(2, code="x", text="X")})
    at_once = [(0, STARTED), (1, STARTED)]
    await tell(facts, one, [Told(FactKind.REFUSED, seq, at, key) for seq, at in at_once for key in (1, 2)])
    await tell(facts, other, [Told(FactKind.REFUSED, seq, at, key) for seq, at in at_once for key in (2, 1)])
    first, second = await errors(facts, one), await errors(facts, other)
    assert first == second
    assert [row.code for row in first.errors] == ["x"]


async def test_rows_are_ordered_by_count_and_then_by_words(facts: FactStore) -> None:
    campaign = context(3, errors={1: word(1, text="beta"), 2: word(2, text="alpha"), 3: word(3, text="gamma")})
    await tell(facts, campaign, [Told(FactKind.REFUSED, seq, key=seq + 1) for seq in range(3)])
    assert [row.words for row in (await errors(facts, campaign)).errors] == ["alpha", "beta", "gamma"]


async def test_without_receipts_delivery_errors_are_unsupported(facts: FactStore) -> None:
    campaign = context(2, capabilities=Capabilities(delivered=False))
    await tell(facts, campaign, [Told(FactKind.REFUSED, 0, key=2), Told(FactKind.SENT, 1)])
    value = await errors(facts, campaign)
    assert value.totals == {"internal": 0, "external": 1, "delivery": None, "dispatch": 1}
    assert value.unsupported == {"delivery_errors": "the provider sends no delivery receipts"}


async def test_csv_has_one_line_a_reason(facts: FactStore) -> None:
    campaign = context(1)
    await tell(facts, campaign, [Told(FactKind.REFUSED, 0, key=2)])
    header, rows = (await errors(facts, campaign)).rows()
    assert dict(zip(header, rows[0], strict=True))["count"] == 1
