from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.providers.base import Incoming, Status, Unusable
from twoticks.providers.sandbox_callbacks import parse
from twoticks.providers.sandbox_wire import SandboxWire
from twoticks.providers.wire import Happening
from twoticks.vocabulary import ErrorKind

AT = 1_790_000_000_000


def batch(*items: Any) -> bytes:
    return json.dumps({"items": items}).encode()


def only(*items: Any) -> Any:
    parsed = parse(batch(*items))
    assert len(parsed) == 1
    return parsed[0]


@pytest.mark.parametrize("word", ["sent", "delivered", "viewed"])
def test_a_status_names_the_message_both_ways(word: Any) -> None:
    item = only({"type": word, "id": "sb.1", "reference": "7|3|abc|7", "at": AT})
    assert item == Status(word, "7|3|abc|7", "sb.1", AT, path="items[0]")


def test_a_failure_says_why() -> None:
    error = {"code": "marketing_limit", "title": "Enough for now"}
    item = only({"type": "failed", "id": "sb.1", "at": AT, "error": error})
    assert (item.kind, item.code, item.text) == (ErrorKind.MARKETING_LIMIT, "marketing_limit", "Enough for now")
    assert not item.permanent


def test_a_failure_without_an_error_is_other() -> None:
    assert only({"type": "failed", "id": "sb.1"}).kind == ErrorKind.OTHER


def test_a_click_tells_the_address_and_the_browser() -> None:
    item = only({"type": "clicked", "id": "sb.1", "url": "https://x.example/c/t", "user_agent": "Mozilla/5.0"})
    assert (item.status, item.url, item.user_agent) == ("clicked", "https://x.example/c/t", "Mozilla/5.0")


def test_a_reply_names_what_it_answers() -> None:
    context = {"id": "sb.1", "reference": "7|3|abc|7"}
    item = only(
        {"type": "incoming", "id": "in.1", "from": "919812345678", "at": AT, "text": "हाँ 👍", "context": context}
    )
    assert item == Incoming("919812345678", "in.1", "text", AT, "हाँ 👍", "7|3|abc|7", "sb.1", "items[0]")


def test_a_reply_without_context_answers_nothing_by_name() -> None:
    item = only({"type": "incoming", "id": "in.1", "from": "+919812345678", "text": "Hello"})
    assert (item.sender, item.reply_to_reference, item.reply_to_message_id) == ("919812345678", None, None)


@pytest.mark.parametrize("at", [None, 0, -1, "soon", True, [], 10**30, 253_402_300_800_000])
def test_an_absurd_time_is_no_time(at: object) -> None:
    assert only({"type": "sent", "id": "sb.1", "at": at}).at is None


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ({"type": "teleported", "id": "sb.1"}, "items[1].type"),
        ({"id": "sb.1"}, "items[1].type"),
        ({"type": "sent"}, "items[1].id"),
        ({"type": "sent", "id": ["sb.1"]}, "items[1].id"),
        ({"type": "incoming", "text": "Hi"}, "items[1].from"),
        ({"type": "incoming", "from": "nobody"}, "items[1].from"),
        (7, "items[1]"),
        (None, "items[1]"),
    ],
)
def test_one_bad_item_does_not_touch_the_others(bad: object, path: str) -> None:
    good = {"type": "sent", "id": "sb.1"}
    parsed = parse(batch(good, bad, good))
    assert [type(item) for item in parsed].count(Status) == 2
    unusable = [item for item in parsed if isinstance(item, Unusable)]
    assert [item.path for item in unusable] == [path]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"{}", b'{"items": {}}', b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_makes_no_sense_is_one_finding(body: bytes) -> None:
    parsed = parse(body)
    assert len(parsed) == 1
    assert isinstance(parsed[0], Unusable)


@given(st.binary(max_size=200))
def test_no_body_raises(body: bytes) -> None:
    parse(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["sent", "incoming", "sb.1"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "id", "from", "at", "error", "context", "items"]), inner, max_size=5
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_raises(value: object) -> None:
    parse(json.dumps({"items": value}).encode())


_HAPPENINGS = st.builds(
    Happening,
    kind=st.sampled_from(["sent", "delivered", "viewed", "failed", "clicked", "incoming"]),
    message_id=st.from_regex(r"sb\.[0-9a-f]{24}", fullmatch=True),
    reference=st.from_regex(r"[0-9]{1,8}\|[0-9]{1,8}\|[a-z]{4}\|[0-9]{1,8}", fullmatch=True),
    at=st.integers(1_600_000_000_000, 2_000_000_000_000),
    sender=st.from_regex(r"91[6-9][0-9]{9}", fullmatch=True),
    text=st.text(max_size=40).filter(lambda text: "\0" not in text and text != ""),
    answers=st.booleans(),
    error=st.sampled_from([ErrorKind.BLOCKED, ErrorKind.UNDELIVERABLE]),
    url=st.just("https://x.example/c/t"),
    user_agent=st.just("Mozilla/5.0"),
)


@given(st.lists(_HAPPENINGS, min_size=1, max_size=20))
def test_what_the_simulator_writes_is_read_back_whole(happenings: list[Happening]) -> None:
    [callback] = SandboxWire().callbacks(happenings, "secret")
    parsed = parse(callback.body)
    assert len(parsed) == len(happenings)
    for happening, item in zip(happenings, parsed, strict=True):
        assert not isinstance(item, Unusable)
        assert item.at == happening.at
        if isinstance(item, Incoming):
            assert (item.sender, item.text) == (happening.sender, happening.text)
            assert item.reply_to_reference == (happening.reference if happening.answers else None)
        else:
            assert (item.status, item.reference) == (happening.kind, happening.reference)
