"""Our API: what it gives, and how it says what is wrong with a request."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import aiohttp
import pytest

from tests.server import Caller
from tests.web.conftest import ATTRIBUTE, PEOPLE, SCRIPT, World, post, raw

REPORTS = ("stats", "trend", "errors", "people", "funnel", "clicks", "conversion", "revenue")


async def refused(caller: Caller, method: str, path: str, body: Any = None, *, expect: int = 400) -> dict[str, Any]:
    """The error of an answer; it says no more than message, field and hint."""
    answer = await caller.ours(method, path, body, expect=expect)
    assert answer.keys() == {"error"}
    error: dict[str, Any] = answer["error"]
    assert error.keys() <= {"message", "field", "hint"}
    assert error["message"]
    return error


@pytest.mark.parametrize("report", REPORTS)
async def test_every_report_is_json_and_csv(world: World, caller: Caller, report: str) -> None:
    path = f"/api/v1/campaigns/{world.campaign}/{report}"
    value = await caller.ours("GET", path)
    assert isinstance(value, dict)
    async with caller.session.get(f"{world.server.url}{path}?format=csv", headers=world.server.bearer) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="campaign-{world.campaign}-')
        assert answer.headers["cache-control"] == "no-store"
        header, *rows = csv.reader(io.StringIO(await answer.text()))
    assert header
    assert all(len(row) == len(header) for row in rows)


async def test_the_page_of_people_is_the_same_as_json_and_csv(world: World, caller: Caller) -> None:
    path = f"{world.server.url}/api/v1/campaigns/{world.campaign}/people?in=sent&limit=3&format="
    async with caller.session.get(path + "json", headers=world.server.bearer) as answer:
        people = (await answer.json())["people"]
    async with caller.session.get(path + "csv", headers=world.server.bearer) as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [int(row["seq"]) for row in rows] == [person["seq"] for person in people]
    assert len(rows) == 3


async def test_no_cell_of_a_csv_runs_as_a_formula(world: World, caller: Caller) -> None:
    path = f"{world.server.url}/api/v1/campaigns/{world.campaign}/people?in=qualified&format=csv"
    async with caller.session.get(path, headers=world.server.bearer) as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert len(rows) == PEOPLE
    assert "'=HYPERLINK(1)" in {row["identity"] for row in rows}
    assert all(row["phone"].startswith("'+91") for row in rows)
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


@pytest.mark.parametrize("path", ["", *(f"/{report}" for report in REPORTS)])
async def test_an_unknown_campaign_is_not_found(caller: Caller, path: str) -> None:
    for campaign in ("0", "999", "-1", str(2**31), "9" * 30, "00000000000000000000099"):
        error = await refused(caller, "GET", f"/api/v1/campaigns/{campaign}{path}", expect=404)
        assert "There is no campaign" in error["message"]


@pytest.mark.parametrize("campaign", ["abc", "1.5", "1%00", "%F0%9F%99%82", "9" * 5000, "1;drop", ""])
async def test_what_is_no_number_is_no_campaign(caller: Caller, campaign: str) -> None:
    for path in ("/stats", "/people"):
        await refused(caller, "GET", f"/api/v1/campaigns/{campaign}{path}", expect=404)


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
async def test_an_unknown_campaign_takes_no_action(caller: Caller, action: str) -> None:
    await refused(caller, "POST", f"/api/v1/campaigns/999/{action}", expect=404)


async def test_actions_that_do_not_fit(world: World, caller: Caller) -> None:
    error = await refused(caller, "POST", f"/api/v1/campaigns/{world.campaign}/resume", expect=409)
    assert error["message"] == "A campaign that is completed cannot run"
    error = await refused(caller, "POST", f"/api/v1/campaigns/{world.campaign}/explode", expect=404)
    assert error["hint"] == "pause, resume, stop"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stats?format=xml", "format"),
        ("stats?format=", "format"),
        ("people?in=nobody", "in"),
        ("people?in=", "in"),
        ("people?in=%00", "in"),
        ("people?cursor=garbage", "cursor"),
        ("people?cursor=%00%FF", "cursor"),
        ("people?cursor=" + "9" * 5000, "cursor"),
        ("people?in=delivery_errors&key=garbage", "key"),
        ("people?in=clicked&key=" + "9" * 40, "key"),
        ("people?in=viewed&key=1", "key"),
        ("people?limit=0", "limit"),
        ("people?limit=1001", "limit"),
        ("people?limit=many", "limit"),
        ("people?limit=" + "9" * 40, "limit"),
        ("trend?interval=year", "interval"),
        ("trend?interval=", "interval"),
        ("trend?time_zone=Mars/Phobos", "time_zone"),
        ("trend?time_zone=../../etc/passwd", "time_zone"),
        ("trend?time_zone=%00", "time_zone"),
        ("funnel?without=everything", "without"),
    ],
)
async def test_a_parameter_that_makes_no_sense_is_named(world: World, caller: Caller, query: str, field: str) -> None:
    error = await refused(caller, "GET", f"/api/v1/campaigns/{world.campaign}/{query}")
    assert error.get("field") == field, error
    assert len(error["message"]) < 300


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("campaigns?before=x", "before"),
        ("campaigns?before=-1", "before"),
        ("campaigns?before=" + "9" * 30, "before"),
        ("campaigns?limit=0", "limit"),
        ("campaigns?name=%00", "name"),
        ("campaigns?label=%00", "label"),
        ("templates?provider_id=" + "9" * 30, "provider_id"),
        ("quarantine/cases", "reason"),
        ("quarantine/cases?reason=a&after=-1", "after"),
        ("quarantine/cases?reason=a&provider=" + "9" * 30, "provider"),
    ],
)
async def test_a_parameter_of_a_list_that_makes_no_sense_is_named(caller: Caller, path: str, field: str) -> None:
    assert (await refused(caller, "GET", f"/api/v1/{path}")).get("field") == field


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "line 1, column 1"),
        (b"  \n", "line 1, column 1"),
        (b'{"nickname": "a",\n "kind" "b"}', "line 2, column 9"),
        ('{"nickname": "é🙂", x}'.encode(), "line 1, column 20"),
        (b'{"nickname":\n\n  NaN}', "line 3, column 3"),
        (b'{"a": 1', "line 1, column 8"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": 1}}', "line 1, column 9"),
        (b'{"a":\n "\xff"}', "line 2, column 3"),
        (b'\xef\xbb\xbf{"a": 1}', "line 1, column 1"),
    ],
)
async def test_malformed_json_is_told_by_line_and_column(
    world: World, session: aiohttp.ClientSession, body: bytes, place: str
) -> None:
    for path in ("providers", "templates", "quarantine/replay"):
        status, text = await post(session, f"{world.server.url}/api/v1/{path}", body, world.server.bearer)
        assert (status, json.loads(text)["error"]["field"]) == (400, place), text


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"[]", b"null", b'"text"', b"1", b"true", b"1e999", b"9" * 5000]
)
async def test_a_body_of_the_wrong_kind_is_refused(world: World, session: aiohttp.ClientSession, body: bytes) -> None:
    for path in ("providers", "templates", "quarantine/replay"):
        status, text = await post(session, f"{world.server.url}/api/v1/{path}", body, world.server.bearer)
        assert status == 400, (path, text[:200])


PROVIDER = {
    "nickname": "another",
    "kind": "generic",
    "settings": {"endpoint": "https://provider.example/send", "waba_number": "919999999999"},
}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nickname": None}, "nickname"),
        ({"nickname": 5}, "nickname"),
        ({"nickname": ""}, "nickname"),
        ({"nickname": "a\nb"}, "nickname"),
        ({"nickname": "a\0b"}, "nickname"),
        ({"nickname": "x" * 101}, "nickname"),
        ({"kind": "pigeon"}, "kind"),
        ({"kind": []}, "kind"),
        ({"settings": []}, "settings"),
        ({"colour": "red"}, "colour"),
        ({"settings": {**PROVIDER["settings"], "colour": "red"}}, "settings.colour"),  # type: ignore[dict-item]
        ({"settings": {**PROVIDER["settings"], "waba_number": 9}}, "settings.waba_number"),  # type: ignore[dict-item]
        ({"settings": {**PROVIDER["settings"], "endpoint": "file:///etc/passwd"}}, "settings.endpoint"),  # type: ignore[dict-item]
        ({"settings": {**PROVIDER["settings"], "rate_per_second": "fast"}}, "settings.rate_per_second"),  # type: ignore[dict-item]
    ],
)
async def test_a_field_of_a_provider_that_makes_no_sense_is_named(
    caller: Caller, change: dict[str, Any], field: str
) -> None:
    error = await refused(caller, "POST", "/api/v1/providers", {**PROVIDER, **change})
    assert error.get("field") == field, error


async def test_a_providers_credentials_are_never_given_back(world: World, caller: Caller) -> None:
    shown = json.dumps(await caller.ours("GET", "/api/v1/providers"))
    assert "plain" in shown
    for secret in ("s3cret-passw0rd", "EAAtoken", "a1a1a1", "verify-me"):
        assert secret not in shown


async def test_a_nickname_and_a_template_are_taken_once(world: World, caller: Caller) -> None:
    body = {**PROVIDER, "nickname": world.generic["nickname"]}
    assert (await refused(caller, "POST", "/api/v1/providers", body, expect=409))["field"] == "nickname"
    components = [{"type": "BODY", "text": "Hi"}]
    template = {"provider": 1, "name": "order_ready", "language": "en", "components": components}
    assert (await refused(caller, "POST", "/api/v1/templates", template, expect=409))["field"] == "name"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": 10**30}, "provider"),
        ({"provider": None}, "provider"),
        ({"name": ""}, "name"),
        ({"name": "a\0"}, "name"),
        ({"language": "??"}, "language"),
        ({"components": {}}, "components"),
        ({"components": [5]}, "components[0]"),
        ({"components": []}, "components"),
        ({"category": "MARKETING"}, "category"),
    ],
)
async def test_a_field_of_a_template_that_makes_no_sense_is_named(
    caller: Caller, change: dict[str, Any], field: str
) -> None:
    body = {"provider": 1, "name": "t", "language": "en", "components": [{"type": "BODY", "text": "Hi"}], **change}
    error = await refused(caller, "POST", "/api/v1/templates", body)
    assert error.get("field", "").startswith(field), error


@pytest.mark.parametrize("path", ["/api/v1/providers", "/1/upload"])
async def test_a_body_over_the_limit_is_refused(world: World, path: str) -> None:
    limit = 8 * 1024 * 1024
    credentials = [f"{name}: {value}" for name, value in {**world.server.bearer, **world.server.compatible}.items()]
    answer = await raw(world, path, [*credentials, f"Content-Length: {limit + 1}"], b"x")
    assert answer.startswith(b"HTTP/1.1 413")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    answer = await raw(
        world, path, [*credentials, "Transfer-Encoding: chunked"], chunk * (limit // 0x10000) + b"1\r\n \r\n"
    )
    assert answer.startswith(b"HTTP/1.1 413")


async def test_campaigns_are_listed_by_what_they_are(world: World, caller: Caller) -> None:
    async def found(query: str) -> list[int]:
        return [one["id"] for one in (await caller.ours("GET", f"/api/v1/campaigns?{query}"))["campaigns"]]

    hostile = aiohttp.helpers.quote(SCRIPT + ATTRIBUTE, safe="")
    assert world.campaign in await found("")
    assert world.campaign in await found("status=completed")
    assert world.campaign in await found(f"label={hostile}")
    assert world.campaign in await found("name=ORDER%20")
    assert await found("status=nothing") == []
    assert await found("name=%25") == []
    assert await found(f"before={world.campaign}") == []


async def test_a_campaign_is_shown_as_planned(world: World, caller: Caller) -> None:
    shown = await caller.ours("GET", f"/api/v1/campaigns/{world.campaign}")
    assert shown["name"] == f"Order {SCRIPT}{ATTRIBUTE}"
    assert (shown["status"], shown["qualified"], shown["provider_id"]) == ("completed", PEOPLE, 1)
    assert shown["goal"] == {"event_name": "Charged", "window_seconds": 5 * 86_400, "revenue_property": "Amount"}
    assert shown["started_at"] <= shown["completed_at"] <= shown["deadline"]
    assert shown["created_at"] <= shown["completed_at"]


async def test_templates_are_listed_by_provider(caller: Caller) -> None:
    names = {row["name"] for row in (await caller.ours("GET", "/api/v1/templates?provider_id=1"))["templates"]}
    assert "order_ready" in names
    assert (await caller.ours("GET", "/api/v1/templates?provider_id=99"))["templates"] == []


async def test_a_group_of_quarantine_is_read_again(world: World, caller: Caller) -> None:
    await post(caller.session, world.generic["status_callback_url"], b"to be read again")
    done = await caller.ours("POST", "/api/v1/quarantine/replay", {"reason": "There is no such reason"})
    assert done == {"read": 0, "released": 0}
    for body, field in (({}, "reason"), ({"reason": 5}, "reason"), ({"reason": "a", "provider": "b"}, "provider")):
        assert (await refused(caller, "POST", "/api/v1/quarantine/replay", body))["field"] == field
    big = {"reason": "a", "provider": 10**30}
    assert (await refused(caller, "POST", "/api/v1/quarantine/replay", big))["field"] == "provider"


async def test_an_unknown_provider_cannot_resume(caller: Caller) -> None:
    await refused(caller, "POST", "/api/v1/providers/99/resume", expect=404)
    assert (await caller.ours("POST", "/api/v1/providers/1/resume"))["paused_reason"] is None


async def test_a_wrong_method_names_the_right_ones(world: World, session: aiohttp.ClientSession) -> None:
    async with session.delete(f"{world.server.url}/api/v1/providers", headers=world.server.bearer) as answer:
        assert answer.status == 405
        assert "POST" in answer.headers["allow"]
