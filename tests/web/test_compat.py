"""The compatible API answers as the original does, and never less than it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from tests.server import Caller
from tests.web.conftest import ATTRIBUTE, PEOPLE, SCRIPT, World, post, records_of
from tests.world import phone
from twoticks.records.tables import CampaignRow

ZONE = ZoneInfo("Asia/Kolkata")
EVENT = {"identity": "555", "type": "event", "evtName": "register", "evtData": {"ID": 555, "mobile": True}}
BAD_EMAIL = {"identity": "556", "type": "profile", "profileData": {"Email": "no address"}}


def days() -> dict[str, str]:
    """Yesterday to tomorrow."""
    today = datetime.now(ZONE)
    return {"from": f"{today - timedelta(days=1):%Y%m%d}", "to": f"{today + timedelta(days=1):%Y%m%d}"}


async def failed(caller: Caller, path: str, body: Any, *, expect: int = 400) -> str:
    """The words of a refusal, which has the original's shape."""
    answer = await caller.theirs(path, body, expect=expect)
    assert answer.keys() == {"status", "error", "code"}
    assert (answer["status"], answer["code"]) == ("fail", expect)
    error: str = answer["error"]
    return error


async def test_an_upload_of_good_records_is_a_success(world: World, caller: Caller) -> None:
    before = world.blocks()
    answer = await caller.theirs("/1/upload", {"d": [EVENT]})
    assert answer == {"status": "success", "processed": 1, "unprocessed": []}
    assert world.blocks() > before


async def test_an_upload_of_some_good_records_is_partial(caller: Caller) -> None:
    answer = await caller.theirs("/1/upload", {"d": [EVENT, BAD_EMAIL]})
    error = "Profile data is incorrect. Email is not valid.Skipped record number : 2"
    assert answer == {
        "status": "partial",
        "processed": 1,
        "unprocessed": [{"status": "fail", "code": 515, "error": error, "record": BAD_EMAIL}],
    }


async def test_an_upload_of_bad_records_alone_fails_with_200(world: World, caller: Caller) -> None:
    before = world.blocks()
    answer = await caller.theirs("/1/upload", {"d": [BAD_EMAIL, {"identity": "1", "type": "event"}, 5]})
    assert (answer["status"], answer["processed"]) == ("fail", 0)
    assert [one["code"] for one in answer["unprocessed"]] == [515, 509, 600]
    assert world.blocks() == before


@pytest.mark.parametrize("flag", ["1", "true", "TRUE"])
async def test_a_dry_run_checks_and_stores_nothing(world: World, caller: Caller, flag: str) -> None:
    before = world.blocks()
    answer = await caller.theirs(f"/1/upload?dryRun={flag}", {"d": [EVENT, BAD_EMAIL]})
    assert (answer["status"], answer["processed"]) == ("partial", 1)
    assert world.blocks() == before


async def test_an_upload_takes_a_thousand_records_and_no_more(caller: Caller) -> None:
    answer = await caller.theirs("/1/upload?dryRun=1", {"d": [EVENT] * 1000})
    assert answer["processed"] == 1000
    assert "1000" in await failed(caller, "/1/upload?dryRun=1", {"d": [EVENT] * 1001})


async def test_subscriptions_are_taken_one_by_one(caller: Caller) -> None:
    changes = [
        {"type": "whatsapp", "value": phone(77), "status": "Unsubscribe"},
        {"type": "whatsapp", "value": phone(77), "status": "Resubscribe"},
        {"type": "whatsapp", "value": "123", "status": "Unsubscribe"},
        {"type": "email", "value": "a@b.example", "status": "Unsubscribe"},
    ]
    answer = await caller.theirs("/1/subscribe", {"d": changes})
    assert (answer["status"], answer["processed"]) == ("partial", 2)
    assert [one["code"] for one in answer["unprocessed"]] == [516, 606]


async def test_a_list_names_the_campaigns_of_its_days(world: World, caller: Caller) -> None:
    answer = await caller.theirs("/1/targets/list.json", days())
    assert answer["status"] == "success"
    [target] = [one for one in answer["targets"] if one["id"] == world.campaign]
    assert target["name"] == f"Order {SCRIPT}{ATTRIBUTE}"
    assert target["status"] == "completed"
    assert datetime.strptime(str(target["scheduled_on"]), "%Y%m%d%H%M").replace(tzinfo=ZONE) <= datetime.now(UTC)
    as_numbers = {name: int(day) for name, day in days().items()}
    assert await caller.theirs("/1/targets/list.json", as_numbers) == answer
    assert (await caller.theirs("/1/targets/list.json", {"from": "20200101", "to": "20200131"}))["targets"] == []


