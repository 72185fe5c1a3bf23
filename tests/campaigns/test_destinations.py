from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twoticks.campaigns.destinations import read_destination
from twoticks.errors import BadInput


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/orders?id=1&x=%20#top",
        "http://shop.example:8080/",
        "HTTPS://SHOP.EXAMPLE/A",
        "https://user@shop.example/",
    ],
)
def test_web_addresses_stay_as_they_are(url: str) -> None:
    assert read_destination(url, "x") == url.replace("HTTPS", "https")


def test_other_letters_become_ascii() -> None:
    assert read_destination("https://bücher.example:81/दि?q=é", "x") == (
        "https://xn--bcher-kva.example:81/%E0%A4%A6%E0%A4%BF?q=%C3%A9"
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//shop.example",
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https:///path",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example/a b",
        "https://shop.example\\@evil.example",
        "https://shop.example:99999999/",
        "https://[::1/",
        "https://shop.example/" + "x" * 2000,
        "https://" + "ü" * 70 + ".example/",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_destination(url, "content.body.replacements[0]")
    assert refused.value.field == "content.body.replacements[0]"
    assert url not in refused.value.message


@given(st.text())
def test_what_is_accepted_may_stand_in_a_header(rest: str) -> None:
    try:
        url = read_destination("https://shop.example/" + rest, "x")
    except BadInput:
        return
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert read_destination(url, "x") == url
