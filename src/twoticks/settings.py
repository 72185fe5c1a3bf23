"""Every setting of the process: one table of name, default and help; the environment is read once, at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from twoticks.errors import Misconfigured

PREFIX = "TWOTICKS_"
LOG_LEVELS = ("debug", "info", "warning", "error")

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def _setting(default: Any, help_text: str, *, least: int = 0, most: int = 1 << 62, secret: bool = False) -> Any:
    """A field of `Settings` whose help text the command line shows; numbers lie between `least` and `most`."""
    return field(default=default, repr=not secret, metadata={"help": help_text, "least": least, "most": most})


@dataclass(frozen=True, slots=True)
class Settings:
    """Read with `Settings.load`; each field is the environment variable `TWOTICKS_<NAME>`."""

    data: Path = _setting(Path("data"), "Folder of the embedded stores and of the key file.")
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "Port to listen on.", least=1, most=65_535)
    public_url: str = _setting("", "Address that providers and people reach us under; default http://HOST:PORT.")
    records: str = _setting(
        "", "DSN of the records; default SQLite in the data folder, or postgresql://….", secret=True
    )
    facts: str = _setting("", "DSN of the fact store; default chDB in the data folder, or clickhouse://….", secret=True)
    key: str = _setting(
        "", "Master key, 32 bytes in base64; default the file `key` (mode 600) in the data folder.", secret=True
    )
    allow_private_endpoints: bool = _setting(False, "Let providers live on private and loopback addresses.")
    time_zone: str = _setting("Asia/Kolkata", "Time zone of a new account.")
    region: str = _setting("IN", "Country of phone numbers written without a country code, in a new account.")
    currency: str = _setting("INR", "Currency of a new account.")
    journal_days: int = _setting(30, "Days to keep the journal.", least=1)
    callback_limit: int = _setting(
        4 * 1024 * 1024, "Largest callback body in bytes; Meta sends up to 3 MB.", least=1024
    )
    api_limit: int = _setting(8 * 1024 * 1024, "Largest API body in bytes.", least=1024)
    journal_pending_limit: int = _setting(
        64 * 1024 * 1024, "Bytes waiting for the journal before we answer 503.", least=1024
    )
    send_deadline_hours: int = _setting(
        24, "How long a campaign keeps retrying what a provider has not accepted.", least=1
    )
    lease_seconds: int = _setting(60, "How long a worker holds a chunk before another may take it.", least=1)
    chunk_size: int = _setting(500, "Messages in a dispatch chunk.", least=1)
    readers: int = _setting(4, "Reader clients of the fact store.", least=1)
    facts_memory_mb: int = _setting(2048, "Memory limit of one query of the fact store.", least=64)
    facts_threads: int = _setting(2, "Threads of one query of the fact store.", least=1)
    log_level: str = _setting("info", f"{', '.join(LOG_LEVELS[:-1])} or {LOG_LEVELS[-1]}.")
    log_json: bool = _setting(False, "Log lines as JSON.")

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Defaults, then the environment, then `overrides` that are not None.

        An empty variable is one that is not set. Raises `Misconfigured` naming a variable that is unknown or makes no
        sense.
        """
        environ = os.environ if environ is None else environ
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        values: dict[str, Any] = {}
        for name, text in environ.items():
            if not name.startswith(PREFIX):
                continue
            if name not in known:
                raise Misconfigured(f"{name} is no setting", field=name, hint="See `twoticks settings`.")
            if text:
                values[known[name].name] = _parse(name, text, known[name].default)
        values.update({name: value for name, value in overrides.items() if value is not None})
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raise `Misconfigured` for the first value that makes no sense."""
        for item in fields(self):
            value, least, most = getattr(self, item.name), item.metadata["least"], item.metadata["most"]
            if type(value) is int and not least <= value <= most:
                raise _wrong(item.name, f"at least {least}" if value < least else f"at most {most}")
        if self.log_level.lower() not in LOG_LEVELS:
            raise _wrong("log_level", f"one of {', '.join(LOG_LEVELS)}")
        if self.public_url and not self.public_url.startswith(("https://", "http://")):
            raise _wrong("public_url", "an address that begins with https:// or http://")
        if not (len(self.region) == 2 and self.region.isascii() and self.region.isupper()):
            raise _wrong("region", "two capital letters, such as IN")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise _wrong("currency", "three capital letters, such as INR")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise _wrong("time_zone", "the name of a time zone, such as Asia/Kolkata") from None

    @property
    def base_url(self) -> str:
        """The public address without a trailing slash."""
        return (self.public_url or self.local_url).rstrip("/")

    @property
    def local_url(self) -> str:
        """The address under which this machine itself reaches the server."""
        host = _ANYWHERE.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def records_dsn(self) -> str:
        """SQLAlchemy's form of the records DSN, with the asynchronous driver."""
        if not self.records:
            return f"sqlite+aiosqlite:///{(self.data / 'records.db').resolve()}"
        return self.records.replace("postgresql://", "postgresql+asyncpg://", 1)

    @property
    def facts_dsn(self) -> str:
        """clickhouse-connect's DSN of the fact store."""
        return self.facts or f"chdb://{(self.data / 'facts').resolve()}"


def _parse(name: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        return type(default)(text)
    except (KeyError, ValueError):
        kind = "true or false" if isinstance(default, bool) else "a whole number"
        raise Misconfigured(f"{name} must be {kind}", field=name) from None


def _wrong(name: str, what: str) -> Misconfigured:
    variable = PREFIX + name.upper()
    return Misconfigured(f"{variable} must be {what}", field=variable, hint="See `twoticks settings`.")
