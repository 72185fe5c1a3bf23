"""How an answer that is no acceptance ends: by what it says, then by its HTTP status."""

from __future__ import annotations

import pytest

from twoticks.providers import meta_errors
from twoticks.providers.base import HttpResponse, Incoming, Status
from twoticks.providers.meanings import ON_PREMISES, WHATSAPP, refusal, unsupported, with_meanings
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import ErrorKind

KNOWN = {
    "7": Meaning(ErrorKind.INVALID_NUMBER, "Seven"),
    "8": Meaning(ErrorKind.RATE_LIMIT, "Eight", permanent=False, wait=4),
    "400": Meaning(ErrorKind.MEDIA, "Not this"),
}


def _ends(status: int, **said: object) -> tuple[object, ...]:
    error = refusal(HttpResponse(status), KNOWN, **said)  # type: ignore[arg-type]
    return error.kind, error.code, error.permanent, error.unknown, error.retry_after


@pytest.mark.parametrize("status", [200, 400, 401, 500, 502])
def test_known_code_decides_whatever_the_status(status: int) -> None:
    assert _ends(status, code="7") == (ErrorKind.INVALID_NUMBER, "7", True, False, None)
    assert _ends(status, code="8") == (ErrorKind.RATE_LIMIT, "8", False, False, 4)


@pytest.mark.parametrize(("status", "kind"), [(429, ErrorKind.RATE_LIMIT), (503, ErrorKind.UNAVAILABLE)])
def test_not_now_stays_not_now(status: int, kind: ErrorKind) -> None:
    assert _ends(status, code="7") == (kind, "7", False, False, 1)
    assert _ends(status) == (kind, f"http_{status}", False, False, 1)
    assert _ends(status, code="8")[4] == 4


@pytest.mark.parametrize("status", [200, 204, 500, 502, 504])
def test_answer_that_says_nothing_leaves_it_open(status: int) -> None:
    assert _ends(status) == (ErrorKind.BAD_ANSWER, f"http_{status}", False, True, None)


def test_unknown_code_of_a_server_error_leaves_it_open_too() -> None:
    assert _ends(500, code="9") == (ErrorKind.BAD_ANSWER, "9", False, True, None)
    assert _ends(500, clear=True)[3] is True


def test_no_in_so_many_words_is_final() -> None:
    assert _ends(200, clear=True) == (ErrorKind.OTHER, "http_200", True, False, None)
    assert _ends(200, code="9") == (ErrorKind.OTHER, "9", True, False, None)
    assert _ends(500, meaning=KNOWN["7"]) == (ErrorKind.INVALID_NUMBER, "http_500", True, False, None)


def test_code_that_repeats_the_http_status_says_nothing() -> None:
    assert _ends(400, code="400") == (ErrorKind.OTHER, "http_400", True, False, None)
    assert _ends(500, code="500")[3] is True
    assert _ends(404, code="400")[0] is ErrorKind.MEDIA


def test_words_are_cut() -> None:
    error = refusal(HttpResponse(400), {}, code="x" * 100, text="y" * 1000)
    assert (len(error.code), len(error.text)) == (64, 300)


def test_codes_of_both_interfaces_do_not_contradict_each_other() -> None:
    for code in ON_PREMISES.keys() & meta_errors.CODES.keys():
        assert ON_PREMISES[code].kind is meta_errors.CODES[code].kind
    assert all(not meaning.permanent for meaning in WHATSAPP.values() if meaning.wait is not None)


def test_only_failures_with_codes_unknown_to_meta_get_another_meaning() -> None:
    items = [
        Status("failed", None, "a", kind="other", code="1026", text=meta_errors.OTHER.text),
        Status("failed", None, "b", kind="other", code="1026", text="Words"),
        Status("failed", None, "c", kind="x", code="131026", text="y"),
        Status("failed", None, "d", kind="other", code="987654", text="z"),
        Status("failed", None, "e", kind="other", text="z"),
        Status("sent", None, "f"),
        Incoming("919999999999", None, "text"),
    ]
    first, second, *others = with_meanings(items, WHATSAPP)
    meaning = WHATSAPP["1026"]
    assert isinstance(first, Status)
    assert isinstance(second, Status)
    assert (first.kind, first.text, first.permanent) == (meaning.kind, meaning.text, True)
    assert (second.kind, second.text) == (meaning.kind, "Words")
    assert others == items[2:]


def test_unsupported_part_is_final() -> None:
    error = unsupported("a location", "Nobody")
    assert (error.kind, error.code, error.permanent) == (ErrorKind.INVALID_TEMPLATE, "unsupported", True)
    assert error.text == "Twoticks cannot pass a location to Nobody"
