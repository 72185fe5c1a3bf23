"""The configured providers: records and sealed secrets on one side, ready adapters on the other."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from twoticks.campaigns.reading import read
from twoticks.errors import BadInput, Conflict, NotFound, TwoticksError
from twoticks.providers.base import Adapter, TellsCallbackUrl
from twoticks.providers.registry import Limits, build, limits, split
from twoticks.records.database import Database
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import ProviderRow

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 0.5
"""Age at which what we know of the providers is read again: changes of other processes show within a second."""

CALLBACK_SECRET_BYTES = 16

Overrides = Callable[[str], Mapping[str, Any]]


class _Sealed(msgspec.Struct):
    """What `ProviderRow.secrets` holds once opened."""

    callback_secret: str
    secrets: dict[str, Any]


class _Nickname(msgspec.Struct):
    nickname: str


@dataclass(frozen=True, slots=True)
class Configured:
    """One provider, ready to be used. `callback_secret` is part of its callback URLs: never log it."""

    id: int
    nickname: str
    kind: str
    adapter: Adapter
    limits: Limits
    callback_secret: str
    paused_reason: str | None

    def __repr__(self) -> str:
        return f"Configured({self.id}, {self.kind})"


@dataclass(frozen=True, slots=True)
class _Known:
    """What was made of a row, or why nothing could be: one provider that is broken must not take the others along."""

    stamp: tuple[object, ...]
    configured: Configured | None
    error: TwoticksError | None = None


class Directory:
    """Finds providers by id or nickname, from memory while that is fresh.

    `overrides` gives settings that are merged over a kind's own before an adapter is built: those that belong to the
    running process rather than to the provider.
    """

    def __init__(
        self,
        database: Database,
        key: MasterKey,
        base_url: str,
        *,
        allow_private: bool,
        overrides: Overrides | None = None,
    ) -> None:
        self._database = database
        self._key = key
        self._base_url = base_url
        self._allow_private = allow_private
        self._overrides: Overrides = overrides or (lambda kind: {})
        self._known: dict[int, _Known] = {}
        self._fresh_until = float("-inf")
        self._reading = asyncio.Lock()

    async def get(self, provider_id: int) -> Configured:
        """The provider of this id, or `NotFound`; raises what is wrong with it when it cannot be used."""
        await self._stay_fresh()
        known = self._known.get(provider_id)
        if known is not None and known.error is not None:
            raise known.error
        if known is None or known.configured is None:
            raise NotFound(f"There is no provider {provider_id}")
        return known.configured

    async def by_nickname(self, nickname: str) -> Configured:
        """The provider of this nickname, or `NotFound`."""
        for configured in await self.all():
            if configured.nickname == nickname:
                return configured
        raise NotFound(
            "There is no provider of this nickname",
            field="provider_nick_name",
            hint="GET /api/v1/providers lists them.",
        )

    async def all(self) -> list[Configured]:
        """Every provider that can be used, by id."""
        await self._stay_fresh()
        return [known.configured for _, known in sorted(self._known.items()) if known.configured is not None]

    def peek(self, provider_id: int) -> Configured | None:
        """The provider as last seen, without looking again."""
        known = self._known.get(provider_id)
        return None if known is None else known.configured

    def urls(self, configured: Configured) -> dict[str, str]:
        """The addresses that the provider is to call back under; the same for both where it has one for all."""
        base = f"{self._base_url}/callbacks/{configured.id}/{configured.callback_secret}"
        inbound = "inbound" if configured.adapter.separate_inbound else "status"
        return {"status_callback_url": f"{base}/status", "inbound_callback_url": f"{base}/{inbound}"}

    async def create(self, nickname: str, kind: str, settings: Mapping[str, Any]) -> Configured:
        """Configure a provider; raises `BadInput` with the field at fault, or `Conflict` for a taken nickname."""
        name = _checked_nickname(nickname)
        public, private = split(kind, settings, allow_private=self._allow_private)
        sealed = _Sealed(secrets.token_urlsafe(CALLBACK_SECRET_BYTES), private)
        row = ProviderRow(
            nickname=name,
            kind=kind,
            settings=public,
            secrets=self._key.seal(msgspec.json.encode(sealed), _seal_context(name)),
            paused_reason=None,
            created_at=datetime.now(UTC),
        )
        try:
            async with self._database.transaction() as session:
                session.add(row)
        except IntegrityError:
            raise Conflict("This nickname is taken", field="nickname") from None
        log.info("provider_created", provider=row.id, kind=kind)
        await self.refresh()
        return await self.get(row.id)

    async def pause(self, provider_id: int, reason: str | None) -> None:
        """Stop all sending through a provider for `reason`, or let it go on with None."""
        async with self._database.transaction() as session:
            await session.execute(update(ProviderRow).where(ProviderRow.id == provider_id).values(paused_reason=reason))
        await self.refresh()

    async def refresh(self) -> None:
        """Look again now."""
        async with self._reading:
            await self._read()

    async def _stay_fresh(self) -> None:
        if time.monotonic() < self._fresh_until:
            return
        async with self._reading:
            if time.monotonic() >= self._fresh_until:
                await self._read()

    async def _read(self) -> None:
        began = time.monotonic()
        async with self._database.session() as session:
            rows = (await session.scalars(select(ProviderRow))).all()
        self._known = {row.id: self._make(row) for row in rows}
        self._fresh_until = began + REFRESH_SECONDS

    def _make(self, row: ProviderRow) -> _Known:
        """Adapters are kept as long as nothing about them changed: some remember things between requests."""
        settings = {**row.settings, **self._overrides(row.kind)}
        stamp = (row.nickname, row.kind, msgspec.json.encode(settings, order="sorted"), row.secrets, row.paused_reason)
        known = self._known.get(row.id)
        if known is not None and known.stamp == stamp:
            return known
        try:
            return _Known(stamp, self._configured(row, settings))
        except TwoticksError as error:
            log.error("provider_unusable", provider=row.id, kind=row.kind, error=error.message)
            return _Known(stamp, None, error)

    def _configured(self, row: ProviderRow, settings: Mapping[str, Any]) -> Configured:
        opened = msgspec.json.decode(self._key.open(row.secrets, _seal_context(row.nickname)), type=_Sealed)
        configured = Configured(
            id=row.id,
            nickname=row.nickname,
            kind=row.kind,
            adapter=build(row.kind, settings, opened.secrets),
            limits=limits(row.kind, settings),
            callback_secret=opened.callback_secret,
            paused_reason=row.paused_reason,
        )
        if isinstance(configured.adapter, TellsCallbackUrl):
            configured.adapter.callback_url = self.urls(configured)["status_callback_url"]
        return configured


def _checked_nickname(nickname: object) -> str:
    name = read(_Nickname, {"nickname": nickname}).nickname.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise BadInput("A nickname has 1 to 100 printable characters", field="nickname")
    return name


def _seal_context(nickname: str) -> str:
    return f"provider:{nickname}"
