"""Which doors are open to strangers: a new route is closed, or is written down here."""

from __future__ import annotations

import warnings
from unittest.mock import MagicMock

import aiohttp
import pytest
from litestar.routes import HTTPRoute

from tests.server import Caller
from tests.web.conftest import World, records_of
from twoticks.records.accounts import check_key, create_key, revoke_key
from twoticks.settings import Settings
from twoticks.web.app import App

OPEN = {
    ("GET", "/"),  # leads to the campaigns, which are closed
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),  # open to this machine alone
    ("GET", "/api"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/{path:str}"),  # nothing there
    ("GET", "/static/{file_path:path}"),
    ("HEAD", "/static/{file_path:path}"),
}
RAW_DOORS = {"/callbacks/", "/c/"}


def application(settings: Settings) -> App:
    """The application without anything behind it."""
    runtime = MagicMock()
    runtime.settings = settings
    runtime.key.derive.return_value = bytes(32)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return App(runtime)


def routes() -> set[tuple[str, str]]:
    """Method and path of every route of the application, without the answers to OPTIONS that the framework adds."""
    app = application(Settings())
    assert app.doors.keys() == RAW_DOORS
    assert all(isinstance(route, HTTPRoute) for route in app.litestar.routes)
    return {
        (str(method), route.path)
        for route in app.litestar.routes
        for method in route.methods  # type: ignore[union-attr]
        if method != "OPTIONS"
    }


ROUTES = routes()
CLOSED = sorted(ROUTES - OPEN)
PAGES = [(method, path) for method, path in CLOSED if not path.startswith(("/api/", "/1/"))]
OURS = [(method, path) for method, path in CLOSED if path.startswith("/api/")]
THEIRS = [(method, path) for method, path in CLOSED if path.startswith("/1/")]


@pytest.fixture(scope="module")
def filled(world: World) -> dict[str, str]:
    """What stands in for the variable parts of paths."""
    return {"{campaign_id:int}": str(world.campaign), "{provider_id:int}": "1", "{action:str}": "stop"}


def fill(path: str, filled: dict[str, str]) -> str:
    for name, value in filled.items():
        path = path.replace(name, value)
    assert "{" not in path
    return path


async def ask(
    world: World, session: aiohttp.ClientSession, method: str, path: str, **headers: str
) -> tuple[aiohttp.ClientResponse, str]:
    async with session.request(method, world.server.url + path, headers=headers, allow_redirects=False) as answer:
        return answer, await answer.text()


def test_no_open_route_is_unknown_or_gone() -> None:
    assert ROUTES >= OPEN
    assert {path for _, path in PAGES} >= {"/campaigns", "/campaigns/{campaign_id:int}"}
    assert len(OURS) >= 20
    assert len(THEIRS) == 7


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
async def test_an_open_door_answers_a_stranger(
    world: World, session: aiohttp.ClientSession, method: str, path: str
) -> None:
    answer, _ = await ask(world, session, method, path.replace("{file_path:path}", "app.css"))
    # Forms are posted with a token of ours: without it they are refused, whoever sends them.
    special = {"/": 302, "/api/{path:str}": 404}
    assert answer.status == (403 if method == "POST" else special.get(path, 200))


def wrong_credentials(world: World, revoked: str) -> list[dict[str, str]]:
    passcode, account = world.server.passcode, world.server.account_id
    both = {"x-clevertap-account-id": account}
    return [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {passcode[:-1]}"},
        {"authorization": f"Bearer {passcode}x"},
        {"authorization": f"Basic {passcode}"},
        {"authorization": passcode},
        {"authorization": f"Bearer {revoked}"},
        {"authorization": "Bearer é"},
        {"cookie": f"twoticks={passcode}"},
        {"x-clevertap-passcode": passcode},
        {**both},
        {**both, "x-clevertap-passcode": ""},
        {**both, "x-clevertap-passcode": passcode[:-1]},
        {**both, "x-clevertap-passcode": revoked},
        {"x-clevertap-account-id": "AAA-AAA-AAAA", "x-clevertap-passcode": passcode},
        {"x-clevertap-account-id": account.lower(), "x-clevertap-passcode": passcode},
    ]


