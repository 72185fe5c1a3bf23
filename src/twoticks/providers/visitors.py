"""Who opens the links of simulated messages: people's browsers, and the programs that fetch them first."""

from __future__ import annotations

import re
from random import Random

from twoticks.providers.wire import Received

_PHONE = (
    "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; Redmi Note 13) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
)
_OTHER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.7 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0",
)
_NAVIGATION = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-User": "?1",
    "Upgrade-Insecure-Requests": "1",
}
_PROGRAMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {"User-Agent": "WhatsApp/2.25.31.75 A"}),
    ("GET", {"User-Agent": "WhatsApp/2.25.30.81 I"}),
    ("GET", {"User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"}),
    ("HEAD", {"User-Agent": _PHONE[0]}),
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,64}")
_LINK = re.compile(r"https?://[^\s\"'<>]+/c/[A-Za-z0-9_\-.~]+")


def links_in(message: Received, origin: str) -> tuple[str, ...]:
    """The tracked links of a message: addresses under ``/c/`` of `origin`, and of no other host.

    A template that is approved with ``{origin}/c/{{1}}`` gives only the token of a link.
    """
    whole = [link for text in message.texts for link in _LINK.findall(text) if link.startswith(f"{origin}/")]
    tokens = [f"{origin}/c/{ending}" for ending in message.endings if _TOKEN.fullmatch(ending)]
    return tuple(dict.fromkeys(whole + tokens))


def person(dice: Random) -> dict[str, str]:
    """The headers that a browser sends when someone taps a link in a chat."""
    agent = dice.choice(_PHONE + _OTHER)
    headers = {
        "User-Agent": agent,
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": dice.choice(("en-IN,en;q=0.9", "hi-IN,hi;q=0.9,en;q=0.7", "en-GB,en;q=0.9")),
    }
    return headers | _NAVIGATION


def program(dice: Random) -> tuple[str, dict[str, str]]:
    """The method and headers of a link preview or a scanner."""
    return dice.choice(_PROGRAMS)
