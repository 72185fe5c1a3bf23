"""What the process writes to its log: events and places in the code, never the data that an error stumbled over."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from twoticks.errors import TwoticksError
from twoticks.settings import Settings

_FRAMES = 12
"""Innermost places of a traceback that are worth a log line."""


def configure_logs(settings: Settings) -> None:
    """Send our events and those of the libraries to the standard error output, as text or as JSON."""
    shape: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            places_only,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(_PlacesOnly("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def places_only(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and its places: its message and its variables may hold a phone number."""
    info = event.pop("exc_info", None)
    if info:
        error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exc_info()[1]
        if error is not None:
            event["raised"] = describe(error)
    return event


def describe(error: BaseException) -> str:
    """The type of an error and where it was raised, innermost place last; the words of our own errors only."""
    words = f": {error.message}" if isinstance(error, TwoticksError) else ""
    return f"{type(error).__name__}{words} ({' > '.join(_places(error.__traceback__))})"


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


class _PlacesOnly(logging.Formatter):
    """The same for what libraries log."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the standard library's name
        """The error's type and places."""
        return describe(ei[1])