@pytest.fixture
async def revoked(world: World) -> str:
    """A passcode that was good a moment ago."""
    async with records_of(world.server) as database:
        _, passcode = await create_key(database, "revoked")
        key = await check_key(database, passcode)
        assert key is not None
        await revoke_key(database, key)
    return passcode


async def test_every_other_door_is_closed_to_a_stranger(
    world: World, session: aiohttp.ClientSession, filled: dict[str, str], revoked: str
) -> None:
    for method, path in OURS + THEIRS:
        for credentials in wrong_credentials(world, revoked):
            answer, text = await ask(world, session, method, fill(path, filled), **credentials)
            assert answer.status == 401, (method, path, credentials.keys(), text)
            assert world.server.passcode not in text


async def test_each_interface_takes_its_own_credentials_only(
    world: World, session: aiohttp.ClientSession, filled: dict[str, str]
) -> None:
    for method, path in OURS:
        answer, _ = await ask(world, session, method, fill(path, filled), **world.server.compatible)
        assert answer.status == 401, path
    for method, path in THEIRS:
        answer, _ = await ask(world, session, method, fill(path, filled), **world.server.bearer)
        assert answer.status == 401, path


async def test_the_compatible_interface_refuses_in_its_own_words(world: World, session: aiohttp.ClientSession) -> None:
    for method, path in THEIRS:
        answer, text = await ask(
            world, session, method, path, **{"x-clevertap-account-id": "no", "x-clevertap-passcode": "no"}
        )
        assert answer.content_type == "application/json"
        assert text == '{"status":"fail","error":"Account ID is not valid","code":401}'
    headers = {"x-clevertap-account-id": world.server.account_id, "x-clevertap-passcode": "no"}
    _, text = await ask(world, session, "POST", "/1/upload", **headers)
    assert text == '{"status":"fail","error":"Invalid Credentials","code":401}'


async def test_a_page_leads_a_stranger_to_the_sign_in(
    world: World, session: aiohttp.ClientSession, filled: dict[str, str]
) -> None:
    for method, pattern in PAGES:
        path = fill(pattern, filled)
        answer, _ = await ask(world, session, method, path, accept="text/html,*/*;q=0.8")
        if method == "GET":
            assert (answer.status, answer.headers["location"]) == (303, f"/sign-in?next={path}"), path
        else:
            assert answer.status == 403, path
        answer, text = await ask(world, session, method, path)
        assert answer.status == (401 if method == "GET" else 403)
        assert "Order" not in text


async def test_no_stranger_has_stopped_the_campaign(world: World, caller: Caller) -> None:
    campaign = await caller.ours("GET", f"/api/v1/campaigns/{world.campaign}")
    assert campaign["status"] == "completed"


@pytest.mark.parametrize("headers", [{"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}])
async def test_metrics_behind_a_proxy_need_a_passcode(
    world: World, session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    answer, text = await ask(world, session, "GET", "/metrics", **headers)
    assert answer.status == 401
    assert "twoticks_" not in text
    answer, text = await ask(world, session, "GET", "/metrics", **headers, **world.server.bearer)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"


async def test_an_unknown_address_is_not_found_in_the_words_of_its_interface(
    world: World, session: aiohttp.ClientSession
) -> None:
    for path in ("/nowhere", "/api/v1/nowhere", "/static/nowhere", "/static/..%2fapp.py", "/static/%2e%2e/app.py"):
        answer, text = await ask(world, session, "GET", path)
        assert (answer.status, text) == (404, '{"error":{"message":"there is nothing at this address"}}'), path
    answer, text = await ask(world, session, "POST", "/1/nowhere")
    assert text == '{"status":"fail","error":"there is nothing at this address","code":404}'
