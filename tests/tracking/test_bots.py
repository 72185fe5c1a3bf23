"""Who made a hit: previews, scanners and crawlers are told from people."""

from __future__ import annotations

import pytest

from twoticks.tracking.bots import automated

PREVIEWS_AND_BOTS = [
    ("WhatsApp/2.23.20.0 A", "WhatsApp link preview"),
    ("WhatsApp/2.24.1.78 i", "WhatsApp link preview"),
    ("WhatsApp/2.2413.51 N", "WhatsApp link preview"),
    ("WhatsApp/2.2405.4 W", "WhatsApp link preview"),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "Meta link preview"),
    ("Facebot", "Meta link preview"),
    ("meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)", "Meta link preview"),
    ("meta-externalfetcher/1.1", "Meta link preview"),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "known crawler"),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "known crawler"),
    ("TelegramBot (like TwitterBot)", "known crawler"),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "known crawler"),
    ("python-requests/2.32.3", "known crawler"),
    ("curl/8.7.1", "known crawler"),
    ("Go-http-client/2.0", "known crawler"),
    ("okhttp/4.12.0", "known crawler"),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
     "known crawler"),
    ("Barracuda Sentinel (EE)", "known crawler"),
    ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A536E Build/TP1A.220624.014)", "known crawler"),
    ("", "no user agent"),
    ("   ", "no user agent"),
]  # fmt: skip

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Mobile Safari/537.36"
)
PEOPLE = [
    ANDROID,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; M2101K6G; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/125.0.0.0 Mobile Safari/537.36 MetaIAB Facebook",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "[FBAN/FBIOS;FBAV/464.0.0.40.109;FBBV/591229450;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.4]",
    "Mozilla/5.0 (Linux; Android 12; SAMSUNG SM-A125F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
    "Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36 Edg/126.0.0.0",
    "Mozilla/5.0 (Linux; U; Android 8.1.0; en-US; Redmi 6A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/100.0.4896.58 UCBrowser/13.5.0.1311 Mobile Safari/537.36",
]


@pytest.mark.parametrize(("agent", "reason"), PREVIEWS_AND_BOTS)
def test_automated_agents_are_named(agent: str, reason: str) -> None:
    assert automated("GET", {"user-agent": agent}) == reason


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people(agent: str) -> None:
    assert automated("GET", {"user-agent": agent, "dnt": "1", "sec-gpc": "1", "sec-fetch-mode": "navigate"}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("purpose", "Prefetch"),
        ("x-purpose", "preview"),
        ("x-moz", "prefetch"),
    ],
)
def test_speculative_loads_are_automated(name: str, value: str) -> None:
    assert automated("GET", {"user-agent": ANDROID, name: value}) == "prefetch"


def test_head_is_automated_whoever_asks() -> None:
    assert automated("HEAD", {"user-agent": ANDROID}) == "HEAD request"


def test_a_missing_agent_is_automated() -> None:
    assert automated("GET", {}) == "no user agent"


def test_an_endless_agent_is_only_read_at_its_beginning() -> None:
    assert automated("GET", {"user-agent": ANDROID + " " * 600 + "Googlebot" * 100_000}) is None
