"""Health, metrics, and the maintenance commands that a running server does for the command line."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from twoticks.jobs.maintenance import rebuild, replay, verify
from twoticks.jobs.metrics import RuntimeCollector
from twoticks.jobs.runtime import Runtime
from twoticks.web.auth import require_bearer

_LOOPBACK = ("127.0.0.1", "::1")


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(runtime: Runtime) -> Response[dict[str, Any]]:
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
async def metrics(request: Request[Any, Any, Any], runtime: Runtime) -> Response[bytes]:
    """Prometheus metrics: open to this machine itself, behind a proxy or from elsewhere with a passcode."""
    direct = request.client is not None and request.client.host in _LOOPBACK
    if not direct or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        await require_bearer(request, request.route_handler)
    registry = CollectorRegistry()
    registry.register(RuntimeCollector(runtime, await runtime.journal.head()))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@post("/api/v1/maintenance/replay", guards=[require_bearer], tags=["Maintenance"], status_code=200)
async def post_replay(runtime: Runtime, since_block: int = 0) -> dict[str, int]:
    """Read the journal again from `since_block`; changes nothing that is already right."""
    return await replay(runtime, since_block)


@post("/api/v1/maintenance/rebuild", guards=[require_bearer], tags=["Maintenance"], status_code=200)
async def post_rebuild(runtime: Runtime) -> dict[str, int]:
    """Make the tallies again from the facts."""
    return await rebuild(runtime)


@post("/api/v1/maintenance/verify", guards=[require_bearer], tags=["Maintenance"], status_code=200)
async def post_verify(runtime: Runtime) -> dict[str, Any]:
    """Compare every tally with its facts."""
    return await verify(runtime)


router = Router(path="/", route_handlers=[healthz, readyz, metrics, post_replay, post_rebuild, post_verify])
