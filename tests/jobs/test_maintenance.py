"""Replay, rebuild and verify put the fact store right."""

from __future__ import annotations

from tests import factories
from tests.factories import MINUTE, STARTED, callback, generic_body, members_item
from twoticks.jobs.maintenance import rebuild, replay, verify
from twoticks.jobs.runtime import Runtime
from twoticks.records.items import EventsItem

PLAN = factories.CampaignPlan(members=6)
COUNTS = "select toString(kind), uniqExact(seq) from facts group by kind order by kind"


async def live(runtime: Runtime) -> int:
    """A campaign with callbacks, read to the end; gives its id."""
    provider = await factories.add_provider(runtime.directory, "generic")
    campaign = await factories.add_campaign(runtime.database, runtime.facts, provider.id, PLAN)
    statuses = [
        {"msgId": runtime.references.encode(campaign, seq), "status": status, "timestamp": str(STARTED // 1000 + 60)}
        for seq, status in enumerate(("sent", "delivered", "read", "failed"))
    ]
    await runtime.journal.append(members_item(campaign, PLAN))
    await runtime.journal.append(callback(provider.id, generic_body(*statuses), STARTED + MINUTE))
    await runtime.journal.append(
        EventsItem(STARTED, [{"identity": "a", "name": "b", "at": STARTED, "event_id": 1, "props": {}}])
    )
    while await runtime.drain.run_once():
        pass
    return campaign


async def test_a_healthy_store_verifies(runtime: Runtime) -> None:
    await live(runtime)
    assert await verify(runtime) == {"mismatches": []}


async def test_replay_brings_back_what_the_store_lost(runtime: Runtime) -> None:
    await live(runtime)
    before = await runtime.facts.query(COUNTS)
    assert before
    for table in ("facts", "tallies", "members"):
        await runtime.facts.command(f"truncate table {table}")
    done = await replay(runtime)
    assert done == {"blocks": 3, "items": 3}
    assert await runtime.facts.query(COUNTS) == before
    assert (await runtime.facts.query("select count() from members final")) == [(6,)]
    assert await verify(runtime) == {"mismatches": []}


async def test_replay_from_a_block_leaves_earlier_ones_out(runtime: Runtime) -> None:
    await live(runtime)
    last = await runtime.journal.head()
    assert await replay(runtime, last) == {"blocks": 1, "items": 1}
    assert await replay(runtime, last + 1) == {"blocks": 0, "items": 0}


async def test_replay_makes_a_table_again_that_is_gone_and_ends_the_alarm(runtime: Runtime) -> None:
    await live(runtime)
    await runtime.facts.command("drop table members")
    runtime.damage = await runtime.facts.damage()
    assert runtime.damage
    await replay(runtime)
    assert runtime.damage == []
    assert (await runtime.facts.query("select count() from members final")) == [(6,)]


async def test_rebuild_makes_the_tallies_again_from_the_facts(runtime: Runtime) -> None:
    await live(runtime)
    await runtime.facts.command("truncate table tallies")
    assert (await verify(runtime))["mismatches"]
    [(facts,)] = await runtime.facts.query("select count() from facts")
    assert await rebuild(runtime) == {"facts": facts}
    assert await verify(runtime) == {"mismatches": []}
