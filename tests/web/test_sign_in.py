"""Signing in and out of the dashboard: cookies, form tokens, and where one is led afterwards."""

from __future__ import annotations

from http.cookies import SimpleCookie

import aiohttp
import pytest

from tests.web.conftest import EMAIL, PASSWORD, Browser, World
from tests.web.test_doors import application
from twoticks.settings import Settings


def cookies(answer: aiohttp.ClientResponse) -> SimpleCookie:
    found = SimpleCookie()
    for value in answer.headers.getall("set-cookie", []):
        found.load(value)
    return found


async def test_a_person_signs_in_and_sees_the_campaigns(person: Browser) -> None:
    answer = await person.sign_in()
    assert (answer.status, answer.headers["location"]) == (303, "/campaigns")
    page, text = await person.get("/campaigns")
    assert page.status == 200
    assert "Sign out" in text


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(person: Browser) -> None:
    answer = await person.sign_in()
    cookie = cookies(answer)["twoticks"]
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["secure"], "over plain http a Secure cookie would not come back"
    assert len(cookie.value) >= 43, "256 random bits"


async def test_the_form_token_is_out_of_reach_of_scripts_too(person: Browser) -> None:
    answer, _ = await person.get("/sign-in")
    cookie = cookies(answer)["twoticks_csrf"]
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "lax"


def test_behind_https_cookies_are_secure_and_stay_with_this_host() -> None:
    app = application(Settings(public_url="https://t.example"))
    config = app.litestar.csrf_config
    assert config is not None
    assert (config.cookie_name, config.cookie_secure, config.cookie_path, config.cookie_domain) == (
        "__Host-csrf",
        True,
        "/",
        None,
    )


async def answered(app: object, path: str, method: str = "GET") -> dict[str, str]:
    """The headers that the application itself answers with."""
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "state": {},
    }
    await app(scope, receive, send)  # type: ignore[operator]
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("url", "strict"), [("https://t.example", "max-age=31536000"), ("", None)])
async def test_behind_https_browsers_are_told_to_stay_there(url: str, strict: str | None) -> None:
    headers = await answered(application(Settings(public_url=url)), "/healthz")
    assert headers.get("strict-transport-security") == strict


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "wrong"),
        (EMAIL, ""),
        ("nobody@shop.example", PASSWORD),
        ("", ""),
        (EMAIL, PASSWORD + " "),
        (EMAIL, "x" * 5000),
    ],
)
async def test_wrong_and_unknown_answer_alike(person: Browser, email: str, password: str) -> None:
    await person.get("/sign-in")
    answer, text = await person.post("/sign-in", email=email, password=password, _csrf_token=person.form_token())
    assert answer.status == 401
    assert "E-mail address or password is wrong." in text
    assert "twoticks" not in cookies(answer)
    assert (await person.get("/campaigns"))[0].status == 303


async def test_the_form_of_a_failed_try_can_be_sent_again(person: Browser) -> None:
    await person.get("/sign-in")
    _, text = await person.post("/sign-in", email=EMAIL, password="wrong", _csrf_token=person.form_token())
    assert person.form_token() in text
    answer, _ = await person.post("/sign-in", email=EMAIL, password=PASSWORD, _csrf_token=person.form_token())
    assert answer.status == 303


async def test_a_form_without_its_token_is_refused(world: World, person: Browser) -> None:
    await person.sign_in()
    for path in ("/sign-in", "/sign-out", f"/campaigns/{world.campaign}/stop"):
        for fields in ({}, {"_csrf_token": ""}, {"_csrf_token": "0" * 128}, {"_csrf_token": person.form_token()[:-1]}):
            answer, _ = await person.post(path, **fields)
            assert answer.status == 403, (path, fields)
    assert (await person.get("/campaigns"))[0].status == 200, "still signed in"


async def test_a_token_without_its_cookie_is_refused(person: Browser, session: aiohttp.ClientSession) -> None:
    await person.get("/sign-in")
    fields = {"email": EMAIL, "password": PASSWORD, "_csrf_token": person.form_token()}
    async with session.post(f"{person.url}/sign-in", data=fields) as answer:
        assert answer.status == 403


