"""Numbers opt out and in through the compatible API."""

from __future__ import annotations

import pytest

from twoticks.errors import BadInput
from twoticks.people.consent import read_subscribe
from twoticks.records.items import ProfilesItem

NOW = 1_760_000_000_000


def test_numbers_opt_out_and_in() -> None:
    body = {
        "d": [
            {"type": "whatsapp", "value": "+919213231415", "status": "Unsubscribe"},
            {"type": "whatsapp", "value": "92132 31416", "status": "Resubscribe"},
        ]
    }
    result = read_subscribe(body, region="IN", now_ms=NOW)
    assert result.processed == 2
    assert result.unprocessed == []
    assert result.items == [
        ProfilesItem(
            at=NOW,
            records=[
                {"phone_is": "+919213231415", "props": {"MSG-dndWhatsApp": True}},
                {"phone_is": "+919213231416", "props": {"MSG-dndWhatsApp": False}},
            ],
        )
    ]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"type": "email", "value": "a@example.com", "status": "Unsubscribe"}, 606),
        ({"type": "phone", "value": "+919213231415", "status": "Unsubscribe"}, 606),
        ({"value": "+919213231415", "status": "Unsubscribe"}, 606),
        ({"type": "whatsapp", "value": "+919213231415", "status": "Later"}, 607),
        ({"type": "whatsapp", "value": "+919213231415"}, 607),
        ({"type": "whatsapp", "value": "12", "status": "Unsubscribe"}, 516),
        ({"type": "whatsapp", "status": "Unsubscribe"}, 516),
        (7, 600),
    ],
)
def test_each_fault_has_its_code(record: object, code: int) -> None:
    result = read_subscribe({"d": [record]}, region="IN", now_ms=NOW)
    assert result.processed == 0
    assert result.items == []
    assert [(answer["code"], answer["record"]) for answer in result.unprocessed] == [(code, record)]


def test_a_body_without_records_is_refused() -> None:
    with pytest.raises(BadInput):
        read_subscribe({}, region="IN", now_ms=NOW)
