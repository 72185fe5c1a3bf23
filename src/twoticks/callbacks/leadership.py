"""Of several processes on one PostgreSQL, the one that drains the journal."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from twoticks.records.database import Database

log = structlog.get_logger(__name__)

LOCK = 0x7477_6472
"""Key of the session lock that the draining process holds; PostgreSQL frees it when that process is gone."""


class Leadership:
    """Two processes draining would change nothing, as facts are idempotent, but would do all work twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: AsyncExitStack | None = None
        self._connection: Any = None

    async def held(self) -> bool:
        """Whether this process may drain now; on SQLite there is no other one."""
        if not self._database.is_postgres:
            return True
        if self._held is not None and await self._still_held():
            return True
        return await self._try()

    async def release(self) -> None:
        """Let another process drain."""
        stack, self._held = self._held, None
        if stack is None:
            return
        async with stack:
            try:
                await self._connection.scalar(select(func.pg_advisory_unlock(LOCK)))
            except (SQLAlchemyError, OSError):
                await self._connection.invalidate()

    async def _still_held(self) -> bool:
        try:
            await self._connection.scalar(select(1))
        except (SQLAlchemyError, OSError):
            log.warning("drain_lock_lost")
            await self.release()
            return False
        return True

    async def _try(self) -> bool:
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self._database.autocommit())
            if not await connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
                return False
            self._connection = connection
            self._held = stack.pop_all()
        return True
