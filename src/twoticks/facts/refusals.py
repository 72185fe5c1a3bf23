"""What the engine says when it refuses, turned into our errors without the values it may quote."""

from __future__ import annotations

import re

from clickhouse_connect.driver.exceptions import Error, OperationalError

from twoticks.errors import StoreDamaged, TwoticksError, Unavailable

# Codes from ClickHouse's ErrorCodes.cpp: what may pass by itself or once somebody makes room.
_LATER = frozenset(
    {
        74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
        75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR
        76,  # CANNOT_OPEN_FILE
        159,  # TIMEOUT_EXCEEDED
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        241,  # MEMORY_LIMIT_EXCEEDED
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS
        425,  # SYSTEM_ERROR
    }
)
_DAMAGED = frozenset(
    {
        32,  # ATTEMPT_TO_READ_AFTER_EOF
        33,  # CANNOT_READ_ALL_DATA
        40,  # CHECKSUM_DOESNT_MATCH
        226,  # NO_FILE_IN_DATA_PART
        231,  # TOO_MANY_UNEXPECTED_DATA_PARTS
        246,  # CORRUPTED_DATA
        271,  # CANNOT_DECOMPRESS
    }
)
# Codes whose text speaks of our constant SQL; any other text may quote a bound value or a row.
_ABOUT_SQL = frozenset({16, 42, 43, 46, 47, 48, 60, 62, 81, 115, 158, 164, 179, 184, 215, 386, 396, 497})
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\d{7,}")
_TEXT_LIMIT = 300


def readable(error: Error | OSError) -> TwoticksError:
    """Our error for the engine's, without values of rows or parameters; `Unavailable` where a retry may help."""
    if isinstance(error, OSError):
        return Unavailable(f"the fact store cannot be reached: {error.strerror or type(error).__name__}")
    if error.code in _LATER or (error.code is None and isinstance(error, OperationalError)):
        return Unavailable(f"the fact store cannot do this now ({_name(error)})")
    if error.code in _DAMAGED:
        hint = "Run `twoticks replay`, then `twoticks rebuild`."
        return StoreDamaged(f"the fact store cannot read its own data ({_name(error)})", hint=hint)
    return TwoticksError(f"the fact store refused the statement ({_name(error)}){_detail(error)}")


def _name(error: Error) -> str:
    name = error.name or type(error).__name__
    return name if error.code is None else f"{name}, code {error.code}"


def _detail(error: Error) -> str:
    if error.code not in _ABOUT_SQL:
        return ""
    # "In scope" begins the statement with the bound values filled in.
    text = (str(error).partition("DB::Exception: ")[2] or str(error)).partition(" In scope ")[0]
    return ": " + _QUOTED.sub("…", text)[:_TEXT_LIMIT]
