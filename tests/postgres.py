"""A PostgreSQL server for one test session: its own folder, its own port, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SETTINGS = {"fsync": "off", "full_page_writes": "off", "listen_addresses": "127.0.0.1", "max_connections": "60"}


def binaries() -> Path | None:
    """The folder of the newest installed server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def missing() -> None:
    """Skip the test, or fail it where nothing may be missing (CI=true)."""
    words = "PostgreSQL is not installed (no initdb): nothing of this test ran on PostgreSQL"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


class PostgresServer:
    """A server on a free port of the loopback; `stop` and `start` may be called again and again."""

    def __init__(self, bin_folder: Path) -> None:
        self.bin = bin_folder
        self.home = Path(tempfile.mkdtemp(prefix="twoticks-pg-"))
        self.user = _unprivileged()
        if self.user:
            shutil.chown(self.home, self.user)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self.data), "-U", "twoticks", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.home / "data"

    def dsn(self, name: str = "postgres") -> str:
        """The records DSN of the database `name`."""
        return f"postgresql://twoticks@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self.home)]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command + options, user=self.user, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait_ready()

    def stop(self) -> None:
        """Stop at once; connections break."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        self._process = None

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def sql(self, statement: str) -> None:
        """Run one statement in the database `postgres`."""
        self._run("psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "twoticks", "-d", "postgres",
                  "-v", "ON_ERROR_STOP=1", "-c", statement)  # fmt: skip

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.CalledProcessError):
                self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self.home / 'log').read_text()[-2000:]}")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.bin / program), *arguments], user=self.user, cwd=self.home, check=True, capture_output=True
        )


def _unprivileged() -> str | None:
    # The server refuses to run as root.
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
