from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from twoticks.campaigns.content import plan_content
from twoticks.campaigns.grammar import read_campaign
from twoticks.campaigns.rendering import Content, Member
from twoticks.jobs.demo_plan import campaigns, provider, templates
from twoticks.jobs.demo_world import people
from twoticks.providers.registry import split
from twoticks.providers.sandbox import SandboxAdapter
from twoticks.providers.sandbox_wire import SandboxWire
from twoticks.providers.visitors import links_in
from twoticks.records.tables import TemplateRow
from twoticks.tracking.links import LinkTokens

BASE = "http://127.0.0.1:8080"
BODIES = [plan.body for plan in campaigns()]


def content(body: dict[str, Any]) -> Content:
    given = {template["name"]: template for template in templates(BASE)}[body["content"]["template_name"]]
    row = TemplateRow(
        provider_id=1,
        name=given["name"],
        language=given["language"],
        components=given["components"],
        created_at=datetime.now(UTC),
    )
    return plan_content(row, body["content"], BASE)


def test_the_provider_is_one_that_can_be_configured() -> None:
    public, secrets = split("sandbox", provider()["settings"])
    profile = SandboxAdapter(public, secrets).profile
    assert profile.timeout_rate > 0


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["name"])
def test_every_campaign_can_be_created(body: dict[str, Any]) -> None:
    plan = read_campaign(body)
    assert plan.control_percentage > 0
    assert plan.goal is not None
    assert plan.goal.revenue_property == "Amount"


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["name"])
def test_all_links_of_every_campaign_are_tracked_and_found_by_the_simulator(body: dict[str, Any]) -> None:
    planned = content(body)
    person = next(iter(people(1)))
    member = Member(1, 0, person["identity"], "+919812345678", person["profileData"])
    message = planned.render(member, reference="0|1|abc|0", tokens=LinkTokens(b"k" * 32))
    adapter = SandboxAdapter({"endpoint": "http://127.0.0.1:1/"}, {"signing_secret": "s" * 16})
    received = SandboxWire().read(adapter.request(message).body)
    assert received is not None
    assert planned.links
    assert all(link.tracked for link in planned.links)
    assert len(links_in(received, BASE)) == len(planned.links)


def test_the_sale_has_two_links() -> None:
    assert [link.label for link in content(BODIES[0]).links] == ["Shop the sale", "Gift guide"]


def test_the_first_campaign_does_not_wait_for_everybody() -> None:
    assert campaigns()[0].after_people < 1
