"""Tells hits on tracked links that no person made: link previews, prefetches, crawlers and scanners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from crawlerdetect import CrawlerDetect

LONGEST_AGENT = 512
"""Characters of a user agent that are looked at; bounds the work and the memory a stranger can cause."""

PURPOSE_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""Browsers announce speculative loads here: the standard, Chromium before it, Safari, and Firefox."""

_SPECULATIVE = re.compile("prefetch|prerender|preview", re.IGNORECASE)

_PREVIEWS = (
    # WhatsApp/2.23.20.0 A: the app, or Meta for it, builds the preview; a person's click opens a browser instead.
    (re.compile(r"WhatsApp/"), "WhatsApp link preview"),
    # `MetaIAB Facebook` and `FBAN/FBAV` are the in-app browsers of people and must not match.
    (re.compile(r".*(?:facebookexternalhit|\bFacebot\b|meta-external)", re.IGNORECASE), "Meta link preview"),
)
# Missing from the list: Android's bare HTTP stack, and a mail gateway's scanner.
_UNLISTED = re.compile(r"Dalvik/|.*Barracuda", re.IGNORECASE)

_list = CrawlerDetect()


def automated(method: str, headers: Mapping[str, str]) -> str | None:
    """Why no person made this request, in a few words for people, or None. `headers` have lower-case names.

    An explicit click counts whatever the browser says of tracking (`DNT`): it was meant.
    """
    if method == "HEAD":
        return "HEAD request"
    for name in PURPOSE_HEADERS:
        if _SPECULATIVE.search(headers.get(name, "")):
            return "prefetch"
    return _agent(headers.get("user-agent", "").strip()[:LONGEST_AGENT])


@lru_cache(maxsize=8192)
def _agent(agent: str) -> str | None:
    if not agent:
        return "no user agent"
    for pattern, reason in _PREVIEWS:
        if pattern.match(agent):
            return reason
    return "known crawler" if _UNLISTED.match(agent) or _list.is_crawler(agent) else None
