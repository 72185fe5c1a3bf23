"""Speaks to a running server over its public HTTP API, as any customer's program would."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from twoticks.errors import Conflict, TwoticksError, Unavailable

TRIES = 10
TIMEOUT = aiohttp.ClientTimeout(total=60)


class Api:
    """Both interfaces: ours with a bearer passcode, and the compatible one below ``/1``."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, account_id: str, passcode: str) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {
            "Authorization": f"Bearer {passcode}",
            "X-CleverTap-Account-Id": account_id,
            "X-CleverTap-Passcode": passcode,
        }

    async def post(self, path: str, body: object) -> dict[str, Any]:
        """The answer to a POST; raises `Conflict` for a 409 and `TwoticksError` for any other refusal."""
        return await self._ask("POST", path, json=body)

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The answer to a GET; raises `TwoticksError` for a refusal."""
        return await self._ask("GET", path, params=query)

    async def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """Asks again while the server is busy, as its answers ask for."""
        for _ in range(TRIES):
            async with self._session.request(
                method, self._base_url + path, headers=self._headers, timeout=TIMEOUT, **content
            ) as response:
                if response.status not in (429, 503):
                    return await _read(response, path)
                wait = response.headers.get("Retry-After", "")
            await asyncio.sleep(int(wait) if wait.isdigit() else 1)
        raise Unavailable(f"{path} is busy")


async def _read(response: aiohttp.ClientResponse, path: str) -> dict[str, Any]:
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        answer = None
    body: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    if response.status == 409:
        raise Conflict(f"{path} exists already")
    # The compatible interface answers many refusals with 200 and a status of "fail".
    if response.status >= 400 or body.get("status") == "fail":
        raise TwoticksError(f"{path} answered {response.status}: {str(body)[:300]}")
    return dict(body)
