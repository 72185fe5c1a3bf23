"""The `twoticks` command."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twoticks import __version__
from twoticks.errors import TwoticksError
from twoticks.jobs import maintenance
from twoticks.jobs.logs import configure_logs
from twoticks.jobs.offline import open_database, with_server_or_folder
from twoticks.records import accounts
from twoticks.settings import PREFIX, Settings
from twoticks.web.server import run_demo_server, run_server

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="WhatsApp campaigns whose every message is accounted for.",
    pretty_exceptions_show_locals=False,
)
keys = typer.Typer(no_args_is_help=True, help="Passcodes of the API.")
users = typer.Typer(no_args_is_help=True, help="People who sign in to the dashboard.")
app.add_typer(keys, name="keys")
app.add_typer(users, name="users")
console = Console()
complaints = Console(stderr=True)

Data = Annotated[Path | None, typer.Option(help="Folder of the embedded stores.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _run(work: Any) -> Any:
    try:
        return uvloop.run(work)
    except TwoticksError as error:
        _complain(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _settings(**overrides: Any) -> Settings:
    try:
        settings = Settings.load(**overrides)
    except TwoticksError as error:
        _complain(error)
        raise typer.Exit(2) from None
    configure_logs(settings)
    return settings


def _complain(error: TwoticksError) -> None:
    place = f" ({error.field})" if error.field and error.field not in error.message else ""
    complaints.print(f"{error.message}{place}", style="red", markup=False, highlight=False, soft_wrap=True)
    if error.hint:
        complaints.print(error.hint, markup=False, highlight=False, soft_wrap=True)


@app.command()
def serve(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Run the server: API, dashboard, callbacks, clicks and, in the same process, all background work."""
    _run(run_server(_settings(data=data, host=host, port=port), console))


@app.command()
def demo(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Serve with the sandbox provider and a filled-in account whose campaigns are really sent and called back."""
    settings = _settings(data=data or Path("demo-data"), host=host, port=port, log_level="warning")
    _run(run_demo_server(settings, console))


@keys.command("create")
def keys_create(
    data: Data = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Make a passcode; it is shown once. Works while the server runs."""

    async def work() -> tuple[str, str]:
        settings = _settings(data=data)
        async with open_database(settings) as database:
            await accounts.ensure_account(database, settings)
            return await accounts.create_key(database, name)

    account_id, passcode = _run(work())
    if as_json:
        print(json.dumps({"account_id": account_id, "passcode": passcode}))
    else:
        console.print(
            f"Account id  {account_id}\nPasscode    {passcode}\nKeep it: it is not shown again.", highlight=False
        )


@keys.command("list")
def keys_list(data: Data = None) -> None:
    """List the passcodes by name and last four characters."""

    async def work() -> Any:
        async with open_database(_settings(data=data)) as database:
            return await accounts.list_keys(database)

    table = Table("id", "name", "ends in", "made", "last used", "revoked")
    for key in _run(work()):
        times = [f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.created_at, key.last_used_at, key.revoked_at)]
        table.add_row(str(key.id), escape(key.name), key.last_four, *times)
    console.print(table)


@keys.command("revoke")
def keys_revoke(key_id: int, data: Data = None) -> None:
    """End a passcode."""

    async def work() -> None:
        async with open_database(_settings(data=data)) as database:
            await accounts.revoke_key(database, key_id)

    _run(work())
    console.print(f"Key {key_id} is revoked.")


@users.command("create")
def users_create(
    email: str,
    data: Data = None,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Let a person sign in to the dashboard."""

    async def work() -> None:
        settings = _settings(data=data)
        async with open_database(settings) as database:
            await accounts.ensure_account(database, settings)
            await accounts.create_user(database, email, password)

    _run(work())
    console.print(f"{email} can sign in.")


@app.command()
def replay(
    data: Data = None,
    since_block: Annotated[int, typer.Option(help="First journal block to read; 0 is the oldest kept.")] = 0,
) -> None:
    """Read the journal again into the fact store; changes nothing that is already right."""
    done = _run(with_server_or_folder(_settings(data=data), "replay", maintenance.replay, since_block=since_block))
    console.print(f"Read {done['blocks']:,} journal blocks again ({done['items']:,} items).")


@app.command()
def rebuild(data: Data = None) -> None:
    """Make the tallies again from the facts."""
    done = _run(with_server_or_folder(_settings(data=data), "rebuild", maintenance.rebuild))
    console.print(f"Tallies are rebuilt from {done['facts']:,} facts.")


@app.command()
def verify(data: Data = None) -> None:
    """Compare every tally with its facts; exit code 1 when they differ."""
    found = _run(with_server_or_folder(_settings(data=data), "verify", maintenance.verify))
    if not found["mismatches"]:
        console.print("Every tally equals its facts.")
        return
    for mismatch in found["mismatches"]:
        complaints.print(mismatch, markup=False, highlight=False, soft_wrap=True)
    complaints.print("Run `twoticks rebuild`.")
    raise typer.Exit(1)


@app.command("settings")
def show_settings() -> None:
    """Every setting: environment variable, default, meaning."""
    table = Table("variable", "default", "meaning")
    for item in fields(Settings):
        table.add_row(PREFIX + item.name.upper(), str(item.default), item.metadata["help"])
    console.print(table)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)
