from __future__ import annotations

import json
from typing import Any

import pytest

from twoticks.errors import BadInput, Unverified
from twoticks.providers.base import (
    Accepted,
    ButtonValue,
    CallbackRequest,
    HeaderValue,
    HttpResponse,
    OutgoingMessage,
    SendError,
)
from twoticks.providers.registry import build, limits, split
from twoticks.providers.sandbox import SandboxAdapter
from twoticks.providers.sandbox_format import account_token, signature
from twoticks.vocabulary import ErrorKind

SECRET = "a-secret-of-the-sandbox"
ENDPOINT = "http://127.0.0.1:4711/sandbox/messages"
MESSAGE = OutgoingMessage(
    to="+919812345678",
    reference="7|3|abc|7",
    template="diwali",
    language="en",
    header=HeaderValue("image", link="https://shop.example/a.png"),
    body_text="Hi {{1}}",
    body=("Asha",),
    buttons=(ButtonValue(0, "url", "Shop", "https://twoticks.example/c/token", dynamic=True),),
)


def adapter(endpoint: str = ENDPOINT, **settings: Any) -> SandboxAdapter:
    return SandboxAdapter({"endpoint": endpoint, **settings}, {"signing_secret": SECRET})


def answer(status: int, body: object, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, headers, raw)


def refusal(response: HttpResponse) -> SendError:
    with pytest.raises(SendError) as caught:
        adapter().answer(response)
    return caught.value


def callback(body: bytes, header: str | None) -> CallbackRequest:
    headers = {} if header is None else {"x-twoticks-signature": header}
    return CallbackRequest("POST", "https://twoticks.example/callbacks/1/s/status", "", headers, body)


def test_a_send_is_one_json_post_with_all_that_the_message_holds() -> None:
    request = adapter().request(MESSAGE)
    assert (request.method, request.url) == ("POST", ENDPOINT)
    assert request.headers["authorization"] == f"Bearer {account_token(SECRET)}"
    assert json.loads(request.body) == {
        "to": "919812345678",
        "reference": "7|3|abc|7",
        "template": "diwali",
        "language": "en",
        "header": {"type": "image", "link": "https://shop.example/a.png"},
        "body": ["Asha"],
        "buttons": [{"index": 0, "type": "url", "text": "Shop", "value": "https://twoticks.example/c/token"}],
    }


def test_the_secret_is_not_sent() -> None:
    request = adapter().request(MESSAGE)
    assert SECRET not in str(request.headers) + request.body.decode()


def test_without_a_simulator_the_message_is_to_be_tried_again() -> None:
    with pytest.raises(SendError) as caught:
        adapter(endpoint="").request(MESSAGE)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert caught.value.retry_after is not None


def test_an_answer_with_an_id_is_acceptance() -> None:
    assert adapter().answer(answer(200, {"id": "sb.1"})) == Accepted("sb.1")


def test_a_refusal_carries_its_code_and_words() -> None:
    error = {"code": "invalid_number", "title": "The phone number is not valid"}
    caught = refusal(answer(400, {"error": error}))
    assert (caught.kind, caught.code, caught.text) == (ErrorKind.INVALID_NUMBER, error["code"], error["title"])
    assert caught.permanent
    assert not caught.unknown


def test_an_unknown_code_is_kept_as_other() -> None:
    caught = refusal(answer(400, {"error": {"code": "solar_flare"}}))
    assert (caught.kind, caught.code) == (ErrorKind.OTHER, "solar_flare")


@pytest.mark.parametrize(("status", "kind"), [(429, ErrorKind.RATE_LIMIT), (503, ErrorKind.UNAVAILABLE)])
def test_throttling_asks_to_come_back(status: int, kind: ErrorKind) -> None:
    caught = refusal(answer(status, b"", **{"retry-after": "7"}))
    assert (caught.kind, caught.retry_after, caught.permanent) == (kind, 7.0, False)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": ""}', b'{"id": null}', b"\xff"])
@pytest.mark.parametrize("status", [200, 404, 500, 502])
def test_an_answer_that_makes_no_sense_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    caught = refusal(answer(status, body))
    assert (caught.kind, caught.unknown) == (ErrorKind.BAD_ANSWER, True)


def test_a_signed_callback_is_taken() -> None:
    body = '{"items": [{"text": "👍 \\u00e9 \\/"}]}'.encode()
    adapter().verify(callback(body, signature(SECRET, body)))


@pytest.mark.parametrize("change", ["missing", "empty", "truncated", "upper", "other_secret", "other_body", "bare"])
def test_any_other_signature_is_refused(change: str) -> None:
    body = b'{"items": []}'
    good = signature(SECRET, body)
    header = {
        "missing": None,
        "empty": "",
        "truncated": good[:-1],
        "upper": good.upper(),
        "other_secret": signature("another-secret-of-it", body),
        "other_body": signature(SECRET, body + b" "),
        "bare": good.removeprefix("sha256="),
    }[change]
    with pytest.raises(Unverified):
        adapter().verify(callback(body, header))


def test_without_a_secret_nothing_is_verified() -> None:
    body = b"{}"
    with pytest.raises(Unverified):
        SandboxAdapter({}, {}).verify(callback(body, signature("", body)))


def test_a_secret_is_made_up_when_none_is_given() -> None:
    first, second = split("sandbox", {})[1], split("sandbox", {})[1]
    assert len(first["signing_secret"]) >= 32
    assert first != second


def test_a_given_secret_is_kept_apart_from_the_public_settings() -> None:
    public, secrets = split("sandbox", {"signing_secret": SECRET, "profile": {"seed": 3}})
    assert public == {"profile": {"seed": 3}}
    assert secrets == {"signing_secret": SECRET}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        # The sandbox is exempt from the private-address guard, so nobody may point it anywhere.
        ({"endpoint": "http://169.254.169.254/"}, "settings.endpoint"),
        ({"profile": {"view_rate": 1.5}}, "settings.profile.view_rate"),
        ({"profile": {"failures": {"not_on_whatsapp": 0.7, "blocked": 0.7}}}, "settings.profile"),
        ({"profile": {"failures": {"bad_luck": 0.1}}}, "settings"),
        ({"profile": {"view_delay_s": [1]}}, "settings.profile.view_delay_s"),
        ({"profile": {"batch_size": 0}}, "settings.profile.batch_size"),
        ({"profile": {"speed": 3}}, "settings.profile.speed"),
        ({"signing_secret": "short"}, "settings.signing_secret"),
    ],
)
def test_settings_are_refused_by_field(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("sandbox", settings)
    assert caught.value.field is not None
    assert caught.value.field.startswith(field)


def test_the_running_process_gives_the_endpoint() -> None:
    public, secrets = split("sandbox", {"rate_per_second": 450})
    built = build("sandbox", {**public, "endpoint": ENDPOINT}, secrets)
    assert built.request(MESSAGE).url == ENDPOINT
    assert limits("sandbox", public).rate_per_second == 450


def test_it_supports_every_figure_and_needs_no_set_up() -> None:
    able = SandboxAdapter.capabilities
    assert all(getattr(able, name) for name in able.__slots__)
    assert adapter().handshake(callback(b"", None)) is None
