"""One process: open the stores, start the background work, listen, and end all of it in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from rich.console import Console

from twoticks.errors import Misconfigured
from twoticks.jobs.assembly import open_runtime
from twoticks.jobs.demo import run_demo
from twoticks.jobs.offline import announced
from twoticks.jobs.runtime import Runtime
from twoticks.records.accounts import create_key, create_user
from twoticks.settings import Settings
from twoticks.web.app import App

_HEADER_SECONDS = 15
"""A client that has not sent its headers by then is cut off (slow-loris)."""
_HEADER_BYTES = 64 * 1024
"""All headers of a request together; there may be 100 of them."""
_YOUNG_OBJECTS = 20_000
"""So many new objects between two looks of the collector; a callback makes a few dozen, nearly none in circles."""
_DEMO_MARKER = "this-is-a-demo"
_CONNECTIONS = 16_384


def make_server(app: Any, settings: Settings) -> Server:
    """Granian, in this process, for an ASGI application."""
    return Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        # With HTTP/2 allowed too, a connection that says nothing at all is never cut off.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000, max_buffer_size=_HEADER_BYTES),
        websockets=False,
        backlog=4096,
        backpressure=_CONNECTIONS,
        log_level=LogLevels.error,
    )


def settle_memory() -> None:
    """What was made so far stays for good: the collector need not walk it while callbacks wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)


@contextlib.asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[tuple[Runtime, asyncio.Task[None]]]:
    """A whole running server; leaving ends the listener first, then the work in flight, then the stores."""
    refuse_taken_port(settings)
    runtime = await open_runtime(settings)
    server = make_server(App(runtime), settings)
    serving: asyncio.Task[None] | None = None
    try:
        serving = asyncio.create_task(server.serve(), name="listener")
        await _until_it_answers(settings, serving)
        await runtime.start()
        settle_memory()
        with announced(settings):
            yield runtime, serving
    finally:
        if serving is not None and not serving.done():
            server.stop()  # type: ignore[no-untyped-call]
            with contextlib.suppress(Exception):
                await asyncio.wait_for(serving, 10)
        await runtime.stop()
        await runtime.close()


def refuse_taken_port(settings: Settings) -> None:
    """Raise `Misconfigured` unless this process can have the port for itself.

    The listener's own socket is bound with SO_REUSEPORT: a second server would take half of the first one's requests.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        hint = "Is the port taken? Try --port."
        raise Misconfigured(f"cannot listen on {where}: {error.strerror}", hint=hint) from None


async def _until_it_answers(settings: Settings, serving: asyncio.Task[None]) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            if serving.done():
                serving.exception()
                break
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{settings.local_url}/healthz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)
    raise Misconfigured(f"cannot listen on {settings.host}:{settings.port}", hint="Is the port taken? Try --port.")


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until_stopped(stop: asyncio.Event, *others: asyncio.Task[Any]) -> None:
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({stopping, *others}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done - {stopping}:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def run_server(settings: Settings, console: Console) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    stop = _stop_signal()
    async with listening(settings) as (runtime, serving):
        console.print(f"Twoticks listens on {settings.base_url}", highlight=False)
        for problem in runtime.damage:
            console.print(f"[red]Acknowledged data may be missing: {problem}. Run `twoticks replay`.[/red]")
        await _until_stopped(stop, serving)


def begin_anew(folder: Path) -> None:
    """Empty a demo's folder for the next one; a folder with anything else in it is refused, never emptied."""
    marker = folder / _DEMO_MARKER
    if marker.exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise Misconfigured(f"{folder} holds data that is no demo's", field="data", hint="Give --data another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("This folder belongs to `twoticks demo`, which empties it when it starts.\n")


async def run_demo_server(settings: Settings, console: Console) -> None:
    """Serve a filled-in account whose campaigns the sandbox provider really carries, until Ctrl-C."""
    begin_anew(settings.data)
    stop = _stop_signal()
    async with listening(settings) as (runtime, serving):
        account_id, passcode = await create_key(runtime.database, "demo")
        email, password = "demo@twoticks.example", secrets.token_urlsafe(9)
        await create_user(runtime.database, email, password)
        console.print(
            f"\n[bold]Twoticks demo[/bold]  {settings.base_url}\n"
            f"  sign in    {email}  {password}\n"
            f"  API        account id {account_id}  passcode {passcode}\n"
            "  stop       Ctrl-C\n",
            highlight=False,
            soft_wrap=True,
        )
        filling = asyncio.create_task(
            run_demo(settings.base_url, account_id, passcode, progress=console.print), name="demo"
        )
        try:
            await _until_stopped(stop, serving, filling)
            await _until_stopped(stop, serving)
        finally:
            filling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await filling
