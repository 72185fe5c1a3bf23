"""Everything one process runs, put together, started and stopped in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from twoticks.callbacks.drain import Drain
from twoticks.callbacks.receive import Receiver
from twoticks.callbacks.unmatched import retry_unmatched
from twoticks.campaigns.context import Context as Planning
from twoticks.campaigns.directory import Directory
from twoticks.campaigns.launcher import Launcher
from twoticks.dispatch.worker import Dispatcher
from twoticks.facts.store import FactStore
from twoticks.jobs.clock import now_ms
from twoticks.jobs.loop import Clock
from twoticks.jobs.redirects import Redirects
from twoticks.jobs.sandbox import SandboxRemote
from twoticks.providers.transport import Transport
from twoticks.records.accounts import AccountInfo
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey
from twoticks.settings import Settings
from twoticks.tracking.conversions import Conversions
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References


@dataclass(slots=True)
class Runtime:
    """The parts of a running process. Make one with `Runtime.open`; `close` ends what `open` began."""

    settings: Settings
    key: MasterKey
    account: AccountInfo
    database: Database
    journal: Journal
    facts: FactStore
    dictionary: ErrorDictionary
    directory: Directory
    references: References
    tokens: LinkTokens
    redirects: Redirects
    transport: Transport
    receiver: Receiver
    drain: Drain
    planning: Planning
    launcher: Launcher
    dispatcher: Dispatcher
    conversions: Conversions
    sandbox: SandboxRemote
    clock: Clock = field(default_factory=lambda: Clock([]))
    damage: list[str] = field(default_factory=list)
    """What the fact store may have lost, in words; empty when all is well."""

    async def start(self) -> None:
        """Begin the background work: drain, launches, dispatch and what runs by the clock."""
        await self.sandbox.start(self.directory)
        await self.drain.start()
        await self.launcher.start()
        await self.dispatcher.start(alone=not self.database.is_postgres)
        await self.clock.start()

    async def stop(self) -> None:
        """End the background work: messages in flight get their answers, the drain catches up with the journal."""
        await self.clock.stop()
        await self.launcher.stop()
        await self.dispatcher.stop()
        await self.sandbox.stop()
        await self.drain.stop()

    async def retry_unmatched(self) -> int:
        """Look again for the messages of callbacks that came without one we know; returns how many were settled."""
        return await retry_unmatched(self.drain, now_ms())

    async def close(self) -> None:
        """Close the stores."""
        await self.transport.close()
        await self.journal.stop()
        await self.facts.close()
        await self.database.close()