async def test_odd_forms_are_no_server_error(person: Browser) -> None:
    await person.get("/sign-in")
    token = person.form_token()
    for body, kind in (
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"_csrf_token=%ff%fe", "application/x-www-form-urlencoded"),
        (b"email=\xff&_csrf_token=" + token.encode(), "application/x-www-form-urlencoded"),
        (b"email=a&email=b&_csrf_token=" + token.encode(), "application/x-www-form-urlencoded"),
        (b"email=a&_csrf_token=x&_csrf_token=" + token.encode(), "application/x-www-form-urlencoded"),
        (b"no boundary at all", "multipart/form-data"),
        (b"--b\r\nnonsense", "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="_csrf_token"; filename="a"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (b"{}", "application/json"),
        (b"[", "application/json"),
        (b"", ""),
    ):
        async with person.session.post(
            f"{person.url}/sign-in", data=body, headers={"content-type": kind}, allow_redirects=False
        ) as answer:
            assert answer.status in (400, 401, 403), (kind, body)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "/@evil.example",
        "user@evil.example",
        "evil.example",
        "",
        "/campaigns\r\nSet-Cookie: a=b",
        "/é\x00",
        " /campaigns",
    ],
)
async def test_nobody_is_led_elsewhere_after_signing_in(person: Browser, target: str) -> None:
    answer = await person.sign_in(next_path=target)
    assert (answer.status, answer.headers["location"]) == (303, "/campaigns")


@pytest.mark.parametrize("target", ["/campaigns/1", "/campaigns/1?interval=hour", "/campaigns/1/people?in=viewed"])
async def test_one_is_led_back_to_where_one_was(person: Browser, target: str) -> None:
    answer = await person.sign_in(next_path=target)
    assert (answer.status, answer.headers["location"]) == (303, target)


async def test_where_one_was_goes_through_the_form(person: Browser) -> None:
    answer, _ = await person.get("/campaigns/1/people")
    location = answer.headers["location"]
    assert location == "/sign-in?next=/campaigns/1/people"
    _, text = await person.get(location)
    assert 'name="next" value="/campaigns/1/people"' in text


async def test_signing_out_ends_the_session_on_the_server(person: Browser) -> None:
    await person.sign_in()
    [kept] = [cookie.value for cookie in person.session.cookie_jar if cookie.key == "twoticks"]
    answer, _ = await person.post("/sign-out", _csrf_token=person.form_token())
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in")
    page, _ = await person.get("/campaigns", cookie=f"twoticks={kept}")
    assert page.status == 303, "the cookie that somebody kept is worth nothing"


async def test_a_session_reads_the_api_and_does_not_write_to_it(world: World, person: Browser) -> None:
    await person.sign_in()
    url = f"{person.url}/api/v1"
    async with person.session.get(f"{url}/campaigns/{world.campaign}/stats") as answer:
        assert answer.status == 200
    for path in (f"campaigns/{world.campaign}/stop", "providers", "templates", "maintenance/rebuild"):
        async with person.session.post(f"{url}/{path}", json={}) as answer:
            assert answer.status == 401, path
        async with person.session.post(f"{url}/{path}", json={}, headers={"x-http-method-override": "GET"}) as answer:
            assert answer.status == 401, path
    async with person.session.post(f"{person.url}/1/upload", json={"d": []}) as answer:
        assert answer.status == 401


async def test_a_signed_in_person_changes_a_campaign_with_the_form(world: World, person: Browser) -> None:
    await person.sign_in()
    answer, _ = await person.post(f"/campaigns/{world.campaign}/stop", _csrf_token=person.form_token())
    assert answer.status == 409, "it is completed: nothing but that stands in the way"


@pytest.mark.parametrize("cookie", ["", "x", "é", "a" * 10_000, "a;b", '"', "\\ud800"])
async def test_a_made_up_cookie_is_nobodys(person: Browser, cookie: str) -> None:
    answer, _ = await person.get("/campaigns", cookie=f"twoticks={cookie}")
    assert answer.status == 303
