"""The contract that every kind of provider keeps."""

from __future__ import annotations

import re

import pytest

from tests.provider_contract import (
    EXAMPLES,
    REFERENCE,
    Recorded,
    adapter_of,
    callback,
    described,
    message,
    recorded,
    storable,
)
from twoticks.errors import BadInput, Unverified
from twoticks.providers.base import Accepted, Adapter, ButtonValue, SendError
from twoticks.providers.registry import KINDS, build, limits, split
from twoticks.vocabulary import Capabilities, ErrorKind

ALL = [one for kind in KINDS for one in recorded(kind)]
SIGNED = [kind for kind in KINDS if EXAMPLES[kind].signature_header]


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """Every kind there is."""
    return request.param


@pytest.fixture
def adapter(kind: str) -> Adapter:
    """The adapter of that kind's example."""
    return adapter_of(kind)


def test_every_kind_has_an_example() -> None:
    assert EXAMPLES.keys() == KINDS.keys()


def test_names_itself_and_what_it_can_tell(kind: str) -> None:
    cls = KINDS[kind]
    assert cls.kind == kind
    assert cls.label
    assert isinstance(cls.capabilities, Capabilities)
    assert isinstance(cls.separate_inbound, bool)


def test_request_is_sendable(kind: str, adapter: Adapter) -> None:
    request = adapter.request(message(**EXAMPLES[kind].message))
    assert request.method == "POST"
    assert request.url.startswith(("https://", "http://127.0.0.1"))
    assert EXAMPLES[kind].reads_body(request.body)
    assert all(re.fullmatch(r"[ -~]*", f"{name}{value}") for name, value in request.headers.items())


def test_request_carries_our_reference(kind: str, adapter: Adapter) -> None:
    example = EXAMPLES[kind]
    assert (example.reads_reference is not None) == adapter.capabilities.reference
    if example.reads_reference is not None:
        request = adapter.request(message(**example.message))
        assert example.reads_reference(example.reads_body(request.body)) == REFERENCE


def test_request_names_the_recipient_in_digits(kind: str, adapter: Adapter) -> None:
    example = EXAMPLES[kind]
    request = adapter.request(message(**example.message))
    assert example.reads_recipient(example.reads_body(request.body)) == "919999999999"


def test_request_of_the_smallest_message(kind: str, adapter: Adapter) -> None:
    small = message(header=None, body=(), body_text="Hello", footer="", buttons=(), custom={})
    assert EXAMPLES[kind].reads_body(adapter.request(small).body)


def test_request_of_the_longest_values(kind: str, adapter: Adapter) -> None:
    example = EXAMPLES[kind]
    ending = "x" * 2000 if example.url_buttons else ""
    buttons = (ButtonValue(0, "url", "Go", ending, dynamic=example.url_buttons),)
    long = message(body=("ü" * 1024, "👋 & = % + \n" * 80), buttons=buttons)
    text = str(example.reads_body(adapter.request(long).body))
    assert "ü" * 1024 in text
    assert ending in text


def test_accepted_answer_gives_the_providers_id(kind: str, adapter: Adapter) -> None:
    assert adapter.answer(EXAMPLES[kind].accepted) == Accepted(EXAMPLES[kind].message_id)


def test_refused_answer_is_final_and_known(kind: str, adapter: Adapter) -> None:
    with pytest.raises(SendError) as caught:
        adapter.answer(EXAMPLES[kind].refused)
    error = caught.value
    assert (error.permanent, error.unknown, error.retry_after) == (True, False, None)
    assert error.kind in (ErrorKind.INVALID_NUMBER, ErrorKind.INVALID_TEMPLATE, ErrorKind.NOT_ON_WHATSAPP)
    assert error.code
    assert error.text


def test_throttled_answer_asks_to_come_back(kind: str, adapter: Adapter) -> None:
    with pytest.raises(SendError) as caught:
        adapter.answer(EXAMPLES[kind].throttled)
    error = caught.value
    assert (error.permanent, error.unknown, error.retry_after) == (False, False, 7.0)
    assert error.kind is ErrorKind.RATE_LIMIT


@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 403, 404, 418, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"OK", b"\xff\xfe", b"<html>Bad Gateway</html>", b'{"error":5}', b'{"status":[1]}'],
)
def test_any_answer_is_accepted_or_a_send_error(adapter: Adapter, status: int, body: bytes) -> None:
    response = EXAMPLES[adapter.kind].accepted.__class__(status, {}, body)
    with pytest.raises(SendError) as caught:
        adapter.answer(response)
    error = caught.value
    assert isinstance(error.kind, ErrorKind)
    assert not (error.unknown and error.retry_after is not None)
    if status in (429, 503):
        assert (error.permanent, error.unknown) == (False, False)
        assert error.retry_after is not None
        assert error.retry_after > 0
    if status in (200, 502, 504):
        assert error.unknown or b"error" in body