async def test_a_result_has_the_original_counts_and_all_of_ours(world: World, caller: Caller) -> None:
    counts = (await caller.stats(world.campaign))["counts"]
    for given in (world.campaign, str(world.campaign)):
        answer = await caller.theirs("/1/targets/result.json", {"id": given})
        assert answer["status"] == "success"
        result, metadata = answer["result"], answer["metadata"]
        assert result["sent"] == PEOPLE
        assert isinstance(result["clicked"], int)
        assert {name: result[name] for name in ("qualified", "delivered", "viewed", "delivery_errors")} == {
            name: counts[name] for name in ("qualified", "delivered", "viewed", "delivery_errors")
        }
        assert metadata["campaign_name"] == f"Order {SCRIPT}{ATTRIBUTE}"
        assert metadata["campaign_type"] == "WhatsApp"
        assert metadata["completed_at"] <= metadata["last_updated"]


async def test_a_report_has_the_campaigns_of_its_days(world: World, caller: Caller) -> None:
    answer = await caller.theirs("/1/message/report.json", {**days(), "channel": ["whatsapp", "email"]})
    assert answer["status"] == "success"
    [message] = [one for one in answer["messages"] if one["message id"] == world.campaign]
    assert message["message_name"] == f"Order {SCRIPT}{ATTRIBUTE}"
    assert (message["channel"], message["delivery"], message["status"]) == ("whatsapp", "one_time", "completed")
    assert (message["sent"], message["viewed"]) == (PEOPLE, 1)
    assert message["conversion_event"] == "Charged"
    assert message["labels"] == [f"{SCRIPT}{ATTRIBUTE}"]
    assert datetime.strptime(message["start_date"], "%d %b, %Y %H:%M:%S").replace(tzinfo=ZONE) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "restriction",
    [
        {"channel": ["email"]},
        {"status": ["running"]},
        {"label": ["no such label"]},
        {"from": "20200101", "to": "20200131"},
        {"from": "20991231", "to": "20000101"},
    ],
)
async def test_a_report_leaves_out_what_was_not_asked_for(
    world: World, caller: Caller, restriction: dict[str, Any]
) -> None:
    answer = await caller.theirs("/1/message/report.json", {**days(), **restriction})
    assert world.campaign not in [one["message id"] for one in answer["messages"]]


async def test_a_report_by_status_and_label_finds_them(world: World, caller: Caller) -> None:
    body = {**days(), "status": ["completed"], "label": [f"{SCRIPT}{ATTRIBUTE}"], "daily": True}
    answer = await caller.theirs("/1/message/report.json", body)
    assert world.campaign in [one["message id"] for one in answer["messages"]]


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("upload", {}, "(d)"),
        ("upload", {"d": {}}, "(d)"),
        ("upload", {"d": []}, "(d)"),
        ("upload", [], "(d)"),
        ("subscribe", {"d": 5}, "(d)"),
        ("targets/list.json", [], "object"),
        ("targets/list.json", {}, "(from)"),
        ("targets/list.json", {"from": "20260101"}, "(to)"),
        ("targets/list.json", {"from": "2026-01-01", "to": "20260102"}, "(from)"),
        ("targets/list.json", {"from": "20261301", "to": "20260102"}, "(from)"),
        ("targets/list.json", {"from": "00010101", "to": "20260102"}, "(from)"),
        ("targets/list.json", {"from": "20260101", "to": "99991231"}, "(to)"),
        ("targets/list.json", {"from": None, "to": []}, "(from)"),
        ("targets/stop.json", {}, "(id)"),
        ("targets/stop.json", {"id": "one"}, "(id)"),
        ("targets/stop.json", {"id": True}, "(id)"),
        ("targets/stop.json", {"id": 1.5}, "(id)"),
        ("targets/stop.json", {"id": "00000000000000000000000001"}, "(id)"),
        ("targets/result.json", {"id": []}, "(id)"),
        ("message/report.json", {**days(), "status": 5}, "(status)"),
        ("message/report.json", {**days(), "status": "completed"}, "(status)"),
        ("message/report.json", {**days(), "label": [{}]}, "(label)"),
        ("message/report.json", {**days(), "channel": {"whatsapp": 1}}, "(channel)"),
    ],
)
async def test_a_field_that_makes_no_sense_is_named(caller: Caller, path: str, body: Any, word: str) -> None:
    assert word in await failed(caller, f"/1/{path}", body)


@pytest.mark.parametrize("path", ["targets/stop.json", "targets/result.json"])
async def test_an_unknown_campaign_is_not_found(caller: Caller, path: str) -> None:
    for campaign in (0, -1, 999, 2**31, 10**30, "999"):
        assert "There is no campaign" in await failed(caller, f"/1/{path}", {"id": campaign}, expect=404)


async def test_a_completed_campaign_cannot_be_stopped(world: World, caller: Caller) -> None:
    error = await failed(caller, "/1/targets/stop.json", {"id": world.campaign}, expect=409)
    assert error.startswith("A campaign that is completed cannot be stopped")


NOBODY: dict[str, Any] = {
    "common_profile_properties": {"profile_fields": [{"name": "City", "operator": "equals", "value": "Ur"}]}
}


