from __future__ import annotations

import json

import msgspec
import pyarrow as pa
from hypothesis import HealthCheck, given, settings

from tests.reports.oracle import LINKS, NOW, STARTED, Oracle, Told, campaigns, context, tell
from twoticks.facts.store import FactStore
from twoticks.reports.metrics import COUNTS
from twoticks.reports.overview import overview
from twoticks.reports.question import CampaignContext, LinkLabel
from twoticks.vocabulary import Capabilities, FactKind, ReplyKey

any_facts = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@any_facts
@given(case=campaigns())
async def test_every_count_equals_the_oracle_whatever_the_facts_say(
    facts: FactStore, case: tuple[CampaignContext, list[Told]]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    oracle = Oracle(campaign, told)
    value = await overview(facts, campaign, NOW)
    expected = {name: len(oracle.sets[name]) for name in COUNTS if name in oracle.sets}
    expected |= {
        "clicks_total": sum(oracle.events(FactKind.CLICKED).values()),
        "replies_total": sum(oracle.events(FactKind.REPLIED).values()),
    }
    assert value.counts == expected
    assert (value.replied_exact, value.replied_last_message) == (
        len(oracle.sets["replied_exact"]),
        len(oracle.sets["replied_last_message"]),
    )
    assert value.converted_by_arm.target == len(oracle.sets["converted_target"])
    assert value.converted_by_arm.control == len(oracle.sets["converted_control"])


@any_facts
@given(case=campaigns())
async def test_both_equations_balance_whatever_the_facts_say(
    facts: FactStore, case: tuple[CampaignContext, list[Told]]
) -> None:
    campaign, told = case
    await tell(facts, campaign, told)
    value = await overview(facts, campaign, NOW)
    assert [equation.difference for equation in value.balance.values()] == [0, 0]
    assert value.balance["qualified"].total == campaign.qualified
    for equation in value.balance.values():
        assert min(equation.terms.values()) >= 0
    for rate in value.rates.values():
        assert rate.value is None or 0 <= rate.value <= 1


async def test_telling_everything_twice_and_backwards_changes_nothing(facts: FactStore) -> None:
    told = [
        Told(FactKind.SENT, 0),
        Told(FactKind.FAILED, 0, STARTED + 5, 4),
        Told(FactKind.DELIVERED, 0, STARTED + 9),
        Told(FactKind.CLICKED, 0, STARTED + 10, 1, 77),
    ]
    once, often = context(2), context(2)
    await tell(facts, once, told)
    for fact in reversed(told * 3):
        await tell(facts, often, [fact])
    first, second = await overview(facts, once, NOW), await overview(facts, often, NOW)
    assert first.to_json() == second.to_json()


async def test_an_empty_campaign_has_zeros_and_no_rate(facts: FactStore) -> None:
    value = await overview(facts, context(0), NOW)
    assert set(value.counts.values()) == {0}
    assert {rate.value for rate in value.rates.values()} == {None}
    assert "NaN" not in json.dumps(value.to_json())


async def test_one_message_that_was_only_viewed_was_sent_and_delivered(facts: FactStore) -> None:
    campaign = context(1)
    await tell(facts, campaign, [Told(FactKind.VIEWED, 0)])
    counts = (await overview(facts, campaign, NOW)).counts
    assert [counts[name] for name in ("sent", "delivered", "delivered_implied", "delivered_confirmed")] == [1, 1, 1, 0]


async def test_a_callback_for_a_control_member_counts_nowhere(facts: FactStore) -> None:
    campaign = context(3)
    kinds = [kind for kind in FactKind if kind is not FactKind.CONVERTED]
    await tell(facts, campaign, [Told(kind, 0, event=kind) for kind in kinds])
    counts = (await overview(facts, campaign, NOW)).counts
    assert {name: count for name, count in counts.items() if count} == {"qualified": 3, "control": 1, "waiting": 2}


async def test_a_reply_credited_to_the_last_message_proves_no_delivery(facts: FactStore) -> None:
    campaign = context(2)
    exact, last = ReplyKey.EXACT, ReplyKey.LAST_MESSAGE
    await tell(
        facts, campaign, [Told(FactKind.REPLIED, 0, key=last, event=1), Told(FactKind.REPLIED, 1, key=exact, event=2)]
    )
    value = await overview(facts, campaign, NOW)
    assert (value.counts["replied"], value.counts["replies_total"], value.counts["delivered"]) == (2, 2, 1)
    assert (value.replied_exact, value.replied_last_message) == (1, 1)


async def test_a_click_seen_by_us_and_told_by_the_provider_counts_once(facts: FactStore) -> None:
    campaign = context(3)
    both = [Told(FactKind.CLICKED, 0, key=1, event=9), Told(FactKind.CLICKED, 0, key=1, event=0)]
    only_told = [Told(FactKind.CLICKED, 1, STARTED + n, key=2, event=0) for n in range(3)]
    await tell(facts, campaign, [*both, *only_told])
    counts = (await overview(facts, campaign, NOW)).counts
    assert (counts["clicked"], counts["clicks_total"]) == (2, 2)


async def test_what_a_provider_cannot_tell_is_null_with_the_reason(facts: FactStore) -> None:
    campaign = context(
        2,
        goal=None,
        links=(),
        capabilities=Capabilities(delivered=False, viewed=False, replies=False, click_callbacks=False),
    )
    await tell(facts, campaign, [Told(FactKind.SENT, 0), Told(FactKind.FAILED, 1, key=4)])
    value = await overview(facts, campaign, NOW)
    unknown = {name for name, count in value.counts.items() if count is None}
    assert (
        unknown
        == set(value.unsupported)
        == {
            "delivered",
            "delivered_confirmed",
            "delivered_implied",
            "delivery_errors",
            "pending",
            "viewed",
            "clicked",
            "clicks_total",
            "replied",
            "replies_total",
            "converted",
        }
    )
    assert value.unsupported["clicked"] == "no link of this campaign is tracked"
    assert value.unsupported["viewed"] == "the provider sends no read receipts"
    assert value.converted_by_arm.target is None
    assert value.replied_exact is None
    assert value.balance["sent"].terms == {"delivered": 0, "delivery_errors": 1, "pending": 1}


async def test_some_tracked_links_are_noted(facts: FactStore) -> None:
    links = (*LINKS, LinkLabel(3, "Untracked", "https://other.example", False))
    value = await overview(facts, context(1, links=links, capabilities=Capabilities()), NOW)
    assert (value.links.tracked, value.links.total) == (2, 3)
    assert value.notes == ["2 of 3 links tracked"]
    assert value.counts["clicked"] == 0


async def test_a_goal_reached_without_being_sent_the_message_is_noted(facts: FactStore) -> None:
    campaign = context(3)
    await tell(facts, campaign, [Told(FactKind.CONVERTED, 0), Told(FactKind.CONVERTED, 1), Told(FactKind.SENT, 1)])
    value = await overview(facts, campaign, NOW)
    assert value.counts["converted"] == 1
    assert value.converted_by_arm.target == 2
    assert value.notes == ["1 of the target group reached the goal without being sent the message"]


async def test_automated_hits_are_counted_apart(facts: FactStore) -> None:
    campaign = context(2)
    hits = {"seq": [0, 0, 1], "event": [5, 5, 6]}
    columns = {name: pa.array(values, pa.uint64()) for name, values in hits.items()}
    await facts.insert(
        "automated_hits",
        pa.table(
            {
                "campaign": pa.array([campaign.id] * 3, pa.uint32()),
                "link": pa.array([1] * 3, pa.uint32()),
                "seq": columns["seq"].cast(pa.uint32()),
                "event": columns["event"],
                "at": pa.array([STARTED] * 3, pa.timestamp("ms", "UTC")),
                "reason": ["prefetch"] * 3,
            }
        ),
    )
    value = await overview(facts, campaign, NOW)
    assert (value.automated_hits, value.counts["clicks_total"]) == (2, 0)


async def test_json_has_the_published_keys(facts: FactStore) -> None:
    value = json.loads(msgspec.json.encode(await overview(facts, context(1), NOW)))
    assert value["as_of"] == "2026-09-24T14:13:20.000Z"
    assert list(value["counts"]) == [
        "qualified",
        "control",
        "waiting",
        "not_attempted",
        "refused",
        "unknown",
        "sent",
        "delivered",
        "delivered_confirmed",
        "delivered_implied",
        "viewed",
        "clicked",
        "clicks_total",
        "replied",
        "replies_total",
        "converted",
        "delivery_errors",
        "pending",
    ]
    assert value["unsupported"] == {}
    assert value["rates"]["delivered"] == {"value": None, "of": "sent"}


async def test_csv_says_the_same_as_the_json(facts: FactStore) -> None:
    campaign = context(4, goal=None)
    await tell(facts, campaign, [Told(FactKind.SENT, 0), Told(FactKind.DELIVERED, 1)])
    value = await overview(facts, campaign, NOW)
    header, rows = value.rows()
    lines = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert {name: line["count"] for name, line in lines.items()} == value.to_json()["counts"]
    assert (lines["delivered"]["rate"], lines["delivered"]["rate_of"]) == (0.5, "sent")
    assert lines["converted"]["unsupported"] == "this campaign has no conversion goal"
