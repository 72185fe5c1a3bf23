"""Headers that every page and answer carries, errors too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_YEAR_SECONDS = 365 * 86_400


def security_headers(*, https: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook that adds them (OWASP ASVS 3.4): only our own scripts and styles, no framing, no referrer to elsewhere.

    What says nothing of caches is kept in none: nearly every answer is somebody's figures or somebody's data.
    """
    wanted = {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }
    if https:
        wanted["strict-transport-security"] = f"max-age={_YEAR_SECONDS}"

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            if not scope["path"].startswith("/static/"):
                headers.setdefault("cache-control", "no-store")
            for name, value in wanted.items():
                headers.setdefault(name, value)

    return add
