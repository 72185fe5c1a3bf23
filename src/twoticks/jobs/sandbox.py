"""The sandbox's remote side, started when the first sandbox provider is used."""

from __future__ import annotations

from typing import Any

from twoticks.campaigns.directory import Directory
from twoticks.providers.sandbox import SandboxAdapter
from twoticks.providers.simulator import Simulator


class SandboxRemote:
    """Owns the simulator and tells it of every sandbox provider there is."""

    def __init__(self) -> None:
        self._simulator: Simulator | None = None
        self._directory: Directory | None = None

    def overrides(self, kind: str) -> dict[str, Any]:
        """Settings of the running process that a kind's adapter is built with."""
        if kind != SandboxAdapter.kind or self._simulator is None:
            return {}
        return {"endpoint": self._simulator.endpoint}

    async def start(self, directory: Directory) -> None:
        """Listen on a free loopback port and take part as every sandbox provider."""
        self._directory = directory
        self._simulator = Simulator(unknown_account=self._register)
        await self._simulator.start()
        await directory.refresh()
        await self._register()

    async def stop(self) -> None:
        """Stop listening."""
        if self._simulator is not None:
            await self._simulator.stop()
            self._simulator = None

    async def _register(self) -> None:
        if self._directory is None or self._simulator is None:
            return
        for provider in await self._directory.all():
            if isinstance(provider.adapter, SandboxAdapter):
                urls = self._directory.urls(provider)
                self._simulator.register(
                    provider.id,
                    urls["status_callback_url"],
                    provider.adapter.signing_secret,
                    profile=provider.adapter.profile,
                )
