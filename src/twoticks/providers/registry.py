"""The kinds of providers there are, and how a user's settings become an adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from twoticks.errors import BadInput
from twoticks.providers.base import Adapter
from twoticks.providers.cloud_api import CloudApiAdapter, CloudApiSettings
from twoticks.providers.configuration import COMMON, read, read_common
from twoticks.providers.dialog360 import Dialog360Adapter, Dialog360Settings
from twoticks.providers.endpoints import check_endpoint
from twoticks.providers.generic import GenericAdapter, GenericSettings
from twoticks.providers.gupshup import GupshupAdapter, GupshupSettings
from twoticks.providers.infobip import InfobipAdapter, InfobipSettings
from twoticks.providers.kaleyra import KaleyraAdapter, KaleyraSettings
from twoticks.providers.netcore import NetcoreAdapter, NetcoreSettings
from twoticks.providers.route_mobile import RouteMobileAdapter, RouteMobileSettings
from twoticks.providers.sandbox import SandboxAdapter, SandboxSettings
from twoticks.providers.twilio import TwilioAdapter, TwilioSettings
from twoticks.providers.vonage import VonageAdapter, VonageSettings


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a provider may be called."""

    rate_per_second: float
    concurrency: int
    """Requests on their way at once."""
    timeout_seconds: float
    """How long an answer may take once the request is on its way."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind: its adapter, the shape of its settings, and which of them are secret or endpoints."""

    adapter: type[Any]
    settings: type[msgspec.Struct]
    limits: Limits
    secrets: frozenset[str] = field(default_factory=frozenset)
    endpoints: tuple[str, ...] = ()
    made_up: Callable[[], dict[str, Any]] = dict
    """Secrets for a provider whose user gave none."""


ENTRIES: tuple[Entry, ...] = (
    Entry(
        GenericAdapter,
        GenericSettings,
        Limits(500, 50, 1.0),  # the contract counts an answer after one second as an error
        secrets=frozenset({"auth"}),
        endpoints=("endpoint",),
    ),
    Entry(
        CloudApiAdapter,
        CloudApiSettings,
        Limits(80, 50, 15.0),  # 80 messages a second per number, until Meta raises it
        secrets=frozenset({"access_token", "app_secret", "verify_token"}),
        endpoints=("graph_url",),
    ),
    Entry(
        SandboxAdapter,
        SandboxSettings,
        Limits(2000, 100, 5.0),
        secrets=frozenset({"signing_secret"}),
        made_up=SandboxAdapter.made_up,
    ),
    Entry(
        TwilioAdapter,
        TwilioSettings,
        Limits(50, 20, 15.0),  # Twilio queues what is beyond a sender's rate for four hours
        secrets=frozenset({"auth_token", "api_key_secret"}),
        endpoints=("api_url",),
    ),
    Entry(
        GupshupAdapter,
        GupshupSettings,
        Limits(50, 20, 15.0),
        secrets=frozenset({"api_key"}),
        endpoints=("api_url",),
    ),
    Entry(
        InfobipAdapter,
        InfobipSettings,
        Limits(80, 50, 15.0),
        secrets=frozenset({"api_key"}),
        endpoints=("base_url",),
    ),
    Entry(
        Dialog360Adapter,
        Dialog360Settings,
        Limits(80, 50, 15.0),  # Meta's rate; 1,000 with 360dialog's high-throughput plan
        secrets=frozenset({"api_key", "callback_token"}),
        endpoints=("api_url",),
    ),
    Entry(
        VonageAdapter,
        VonageSettings,
        Limits(50, 20, 15.0),
        secrets=frozenset({"signature_secret", "private_key", "api_secret"}),
        endpoints=("api_url",),
    ),
    Entry(
        RouteMobileAdapter,
        RouteMobileSettings,
        Limits(50, 20, 15.0),
        secrets=frozenset({"password"}),
        endpoints=("api_url",),
    ),
    Entry(
        KaleyraAdapter,
        KaleyraSettings,
        Limits(20, 10, 15.0),
        secrets=frozenset({"api_key"}),
        endpoints=("api_url",),
    ),
    Entry(
        NetcoreAdapter,
        NetcoreSettings,
        Limits(20, 10, 15.0),
        secrets=frozenset({"api_key"}),
        endpoints=("api_url",),
    ),
)
_BY_KIND: dict[str, Entry] = {entry.adapter.kind: entry for entry in ENTRIES}
KINDS: dict[str, type[Any]] = {kind: entry.adapter for kind, entry in _BY_KIND.items()}


def build(kind: str, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> Adapter:
    """The adapter of one configured provider, from what `split` gave."""
    adapter: Adapter = _entry(kind).adapter(settings, secrets)
    return adapter


def split(kind: str, raw: Mapping[str, Any], *, allow_private: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check the settings a user posted and part them into public ones and secrets.

    Raises `BadInput` with the field at fault: an unknown kind, an unknown, missing or unusable setting, or an
    endpoint that is no web address or, unless `allow_private`, on a private one.
    """
    entry = _entry(kind)
    if not isinstance(raw, Mapping):
        raise BadInput("must be an object", field="settings")
    read_common(raw)
    checked = read(entry.settings, raw, {})
    for name in entry.endpoints:
        check_endpoint(getattr(checked, name), field=f"settings.{name}", allow_private=allow_private)
    public = {name: value for name, value in raw.items() if name not in entry.secrets}
    given = {name: value for name, value in raw.items() if name in entry.secrets and value is not None}
    secrets = {**entry.made_up(), **given}
    build(kind, public, secrets)
    return public, secrets


def limits(kind: str, settings: Mapping[str, Any]) -> Limits:
    """The kind's limits with what the user set in their place."""
    common = read_common({name: value for name, value in settings.items() if name in COMMON})
    defaults = _entry(kind).limits
    return replace(
        defaults,
        rate_per_second=common.rate_per_second or defaults.rate_per_second,
        concurrency=common.max_concurrent_requests or defaults.concurrency,
        timeout_seconds=common.timeout_seconds or defaults.timeout_seconds,
    )


def _entry(kind: str) -> Entry:
    entry = _BY_KIND.get(kind) if isinstance(kind, str) else None
    if entry is None:
        raise BadInput("is no kind of provider", field="kind", hint=f"Known kinds: {', '.join(sorted(KINDS))}.")
    return entry
