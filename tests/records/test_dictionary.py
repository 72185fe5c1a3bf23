"""Every error has one number, for ever, and no phone number in its text."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.records import dictionary as dictionary_module
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary, redact
from twoticks.vocabulary import NOT_ATTEMPTED_WORDS, NotAttempted, Side


async def number(errors: ErrorDictionary, code: str, text: str, side: Side = Side.DELIVERY) -> int:
    return await errors.number(side, "cloud_api", "undeliverable", code, text, True)


async def test_the_same_error_keeps_its_number(any_database: Database) -> None:
    first = await number(ErrorDictionary(any_database), "131026", "Message undeliverable")
    assert first >= 1
    assert await number(ErrorDictionary(any_database), "131026", "Message undeliverable") == first


async def test_different_errors_have_different_numbers(any_database: Database) -> None:
    errors = ErrorDictionary(any_database)
    numbers = [
        await number(errors, "131026", "a"),
        await number(errors, "131026", "b"),
        await number(errors, "131047", "a"),
        await number(errors, "131026", "a", Side.EXTERNAL),
        await errors.number(Side.DELIVERY, "generic", "undeliverable", "131026", "a", True),
    ]
    assert len(set(numbers)) == 5


async def test_askers_at_the_same_time_get_the_same_number(any_database: Database) -> None:
    dictionaries = [ErrorDictionary(any_database) for _ in range(5)]
    assert len(set(await asyncio.gather(*[number(each, "1", "x") for each in dictionaries]))) == 1


async def test_all_gives_the_words_back(any_database: Database) -> None:
    errors = ErrorDictionary(any_database)
    reason = NotAttempted.OPTED_OUT
    known = await errors.number(Side.INTERNAL, "", "opted_out", reason, NOT_ATTEMPTED_WORDS[reason][0], True)
    row = (await errors.all())[known]
    assert (row.side, row.provider_kind, row.kind, row.code) == ("internal", "", "opted_out", "opted_out")
    assert (row.text, row.permanent) == ("Opted out of WhatsApp", True)


async def test_texts_that_differ_by_a_phone_number_are_one(any_database: Database) -> None:
    errors = ErrorDictionary(any_database)
    first = await number(errors, "1", "No account for +91 98123 45678")
    assert await number(errors, "1", "No account for +919812345679") == first
    assert (await errors.all())[first].text == "No account for …"


async def test_endless_texts_of_one_code_end_in_one_number(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary_module, "TEXTS_PER_CODE", 3)
    errors = ErrorDictionary(any_database)
    numbers = [await number(errors, "1", f"trace {letter}") for letter in "abcdefgh"]
    assert len(set(numbers)) == 4
    assert len(set(numbers[3:])) == 1
    assert (await errors.all())[numbers[3]].text == ""
    assert [await number(ErrorDictionary(any_database), "1", f"trace {letter}") for letter in "abcdefgh"] == numbers


async def test_any_text_can_be_stored(any_database: Database) -> None:
    errors = ErrorDictionary(any_database)
    assert await number(errors, "c\0" * 100, "nul \0, surrogate \ud800, " + "long " * 100) >= 1


@pytest.mark.parametrize(
    "phone", ["919812345678", "+919812345678", "9812345678", "+91 98123 45678", "+1 (415) 555-2671", "98.12.34.56.78"]
)
def test_phone_numbers_are_redacted(phone: str) -> None:
    assert redact(f"to {phone}: blocked") == "to …: blocked"


def test_codes_stay_readable() -> None:
    assert redact("(#131026) Message undeliverable, see 2023") == "(#131026) Message undeliverable, see 2023"


@given(st.text(max_size=1000))
def test_a_redacted_text_is_short_and_on_one_line(text: str) -> None:
    redacted = redact(text)
    assert len(redacted) <= 300
    assert "\n" not in redacted
    assert redact(redacted) == redacted
