"""Health, metrics, and the maintenance commands that a running server does for the command line."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from prometheus_client import CollectorRegistry, generate_latest

from twoticks.jobs.maintenance import rebuild, replay, verify
from twoticks.jobs.metrics import RuntimeCollector
from twoticks.web.auth import BY_PASSCODE, require_bearer
from twoticks.web.parameters import Block, Running

_LOOPBACK = ("127.0.0.1", "::1")
_PROMETHEUS_TEXT = "text/plain; version=1.0.0"
"""What `generate_latest` writes; the framework adds the character set."""


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(runtime: Running) -> Response[dict[str, Any]]:
    """Whether both stores answer and nothing acknowledged is missing; 503 when not."""
    problems = dict.fromkeys(runtime.damage, "detached")
    for name, check in (("journal", runtime.journal.head()), ("facts", runtime.facts.query("select 1"))):
        try:
            await check
        except Exception as error:
            problems[name] = type(error).__name__
    body = {"status": "ready" if not problems else "not ready", "problems": problems}
    return Response(body, status_code=503 if problems else 200)


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any], runtime: Running) -> Response[bytes]:
    """Prometheus metrics: open to this machine itself, behind a proxy or from elsewhere with a passcode."""
    direct = request.client is not None and request.client.host in _LOOPBACK
    if not direct or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        await require_bearer(request, request.route_handler)
    registry = CollectorRegistry()
    registry.register(RuntimeCollector(runtime, await runtime.journal.head()))
    return Response(generate_latest(registry), media_type=_PROMETHEUS_TEXT)


@post("/replay", status_code=200)
async def post_replay(runtime: Running, since_block: Block = 0) -> dict[str, int]:
    """Read the journal again from `since_block`; changes nothing that is already right."""
    return await replay(runtime, since_block)


@post("/rebuild", status_code=200)
async def post_rebuild(runtime: Running) -> dict[str, int]:
    """Make the tallies again from the facts."""
    return await rebuild(runtime)


@post("/verify", status_code=200)
async def post_verify(runtime: Running) -> dict[str, Any]:
    """Compare every tally with its facts."""
    return await verify(runtime)


router = Router(path="/", route_handlers=[healthz, readyz, metrics])
maintenance = Router(
    path="/api/v1/maintenance",
    guards=[require_bearer],
    security=BY_PASSCODE,
    tags=["Maintenance"],
    route_handlers=[post_replay, post_rebuild, post_verify],
)
