from __future__ import annotations

from random import Random

import pytest

from twoticks.providers.visitors import links_in, person, program
from twoticks.providers.wire import Received
from twoticks.tracking.bots import automated
from twoticks.tracking.links import LinkTokens

ORIGIN = "https://twoticks.example"
TOKEN = LinkTokens(b"k" * 32).encode(3, 7, 1)


@pytest.mark.parametrize("seed", range(20))
def test_people_are_not_taken_for_programs(seed: int) -> None:
    headers = {name.lower(): value for name, value in person(Random(seed)).items()}
    assert automated("GET", headers) is None


@pytest.mark.parametrize("seed", range(20))
def test_programs_are_recognised(seed: int) -> None:
    method, headers = program(Random(seed))
    assert automated(method, {name.lower(): value for name, value in headers.items()}) is not None


def test_links_in_texts_and_buttons_are_found_once() -> None:
    link = f"{ORIGIN}/c/{TOKEN}"
    message = Received("91", "r", texts=(f"Order: {link}", link), endings=(TOKEN,))
    assert links_in(message, ORIGIN) == (link,)


@pytest.mark.parametrize(
    "text",
    [
        "http://169.254.169.254/c/latest",
        "https://twoticks.example.evil.example/c/abc",
        "https://twoticks.example/d/abc",
        "https://twoticks.example@evil.example/c/abc",
    ],
)
def test_no_other_host_is_visited(text: str) -> None:
    assert links_in(Received("91", "r", texts=(text,)), ORIGIN) == ()


def test_the_end_of_another_address_is_no_token() -> None:
    assert links_in(Received("91", "r", endings=("order-1023", "a/b", "")), ORIGIN) == ()
