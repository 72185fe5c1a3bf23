"""Which link a click callback means."""

from __future__ import annotations

import pytest

from twoticks.callbacks.clicks import UNKNOWN_LINK, Links, clicked_link, plain_url
from twoticks.tracking.links import LinkTokens

TOKENS = LinkTokens(b"k" * 32)
LINKS = Links([(2, "https://Shop.example/Orders/", False), (1, "https://shop.example/", True)])


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/Orders",
        "http://SHOP.example/Orders/",
        "shop.example/Orders",
        " https://shop.example/Orders ",
    ],
)
def test_an_address_is_recognised_without_what_providers_change(url: str) -> None:
    assert clicked_link(LINKS, TOKENS, 7, 3, url) == (2, False)


@pytest.mark.parametrize(
    "url", ["https://shop.example/orders", "https://shop.example/Orders?x=1", "", "https://evil.example"]
)
def test_any_other_address_is_an_unknown_link(url: str) -> None:
    assert clicked_link(LINKS, TOKENS, 7, 3, url) == (UNKNOWN_LINK, False)


def test_our_own_redirect_names_the_link_by_its_token() -> None:
    url = f"https://twoticks.example/c/{TOKENS.encode(7, 3, 1)}"
    assert clicked_link(LINKS, TOKENS, 7, 3, url) == (1, True)
    assert clicked_link(LINKS, TOKENS, 7, 3, url + "?utm_source=x#y") == (1, True)


def test_the_token_of_another_message_names_nothing() -> None:
    url = f"https://twoticks.example/c/{TOKENS.encode(7, 4, 1)}"
    assert clicked_link(LINKS, TOKENS, 7, 3, url) == (UNKNOWN_LINK, False)


def test_a_made_up_token_names_nothing() -> None:
    url = f"https://twoticks.example/c/{LinkTokens(b'x' * 32).encode(7, 3, 1)}"
    assert clicked_link(LINKS, TOKENS, 7, 3, url) == (UNKNOWN_LINK, False)


def test_a_token_of_a_link_the_campaign_does_not_have_names_nothing() -> None:
    url = f"https://twoticks.example/c/{TOKENS.encode(7, 3, 9)}"
    assert clicked_link(LINKS, TOKENS, 7, 3, url) == (UNKNOWN_LINK, False)


def test_of_two_links_with_one_destination_the_last_given_counts() -> None:
    links = Links([(2, "https://shop.example", False), (1, "https://shop.example/", True)])
    assert links.named("shop.example") == (1, True)


def test_case_matters_behind_the_host_only() -> None:
    assert plain_url("HTTPS://Shop.Example/A/b/") == "shop.example/A/b"


def test_an_address_that_differs_by_person_is_recognised_by_its_beginning() -> None:
    everybody, some = "https://shop.example/orders/${Order}", "https://shop.example/orders/vip/${Order}"
    links = Links([(1, everybody, False), (2, some, False)])
    assert links.named("shop.example/orders/77") == (1, False)
    assert links.named("https://SHOP.example/orders/vip/77") == (2, False)
    assert links.named("https://shop.example/other/77") == (UNKNOWN_LINK, False)


def test_an_address_whose_host_differs_by_person_fits_nothing() -> None:
    assert Links([(1, "https://${Shop}/orders", False)]).named("https://shop.example/orders") == (UNKNOWN_LINK, False)
