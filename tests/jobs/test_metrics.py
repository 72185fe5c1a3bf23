"""Prometheus is told totals, and nothing about a person."""

from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import add_provider, generic_body
from twoticks.errors import NotFound
from twoticks.jobs.metrics import RuntimeCollector
from twoticks.jobs.runtime import Runtime
from twoticks.providers.base import CallbackRequest

PHONE = "919812345678"


async def scrape(runtime: Runtime) -> tuple[str, dict[str, float]]:
    registry = CollectorRegistry()
    registry.register(RuntimeCollector(runtime, await runtime.journal.head()))
    text = generate_latest(registry).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert all(not sample.labels for sample in samples)
    return text, {sample.name: sample.value for sample in samples}


async def call_back(runtime: Runtime, secret: str | None = None) -> None:
    provider = await add_provider(runtime.directory, "generic") if not await runtime.directory.all() else None
    provider = provider or (await runtime.directory.all())[0]
    body = generic_body({"msgId": PHONE, "status": "delivered"})
    await runtime.receiver.receive(
        provider.id, secret or provider.callback_secret, CallbackRequest("POST", "", "", {}, body)
    )


async def test_a_fresh_process_tells_nothing_but_zeros(runtime: Runtime) -> None:
    _, values = await scrape(runtime)
    assert set(values.values()) == {0.0}


async def test_callbacks_are_counted_and_the_journal_not_yet_read_too(runtime: Runtime) -> None:
    await call_back(runtime)
    with pytest.raises(NotFound):
        await call_back(runtime, "wrong")
    text, values = await scrape(runtime)
    assert values["twoticks_callbacks_stored_total"] == 1
    assert values["twoticks_callbacks_stored_bytes_total"] > 0
    assert values["twoticks_callbacks_unknown_total"] == 1
    assert values["twoticks_journal_behind_blocks"] == 1
    while await runtime.drain.run_once():
        pass
    text, values = await scrape(runtime)
    assert values["twoticks_journal_behind_blocks"] == 0
    assert values["twoticks_drain_items_total"] == 1
    assert not re.search(PHONE, text)


async def test_trouble_shows(runtime: Runtime) -> None:
    runtime.drain.failing = "Unavailable"
    runtime.damage.append("facts lost part all_1_1_0")
    runtime.redirects.lost = 3
    _, values = await scrape(runtime)
    assert (values["twoticks_drain_failing"], values["twoticks_damage"]) == (1, 1)
    assert values["twoticks_clicks_lost_total"] == 3
