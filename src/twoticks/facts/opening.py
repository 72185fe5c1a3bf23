"""Why a folder of chDB does not open: the engine says so on its error output only, so we look ourselves."""

from __future__ import annotations

import fcntl
from pathlib import Path

from twoticks.errors import Misconfigured, StoreDamaged, TwoticksError, Unavailable


def not_opened(folder: Path, text: str) -> TwoticksError:
    """The error to raise when chDB, saying `text`, did not open `folder`."""
    if "already initialized with path" in text:
        return Misconfigured("this process already has another fact store open", field="facts")
    if _locked(folder / "status"):
        return Unavailable("another process has the fact store open", hint="Stop it, or ask it through its API.")
    empty = sorted(path.stem for path in folder.glob("metadata/*/*.sql") if path.stat().st_size == 0)
    if empty:
        return StoreDamaged(
            f"the definition of {', '.join(empty)} in the fact store is empty",
            hint="Restore a backup, or move the folder `facts` away, start again and run `twoticks replay`.",
        )
    return TwoticksError("the fact store does not open", hint="The engine's own words are in the error output.")


def _locked(path: Path) -> bool:
    # ClickHouse holds flock() on this file while it runs (StatusFile.cpp).
    try:
        with path.open("rb") as status:
            fcntl.flock(status, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
