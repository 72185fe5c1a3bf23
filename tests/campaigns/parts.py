"""The parts of an account, put together without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pyarrow as pa

from tests.plain_provider import PASSWORD, USER
from tests.world import TEMPLATE, phone
from twoticks.campaigns.context import Context
from twoticks.campaigns.directory import Configured, Directory
from twoticks.campaigns.templates import create_template
from twoticks.facts.store import FactStore
from twoticks.records.accounts import ensure_account
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import TemplateRow
from twoticks.settings import Settings

BASE_URL = "http://t.example"
SETTINGS = Settings(public_url=BASE_URL, chunk_size=10, lease_seconds=5)


async def no_drain(block_id: int) -> None:
    """Nothing is in the journal that a test waits for."""


async def make_context(
    database: Database,
    journal: Journal,
    facts: FactStore,
    key: MasterKey,
    *,
    settings: Settings = SETTINGS,
    drained: Callable[[int], Awaitable[None]] = no_drain,
) -> Context:
    return Context(
        account=await ensure_account(database, settings),
        database=database,
        journal=journal,
        facts=facts,
        dictionary=ErrorDictionary(database),
        directory=Directory(database, key, settings.base_url, allow_private=True),
        settings=settings,
        drained=drained,
    )


async def add_provider(
    directory: Directory, nickname: str = "plain", endpoint: str = "http://127.0.0.1:9/send", **extra: Any
) -> Configured:
    auth = {"basic": {"username": USER, "password": PASSWORD}}
    settings = {"endpoint": endpoint, "waba_number": "919999999999", "auth": auth, **extra}
    return await directory.create(nickname, "generic", settings)


async def add_template(
    database: Database, directory: Directory, provider: str = "plain", name: str = "order_ready", **extra: Any
) -> TemplateRow:
    body = {"provider": provider, "name": name, "language": "en", "components": TEMPLATE, **extra}
    return await create_template(database, directory, body)


def campaign_body(**changes: Any) -> dict[str, Any]:
    """A campaign to everybody; a key set to None is left out."""
    body = {
        "name": "Order ready",
        "target_mode": "whatsapp",
        "provider_nick_name": "plain",
        "segment": "all",
        "content": {
            "message_type": "template",
            "template_name": "order_ready",
            "locale": "en",
            "body": {"replacements": ["${Name|there}", "https://shop.example/orders"]},
        },
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def person(n: int, *, opted_out: bool = False, **changes: Any) -> dict[str, Any]:
    """A row of `profiles`, as an upload writes it."""
    return {
        "identity": f"user-{n:07d}",
        "phone": phone(n),
        "opted_out": opted_out,
        "texts": {"Name": f"User {n}", "City": ("Pune", "Delhi")[n % 2]},
        "numbers": {"Age": float(n % 90)},
        "flags": {"MSG-whatsapp": False} if opted_out else {},
        "version": 1,
        "erased": False,
        **changes,
    }


async def insert_people(facts: FactStore, people: list[dict[str, Any]]) -> None:
    kinds = {
        "identity": pa.string(),
        "phone": pa.string(),
        "opted_out": pa.bool_(),
        "texts": pa.map_(pa.string(), pa.string()),
        "numbers": pa.map_(pa.string(), pa.float64()),
        "flags": pa.map_(pa.string(), pa.bool_()),
        "version": pa.uint64(),
        "erased": pa.bool_(),
    }
    columns = {
        name: pa.array([list(p[name].items()) if isinstance(p[name], dict) else p[name] for p in people], kind)
        for name, kind in kinds.items()
    }
    await facts.insert("profiles", pa.table(columns))


async def add_people(facts: FactStore, count: int) -> None:
    await insert_people(facts, [person(n) for n in range(count)])


async def eventually(condition: Callable[[], Awaitable[Any]], within: float = 10.0) -> Any:
    """The first true value of `condition`."""
    deadline = asyncio.get_running_loop().time() + within
    while not (value := await condition()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {within} s"
        await asyncio.sleep(0.02)
    return value
