"""Who may ask: passcodes for the two APIs, a signed-in cookie for the dashboard."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import SecurityScheme

from twoticks.errors import Unauthorized
from twoticks.jobs.runtime import Runtime
from twoticks.records.accounts import check_key, signed_in

COOKIE = "twoticks"
SCHEMES = {
    "passcode": SecurityScheme(type="http", scheme="bearer", description="A passcode"),
    "account": SecurityScheme(type="apiKey", security_scheme_in="header", name="X-CleverTap-Account-Id"),
    "account_passcode": SecurityScheme(type="apiKey", security_scheme_in="header", name="X-CleverTap-Passcode"),
}
"""How callers show who they are, for the description in OpenAPI."""
BY_PASSCODE: list[dict[str, list[str]]] = [{"passcode": []}]
BY_ACCOUNT: list[dict[str, list[str]]] = [{"account": [], "account_passcode": []}]
Connection = ASGIConnection[Any, Any, Any, Any]


async def require_bearer(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of our API: `Authorization: Bearer <passcode>`, or the cookie of a signed-in person for reading."""
    runtime: Runtime = connection.app.state.runtime
    given = connection.headers.get("authorization", "").split(None, 1)
    bearer = len(given) == 2 and given[0].lower() == "bearer"
    if bearer and await check_key(runtime.database, given[1].strip()) is not None:
        return
    if connection.scope.get("method") in ("GET", "HEAD") and await current_user(connection) is not None:
        return
    raise Unauthorized(
        "no valid passcode", hint="Send `Authorization: Bearer <passcode>`; make one with `twoticks keys create`."
    )


async def require_account(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of the compatible API: `X-CleverTap-Account-Id` with `X-CleverTap-Passcode`."""
    runtime: Runtime = connection.app.state.runtime
    account_id = connection.headers.get("x-clevertap-account-id", "")
    passcode = connection.headers.get("x-clevertap-passcode", "")
    if account_id != runtime.account.account_id:
        raise Unauthorized("Account ID is not valid")
    if await check_key(runtime.database, passcode, account_id) is None:
        raise Unauthorized("Invalid Credentials")


async def current_user(connection: Connection) -> Any | None:
    """The signed-in person, or None."""
    cookie = connection.cookies.get(COOKIE)
    if not cookie:
        return None
    runtime: Runtime = connection.app.state.runtime
    return await signed_in(runtime.database, cookie)
