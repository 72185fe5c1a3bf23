"""Alembic's entry: runs the revisions on the connection that `migrate` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from twoticks.records.tables import Base, UtcDateTime


def render_item(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Name plain types in new revisions: they must run long after our own types have changed."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render_item,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
)
context.run_migrations()
