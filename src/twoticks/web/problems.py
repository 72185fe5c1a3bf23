"""Our errors as HTTP answers: what is wrong, where, what to do; in each API's own shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect

from twoticks.errors import BadInput, Conflict, NotFound, TooLarge, TwoticksError, Unauthorized, Unavailable
from twoticks.jobs.logs import describe

log = structlog.get_logger(__name__)

STATUS: dict[type[TwoticksError], int] = {
    BadInput: 400,
    Unauthorized: 401,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Unavailable: 503,
}
COMPATIBLE_PREFIX = "/1/"
API_PREFIXES = ("/api/", COMPATIBLE_PREFIX)

_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")
_WORDS = {404: "there is nothing at this address", 405: "this address does not take this method"}


def status_of(error: TwoticksError) -> int:
    """HTTP status of one of our errors; 500 for kinds that no caller can cause."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def on_twoticks_error(request: Request[Any, Any, Any], error: TwoticksError) -> Response[Any]:
    """Answer one of our own errors."""
    if isinstance(error, Unauthorized) and _is_navigation(request):
        return Redirect(f"/sign-in?next={quote(request.url.path)}", status_code=303)
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return _answer(request, status_of(error), error.message, field=error.field, hint=error.hint, headers=headers)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework refused: unknown routes, wrong methods, query parameters of the wrong form."""
    if error.status_code >= 500:
        return on_bug(request, error)
    message, field = _refused(error)
    return _answer(request, error.status_code, message, field=field, headers=error.headers or {})


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a fault of ours; the log has where, never the data."""
    log.error("request_failed", path=request.url.path, error=describe(error))
    return _answer(request, 500, "something went wrong here; the log has the place")


def _is_navigation(request: Request[Any, Any, Any]) -> bool:
    """A page that a person opens, as against what a page or a program fetches."""
    return not request.url.path.startswith(API_PREFIXES) and "text/html" in request.headers.get("accept", "")


def _refused(error: HTTPException) -> tuple[str, str | None]:
    if isinstance(error, ValidationException):
        # The framework's own words repeat the whole address with the values in it.
        missing = _MISSING.match(error.detail)
        if missing is not None:
            return f"{missing[1]} is missing", missing[1]
        first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
        return str(first.get("message", "a parameter is wrong")), first.get("key")
    return _WORDS.get(error.status_code, error.detail or "not possible"), None


def _answer(
    request: Request[Any, Any, Any],
    status: int,
    message: str,
    *,
    field: str | None = None,
    hint: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    if request.url.path.startswith(COMPATIBLE_PREFIX):
        where = f" ({field})" if field else ""
        body: dict[str, Any] = {"status": "fail", "error": f"{message}{where}", "code": status}
    else:
        error = {"message": message, "field": field, "hint": hint}
        body = {"error": {name: value for name, value in error.items() if value is not None}}
    # The media type is said here: a route that answers something else may be the one that failed.
    return Response(body, status_code=status, headers=dict(headers or {}), media_type="application/json")
