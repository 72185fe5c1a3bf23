"""Commands beside a server: ask the running one, or open the folder when there is none."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from twoticks.errors import TwoticksError, Unavailable
from twoticks.jobs.assembly import open_runtime
from twoticks.records.accounts import check_key, create_key, revoke_key
from twoticks.records.database import Database
from twoticks.settings import Settings

SERVER_FILE = "server.json"


@contextlib.asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The records alone: they may be opened while a server runs."""
    settings.data.mkdir(parents=True, exist_ok=True)
    database = await Database.open(settings.records_dsn)
    try:
        yield database
    finally:
        await database.close()


@contextlib.contextmanager
def announced(settings: Settings) -> Any:
    """While inside, the data folder says where its server listens."""
    path = settings.data / SERVER_FILE
    path.write_text(json.dumps({"url": settings.local_url}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


async def with_server_or_folder(
    settings: Settings, name: str, work: Callable[..., Awaitable[dict[str, Any]]], **arguments: Any
) -> dict[str, Any]:
    """Do maintenance work `name` through the running server's API, or by opening the folder.

    chDB allows one process per folder, so with a server running the folder must not be opened.
    """
    url = await _answering(_announced_url(settings.data / SERVER_FILE))
    if url is not None:
        answer = await _ask(settings, f"{url}/api/v1/maintenance/{name}", arguments)
        if answer is not None:
            return answer
    runtime = await open_runtime(settings)
    try:
        return await work(runtime, **arguments)
    finally:
        await runtime.close()


def _announced_url(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def _answering(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz", timeout=_timeout(3)) as answer:
            return url if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError):
        return None


async def _ask(settings: Settings, url: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The server's answer, None when it is not the server of this folder: one killed long ago had the port before."""
    async with open_database(settings) as database:
        _, passcode = await create_key(database, "maintenance command")
        try:
            async with (
                aiohttp.ClientSession(headers={"authorization": f"Bearer {passcode}"}) as session,
                session.post(url, params=arguments, timeout=_timeout(None)) as answer,
            ):
                if answer.status == 401:
                    return None
                body: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, ValueError) as error:
            raise Unavailable(f"the server did not answer: {type(error).__name__}") from None
        finally:
            key_id = await check_key(database, passcode)
            if key_id is not None:
                await revoke_key(database, key_id)
    if "error" in body:
        raise TwoticksError(body["error"]["message"], hint=body["error"].get("hint"))
    return body


def _timeout(seconds: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)
