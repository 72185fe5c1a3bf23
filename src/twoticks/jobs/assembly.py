"""Puts a process's parts together: which needs which, in one place."""

from __future__ import annotations

from typing import Any

import structlog

from twoticks.callbacks.drain import Drain
from twoticks.callbacks.receive import Receiver
from twoticks.campaigns.context import Context as Planning
from twoticks.campaigns.directory import Directory
from twoticks.campaigns.launcher import Launcher
from twoticks.dispatch.worker import Dispatcher
from twoticks.facts.store import FactStore
from twoticks.jobs.goals import convert
from twoticks.jobs.loop import Clock, Task
from twoticks.jobs.redirects import Redirects
from twoticks.jobs.retention import prune_journal
from twoticks.jobs.runtime import Runtime
from twoticks.jobs.sandbox import SandboxRemote
from twoticks.providers.transport import Transport
from twoticks.records.accounts import ensure_account
from twoticks.records.database import Database
from twoticks.records.dictionary import ErrorDictionary
from twoticks.records.journal import Journal
from twoticks.records.secrets import MasterKey
from twoticks.settings import Settings
from twoticks.tracking.conversions import Conversions
from twoticks.tracking.links import LinkTokens
from twoticks.tracking.references import References

log = structlog.get_logger(__name__)


async def open_runtime(settings: Settings) -> Runtime:
    """Open both stores and build every part; nothing runs in the background yet except the journal's writer."""
    settings.data.mkdir(parents=True, exist_ok=True)
    key = MasterKey.load(settings)
    database = await Database.open(settings.records_dsn)
    account = await ensure_account(database, settings)
    facts = await FactStore.open(settings)
    damage = await facts.damage()
    for problem in damage:
        log.error("acknowledged_data_may_be_missing", problem=problem)
    journal = Journal(database, pending_limit=settings.journal_pending_limit)
    await journal.start()
    dictionary = ErrorDictionary(database)
    sandbox = SandboxRemote()
    directory = Directory(
        database, key, settings.base_url, allow_private=settings.allow_private_endpoints, overrides=sandbox.overrides
    )
    references = References(account.tag)
    tokens = LinkTokens(key.derive("link tokens"))
    transport = Transport(allow_private=settings.allow_private_endpoints)
    await transport.start()
    drain = Drain(database, journal, facts, directory, references, dictionary, tokens)
    planning = Planning(account, database, journal, facts, dictionary, directory, settings, drain.drained)
    runtime = Runtime(
        settings=settings,
        key=key,
        account=account,
        database=database,
        journal=journal,
        facts=facts,
        dictionary=dictionary,
        directory=directory,
        references=references,
        tokens=tokens,
        redirects=Redirects(database),
        transport=transport,
        receiver=Receiver(directory, journal),
        drain=drain,
        planning=planning,
        launcher=Launcher(planning),
        dispatcher=Dispatcher(
            database, journal, facts, directory, transport, references, tokens, settings, drain.drained
        ),
        conversions=Conversions(facts),
        sandbox=sandbox,
        damage=damage,
    )
    runtime.clock = Clock(_tasks(runtime))
    return runtime


def _tasks(runtime: Runtime) -> list[Task]:
    async def conversions() -> Any:
        return await convert(runtime)

    async def unmatched() -> Any:
        return await runtime.retry_unmatched()

    async def retention() -> Any:
        return await prune_journal(runtime.journal, runtime.settings.journal_days)

    return [
        Task("conversions", 1.0, conversions),
        Task("unmatched", 30.0, unmatched),
        Task("retention", 3600.0, retention),
    ]