def campaign(world: World, **changes: Any) -> dict[str, Any]:
    body = {
        "name": "Nobody is reached",
        "target_mode": "whatsapp",
        "provider_nick_name": world.generic["nickname"],
        "where": {
            "common_profile_properties": {"profile_fields": [{"name": "City", "operator": "equals", "value": "Ur"}]}
        },
        "content": {
            "message_type": "template",
            "template_name": "order_ready",
            "locale": "en",
            "body": {"replacements": ["Ann", "https://shop.example"]},
        },
        "when": "now",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ...}


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": ...}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a\0b"}, "(name)"),
        ({"name": "x" * 301}, "name"),
        ({"provider_nick_name": "nobody"}, "provider_nick_name"),
        ({"target_mode": "sms"}, "target_mode"),
        ({"where": ...}, "where"),
        ({"segment": "all"}, "where"),
        ({"where": ..., "segment": "vip"}, "segment"),
        ({"where": {**NOBODY, "did_not": [{"event_name": "Charged"}]}}, "did_not"),
        ({"where": nested(200)}, "where"),
        ({"content": ...}, "content"),
        ({"content": {"template_name": "nothing"}}, "content.template_name"),
        ({"content": nested(400)}, "content"),
        ({"control_group": {"type": "campaign", "percentage": 101}}, "control_group.percentage"),
        ({"control_group": {"type": "custom", "name": "x"}}, "control_group"),
        ({"conversion_goal": {"event_name": "Charged", "conversion_time": "6M"}}, "conversion_time"),
        ({"conversion_goal": {"event_name": "Charged"}}, "conversion_time"),
        ({"when": "20300101 10:00"}, "when"),
        ({"labels": "a"}, "labels"),
        ({"labels": ["a"] * 11}, "labels"),
        ({"labels": ["a\0"]}, "(labels[0])"),
        ({"users_limit_overall": 100}, "users_limit_overall"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_field_of_a_campaign_that_makes_no_sense_is_named(
    world: World, caller: Caller, changes: dict[str, Any], word: str
) -> None:
    assert word in await failed(caller, "/1/targets/create.json", campaign(world, **changes))


async def test_an_estimate_creates_nothing(world: World, caller: Caller) -> None:
    async def campaigns() -> int:
        return len((await caller.ours("GET", "/api/v1/campaigns"))["campaigns"])

    before = await campaigns()
    body = campaign(world, where=..., segment="all", estimate_only=True)
    answer = await caller.theirs("/1/targets/create.json", body)
    assert answer["status"] == "success"
    assert answer["estimates"]["qualified"] >= PEOPLE
    assert await campaigns() == before


async def scheduled(world: World) -> int:
    """A campaign whose audience nobody understands: it stays scheduled."""
    async with records_of(world.server) as database, database.transaction() as session:
        done = await session.get_one(CampaignRow, world.campaign)
        names = set(CampaignRow.__table__.columns.keys()) - {"id", "started_at", "completed_at", "qualified"}
        copied = {name: getattr(done, name) for name in names}
        row = CampaignRow(**copied | {"name": "Never", "status": "scheduled", "audience": {"where": {"who": "knows"}}})
        session.add(row)
        await session.flush()
        return row.id


async def test_a_campaign_that_has_not_started_has_no_result_and_can_be_stopped(world: World, caller: Caller) -> None:
    campaign_id = await scheduled(world)
    error = await failed(caller, "/1/targets/result.json", {"id": campaign_id}, expect=409)
    assert error == "Campaign has no result as of yet"
    stopped = await caller.theirs("/1/targets/stop.json", {"id": campaign_id})
    assert stopped["status"] == "success"
    assert (await caller.ours("GET", f"/api/v1/campaigns/{campaign_id}"))["status"] == "stopped"
    await failed(caller, "/1/targets/stop.json", {"id": campaign_id}, expect=409)


@pytest.mark.parametrize("path", ["upload", "subscribe", "targets/create.json", "targets/result.json"])
@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"NaN", b'"\\ud800"'])
async def test_malformed_json_fails_in_the_original_shape(
    world: World, session: aiohttp.ClientSession, path: str, body: bytes
) -> None:
    status, text = await post(session, f"{world.server.url}/1/{path}", body, world.server.compatible)
    answer = json.loads(text)
    assert (status, answer["status"], answer["code"]) == (400, "fail", 400)
    assert answer["error"].startswith("the body ")


async def test_the_content_type_does_not_matter(world: World, session: aiohttp.ClientSession) -> None:
    """Public clients send JSON as form, as text or as nothing at all."""
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""):
        headers = {**world.server.compatible, "content-type": kind}
        body = io.BytesIO(json.dumps({"d": [EVENT]}).encode())
        async with session.post(f"{world.server.url}/1/upload?dryRun=1", data=body, headers=headers) as answer:
            assert answer.status == 200, kind
