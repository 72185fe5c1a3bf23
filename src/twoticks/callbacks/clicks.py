"""Which link of a campaign a provider's click callback means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twoticks.tracking.links import LinkTokens

UNKNOWN_LINK = 0
_NO_LINK = (UNKNOWN_LINK, False)
_OUR_REDIRECT = re.compile(r"/c/([A-Za-z0-9_-]+)/?(?:[?#].*)?\Z")


class Links:
    """The links of one campaign by destination; of two with the same destination the one given last counts."""

    def __init__(self, links: Iterable[tuple[int, str, bool]]) -> None:
        self._by_url: dict[str, tuple[int, bool]] = {}
        self._by_beginning: list[tuple[str, tuple[int, bool]]] = []
        self._tracked: dict[int, bool] = {}
        for number, url, tracked in links:
            self._tracked[number] = tracked
            fixed, variable, _ = url.partition("${")
            if not variable:
                self._by_url[plain_url(url)] = (number, tracked)
            elif "/" in (beginning := _plain_beginning(fixed)):  # a whole host: less would fit many addresses
                self._by_beginning.append((beginning, (number, tracked)))
        self._by_beginning.sort(key=lambda link: len(link[0]), reverse=True)

    def named(self, url: str) -> tuple[int, bool]:
        """`(number, whether we track it)` of the link that leads to `url`; UNKNOWN_LINK for any other address.

        An address that differs by person (`${Name}` in it) is recognised by what stands before the difference.
        """
        plain = plain_url(url)
        found = self._by_url.get(plain)
        if found is not None:
            return found
        return next((link for beginning, link in self._by_beginning if plain.startswith(beginning)), _NO_LINK)

    def numbered(self, number: int) -> tuple[int, bool]:
        """The same for a link number."""
        return (number, self._tracked[number]) if number in self._tracked else _NO_LINK


def clicked_link(links: Links, tokens: LinkTokens, campaign: int, seq: int, url: str) -> tuple[int, bool]:
    """`(number, whether we track it)` of the link clicked in message `seq`.

    The person clicks the address that stands in the message. Where we wrapped the link that is our own redirect, whose
    token names the link; else it is the destination. A token of another message names nothing here.
    """
    ours = _OUR_REDIRECT.search(url)
    if ours is not None:
        target = tokens.decode(ours[1])
        if target is not None and target[:2] == (campaign, seq):
            return links.numbered(target[2])
    return links.named(url)


def plain_url(url: str) -> str:
    """An address without what providers add or drop: the scheme, the case of the host, a slash at the end."""
    return _plain_beginning(url).rstrip("/")


def _plain_beginning(url: str) -> str:
    before, scheme, after = url.strip().partition("://")
    host, slash, path = (after if scheme else before).partition("/")
    return host.lower() + slash + path
