"""The stored form of items of callbacks."""

from __future__ import annotations

from tests.factories import STARTED
from twoticks.callbacks.held import (
    HeldReply,
    Stored,
    decode,
    digest_of,
    encode,
    fingerprint,
    hold_reply,
    hold_status,
    names_a_message,
    reply_event,
)
from twoticks.providers.base import Incoming, Status
from twoticks.records.items import CallbackItem, ProfilesItem
from twoticks.tracking.references import message_digest

STATUS = Status("delivered", "0|1|k7|0", "wamid.1", STARTED, path="statuses[3]")
TEXT = Incoming("919812345678", "in.1", "text", STARTED, "private words", None, "wamid.1", "messages[0]")


def test_what_is_stored_comes_back() -> None:
    stored: list[Stored] = [
        CallbackItem(1, 2, "status", b"\x00\xff"),
        ProfilesItem(1, [{"identity": "ann"}]),
        hold_status(1, STARTED, STATUS),
        hold_reply(1, STARTED, TEXT),
    ]
    for item in stored:
        assert decode(encode(item)) == item


def test_a_redelivered_item_has_the_same_fingerprint_wherever_it_stood() -> None:
    moved = Status("delivered", "0|1|k7|0", "wamid.1", STARTED, path="statuses[77]")
    assert fingerprint(hold_status(1, STARTED, STATUS)) == fingerprint(hold_status(1, STARTED + 5, moved))


def test_any_other_item_has_another_fingerprint() -> None:
    other = Status("viewed", "0|1|k7|0", "wamid.1", STARTED)
    prints = {
        fingerprint(hold_status(1, STARTED, STATUS)),
        fingerprint(hold_status(2, STARTED, STATUS)),
        fingerprint(hold_status(1, STARTED, other)),
        fingerprint(hold_reply(1, STARTED, TEXT)),
        fingerprint(hold_status(1, STARTED, STATUS), "reason"),
    }
    assert len(prints) == 5


def test_a_waiting_reply_keeps_no_text() -> None:
    assert b"private" not in encode(hold_reply(1, STARTED, TEXT))


def test_replies_without_an_id_are_told_apart_by_all_they_hold() -> None:
    one = Incoming("919812345678", None, "text", STARTED, "yes")
    again = Incoming("919812345678", None, "text", STARTED, "yes", path="elsewhere")
    other = Incoming("919812345678", None, "text", STARTED, "no")
    assert reply_event(1, one) == reply_event(1, again)
    assert len({reply_event(1, one), reply_event(1, other), reply_event(2, one)}) == 3


def test_replies_with_an_id_are_told_apart_by_it_alone() -> None:
    changed = Incoming("919812345678", "in.1", "text", None, "")
    assert reply_event(1, TEXT) == reply_event(1, changed)


def test_the_digest_is_that_of_the_message_an_item_is_about() -> None:
    assert digest_of(hold_status(1, STARTED, STATUS)) == message_digest(1, "wamid.1")
    assert digest_of(hold_reply(1, STARTED, TEXT)) == message_digest(1, "wamid.1")
    plain = Incoming("919812345678", "in.1", "text")
    assert digest_of(hold_reply(1, STARTED, plain)) is None


def test_a_reply_names_a_message_by_id_or_by_reference() -> None:
    def held(**names: str) -> HeldReply:
        return hold_reply(1, STARTED, Incoming("919812345678", "in.1", "text", **names))  # type: ignore[arg-type]

    assert names_a_message(held(reply_to_reference="0|1|k7|0"))
    assert names_a_message(held(reply_to_message_id="wamid.1"))
    assert not names_a_message(held())