def test_a_post_is_no_set_up_request(adapter: Adapter) -> None:
    assert adapter.handshake(callback(b"{}")) is None


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.kind}-{one.name}")
def test_recorded_payload_means_what_its_file_says(one: Recorded) -> None:
    items = adapter_of(one.kind).parse(one.request(one.body))
    assert described(items) == one.expected
    assert all(storable(item) for item in items)


def test_recorded_payloads_cover_what_the_provider_can_tell(kind: str, adapter: Adapter) -> None:
    told = {item.get("status", item["is"]) for one in recorded(kind) for item in one.expected}
    assert {"sent", "delivered", "viewed", "failed", "Incoming", "Unusable"} <= told
    assert ("clicked" in told) == adapter.capabilities.click_callbacks


def test_secrets_are_parted_from_public_settings(kind: str) -> None:
    public, secrets = split(kind, dict(EXAMPLES[kind].settings))
    for word in EXAMPLES[kind].credentials:
        assert word not in str(public)
        assert word in str(secrets)
    assert public.keys().isdisjoint(secrets)
    assert isinstance(build(kind, public, secrets), KINDS[kind])


def test_shared_settings_are_taken_and_stay_public(kind: str) -> None:
    asked = {"rate_per_second": 12.5, "max_concurrent_requests": 7, "timeout_seconds": 3}
    public, secrets = split(kind, {**EXAMPLES[kind].settings, **asked})
    assert asked.items() <= public.items()
    found = limits(kind, public)
    assert (found.rate_per_second, found.concurrency, found.timeout_seconds) == (12.5, 7, 3)
    assert isinstance(build(kind, public, secrets), KINDS[kind])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("rate_per_second", 0),
        ("max_concurrent_requests", 1001),
        ("max_concurrent_requests", "50"),
        ("timeout_seconds", 0),
    ],
)
def test_unusable_setting_is_refused_by_name(kind: str, name: str, value: object) -> None:
    with pytest.raises(BadInput) as caught:
        split(kind, {**EXAMPLES[kind].settings, name: value})
    assert caught.value.field == f"settings.{name}"


def test_settings_of_the_process_are_refused_from_users(kind: str) -> None:
    for name, value in EXAMPLES[kind].process.items():
        with pytest.raises(BadInput) as caught:
            split(kind, {**EXAMPLES[kind].settings, name: value})
        assert caught.value.field == f"settings.{name}"


@pytest.mark.parametrize("kind", SIGNED)
@pytest.mark.parametrize(
    "body", [b"{}", "Zoë 👋".encode(), b'{"a":"\\u00e9 \\/ \\ud83d\\ude00"}', b"\x00\xff", b""], ids=repr
)
def test_right_signature_of_the_raw_bytes_holds(kind: str, body: bytes) -> None:
    example = EXAMPLES[kind]
    adapter_of(kind).verify(callback(body, headers={str(example.signature_header): example.signature(body)}))


BODY = b'{"a":1}'
SPOILS = [
    lambda text: "",
    lambda text: text[:-1],
    lambda text: text + "0",
    lambda text: "sha256=",
    lambda text: text.removeprefix("sha256="),
    lambda text: text.replace("sha256", "SHA256"),
    lambda text: text.replace("sha256", "sha1"),
    lambda text: "sha256=" + text.removeprefix("sha256=").upper(),
    lambda text: f"{text}, {text}",
    lambda text: f" {text}",
    lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
    lambda text: "sha256=é" + text[8:],
    lambda text: "sha256=\udcff" + text[8:],
]
SPOILT = [
    (kind, spoil)
    for kind in SIGNED
    for spoil in SPOILS
    if spoil(EXAMPLES[kind].signature(BODY)) != EXAMPLES[kind].signature(BODY)
]


@pytest.mark.parametrize(("kind", "spoil"), SPOILT)
def test_any_other_signature_is_refused(kind: str, spoil: object) -> None:
    example = EXAMPLES[kind]
    header = spoil(example.signature(BODY))  # type: ignore[operator]
    with pytest.raises(Unverified):
        adapter_of(kind).verify(callback(BODY, headers={str(example.signature_header): header}))


@pytest.mark.parametrize("kind", SIGNED)
def test_missing_signature_is_refused(kind: str) -> None:
    with pytest.raises(Unverified):
        adapter_of(kind).verify(callback(b"{}"))


@pytest.mark.parametrize("kind", SIGNED)
def test_signature_of_another_body_or_secret_is_refused(kind: str) -> None:
    example = EXAMPLES[kind]
    name = str(example.signature_header)
    stranger = type(example)(**{**vars(example), "secret": "another-secret-of-length"})
    for header in (example.signature(b"{} "), stranger.signature(b"{}")):
        with pytest.raises(Unverified):
            adapter_of(kind).verify(callback(b"{}", headers={name: header}))
