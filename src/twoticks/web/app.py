"""The whole HTTP surface: raw doors for callbacks and clicks, Litestar for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

import twoticks
from twoticks.errors import TwoticksError
from twoticks.jobs.runtime import Runtime
from twoticks.web import api, compat, dashboard, operations, reports, view
from twoticks.web.headers import security_headers
from twoticks.web.hooks import Hooks, Receive, Scope, Send, in_time
from twoticks.web.problems import on_bug, on_http_error, on_twoticks_error

_HERE = Path(__file__).parent


class App:
    """The ASGI application."""

    def __init__(self, runtime: Runtime) -> None:
        self._hooks = Hooks(
            runtime.receiver,
            runtime.journal,
            runtime.tokens,
            runtime.redirects,
            base_url=runtime.settings.base_url,
            limit=runtime.settings.callback_limit,
        )
        self.litestar: Any = _litestar(runtime)
        """All routes but the two hot doors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route by the first segment; the two hot doors skip the framework."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith("/callbacks/"):
            await self._hooks.callback(scope, receive, send)
        elif path.startswith("/c/"):
            await self._hooks.click(scope, receive, send)
        else:
            await self.litestar(scope, in_time(receive), send)


def _litestar(runtime: Runtime) -> Litestar:
    secure = runtime.settings.base_url.startswith("https:")
    app = Litestar(
        route_handlers=[
            reports.router,
            api.router,
            compat.router,
            operations.router,
            dashboard.router,
            create_static_files_router(path="/static", directories=[_HERE / "static"], include_in_schema=False),
        ],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={TwoticksError: on_twoticks_error, HTTPException: on_http_error, Exception: on_bug},
        before_send=[security_headers(https=secure)],
        csrf_config=CSRFConfig(
            secret=runtime.key.derive("csrf").hex(), exclude=["^/api/", "^/1/"], cookie_secure=secure
        ),
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(_pages())),
        openapi_config=OpenAPIConfig(
            title="Twoticks",
            version=twoticks.__version__,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        request_max_body_size=runtime.settings.api_limit,
        logging_config=None,
        debug=False,
    )
    app.state.runtime = runtime
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
    pages.filters |= {"count": view.count, "percent": view.percent}
    return pages
