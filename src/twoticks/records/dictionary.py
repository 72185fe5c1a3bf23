"""The numbers of error texts: facts carry a number, this dictionary has the words."""

from __future__ import annotations

import re

from sqlalchemy import select

from twoticks.records.database import Database
from twoticks.records.tables import ErrorText
from twoticks.vocabulary import Side

TEXT_LENGTH = 300
TEXTS_PER_CODE = 200
"""Further texts of one code share its number without a text: some providers put a new trace id into each."""

_DIGITS = re.compile(r"\+?\d(?:[ ().-]{0,2}\d){6,}")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")

Code = tuple[str, str, str]
"""Side, provider kind and code."""


class ErrorDictionary:
    """Gives each error of each provider a number ≥ 1 that never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[Code, dict[str, int]] = {}

    async def number(self, side: Side, provider_kind: str, kind: str, code: str, text: str, permanent: bool) -> int:
        """The number of this error; `text` is redacted first. `kind` and `permanent` are those of its first sight.

        Internal reasons have an empty `provider_kind` and a `vocabulary.NotAttempted` as `code`.
        """
        of = (side.value, _clean(provider_kind, 32), _clean(code, 64))
        if of not in self._numbers:
            self._numbers[of] = await self._load(of)
        known = self._numbers[of]
        redacted = redact(text)
        if redacted not in known and len(known) >= TEXTS_PER_CODE:
            redacted = ""
        if redacted not in known:
            known[redacted] = await self._add(of, redacted, _clean(kind, 32), permanent)
        return known[redacted]

    async def _load(self, of: Code) -> dict[str, int]:
        side, provider_kind, code = of
        rows = select(ErrorText.text, ErrorText.number).where(
            ErrorText.side == side, ErrorText.provider_kind == provider_kind, ErrorText.code == code
        )
        async with self._database.session() as session:
            return dict((await session.execute(rows)).all())

    async def _add(self, of: Code, text: str, kind: str, permanent: bool) -> int:
        side, provider_kind, code = of
        insert = self._database.insert(ErrorText).values(
            side=side, provider_kind=provider_kind, kind=kind, code=code, text=text, permanent=permanent
        )
        async with self._database.transaction() as session:
            await session.execute(insert.on_conflict_do_nothing())
        # Another process may have been first: the row that is there counts.
        return (await self._load(of))[text]

    async def all(self) -> dict[int, ErrorText]:
        """Every error by its number."""
        async with self._database.session() as session:
            return {row.number: row for row in await session.scalars(select(ErrorText))}


def redact(text: str) -> str:
    """`text` without what may be a phone number (7 digits or more), on one line, cut to 300 characters."""
    return _clean(_DIGITS.sub("…", text), TEXT_LENGTH)


def _clean(text: str, length: int) -> str:
    # Lone surrogates cannot be stored, NUL not in PostgreSQL.
    return _BLANKS.sub(" ", text.encode("utf-8", "replace").decode()).strip()[:length]
