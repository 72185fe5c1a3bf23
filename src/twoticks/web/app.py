"""The whole HTTP surface: raw doors for callbacks and clicks, Litestar for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

import twoticks
from twoticks.errors import TwoticksError
from twoticks.jobs.runtime import Runtime
from twoticks.web import api, compat, dashboard, operations, reports, view
from twoticks.web.auth import SCHEMES
from twoticks.web.bodies import describe_refusals
from twoticks.web.headers import security_headers
from twoticks.web.hooks import Hooks, Receive, Scope, Send
from twoticks.web.patience import in_time
from twoticks.web.problems import on_bug, on_http_error, on_twoticks_error

_HERE = Path(__file__).parent
_MULTIPART = re.compile(rb"\s*multipart/", re.IGNORECASE)
_WITHOUT_FORMS = ("^/api(/|$)", "^/1/", "^/static/", "^/healthz$", "^/readyz$", "^/metrics$")
"""Addresses that take no forms of a page: no passcode comes by itself, as a cookie does."""


class App:
    """The ASGI application."""

    def __init__(self, runtime: Runtime) -> None:
        hooks = Hooks(
            runtime.receiver,
            runtime.journal,
            runtime.tokens,
            runtime.redirects,
            base_url=runtime.settings.base_url,
            limit=runtime.settings.callback_limit,
        )
        self.doors = {"/callbacks/": hooks.callback, "/c/": hooks.click}
        """The two hot doors by the beginning of their addresses; they skip the framework."""
        self.litestar = _litestar(runtime)
        """All other routes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        for beginning, door in self.doors.items():
            if scope["path"].startswith(beginning):
                await door(scope, receive, send)
                return
        scope["headers"] = _without_files(scope["headers"])
        await self.litestar(cast("Any", scope), cast("Any", in_time(receive)), cast("Any", send))


def _without_files(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """No route takes files: a form that says it holds some is read as none, and the framework never parses it."""
    return [(name, value) for name, value in headers if not (name == b"content-type" and _MULTIPART.match(value))]


def _litestar(runtime: Runtime) -> Litestar:
    secure = runtime.settings.base_url.startswith("https:")
    app = Litestar(
        route_handlers=[
            reports.router,
            api.router,
            compat.router,
            operations.router,
            operations.maintenance,
            dashboard.router,
            create_static_files_router(path="/static", directories=[_HERE / "static"], include_in_schema=False),
        ],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={TwoticksError: on_twoticks_error, HTTPException: on_http_error, Exception: on_bug},
        before_send=[security_headers(https=secure)],
        csrf_config=CSRFConfig(
            secret=runtime.key.derive("csrf").hex(),
            # With this beginning a browser takes the cookie from nobody but this very host (RFC 6265bis 4.1.3.2).
            cookie_name="__Host-csrf" if secure else "twoticks_csrf",
            cookie_secure=secure,
            cookie_httponly=True,
            exclude=list(_WITHOUT_FORMS),
        ),
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(_pages())),
        openapi_config=OpenAPIConfig(
            title="Twoticks",
            version=twoticks.__version__,
            path="/api",
            components=Components(security_schemes=dict(SCHEMES)),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        request_max_body_size=runtime.settings.api_limit,
        logging_config=None,
        debug=False,
    )
    app.state.runtime = runtime
    describe_refusals(app.openapi_schema)
    return app


def _pages() -> Environment:
    """The page templates: everything escaped, a missing name is an error, figures written in one way."""
    pages = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"count": view.count, "percent": view.percent, "signed": view.signed}
    return pages
