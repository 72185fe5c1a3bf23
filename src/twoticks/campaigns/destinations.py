"""Which addresses a tracked link may lead to."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from twoticks.errors import BadInput

LONGEST = 2000
"""Characters of an address, as templates allow."""

_WEB = re.compile(r"https?://", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]")
_KEEP = "%/:?#[]@!$&'()*+,;=~-._"


def is_web_address(text: str) -> bool:
    """Whether `text` looks like a whole address, as against a part of one."""
    return _WEB.match(text) is not None


def read_destination(text: str, field: str) -> str:
    """`text` as an address in ASCII that may stand in a Location header; raises `BadInput`."""
    if len(text) > LONGEST:
        raise BadInput(f"A link may have {LONGEST} characters", field=field)
    if not is_web_address(text):
        raise BadInput("A link must begin with https:// or http://", field=field)
    if _FORBIDDEN.search(text):
        raise BadInput("A link may hold no spaces, control characters or backslashes", field=field)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        if not host:
            raise ValueError
        netloc = parts.netloc if parts.netloc.isascii() else _ascii_netloc(parts.netloc, host)
    except ValueError:
        raise BadInput("A link's host cannot be read", field=field) from None
    rest = text[text.index("://") + 3 :][len(parts.netloc) :]
    return f"{parts.scheme}://{netloc}{quote(rest, safe=_KEEP)}"


def _ascii_netloc(netloc: str, host: str) -> str:
    """UnicodeError, which encoding a host may raise, is a ValueError."""
    before, at, _ = netloc.rpartition("@")
    _, colon, port = netloc.rpartition("@")[2].partition(":")
    return quote(before, safe=":%") + at + host.encode("idna").decode("ascii") + colon + port
