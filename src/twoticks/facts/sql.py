"""SQL of the fact store: statements kept in `.sql` files, and the rule that a call carries one statement only."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

_QUIET = re.compile(
    r"""
    '(?:[^'\\]|\\.)*'       # a string literal; '' inside one reads as two literals side by side
    | "(?:[^"\\]|\\.)*"     # a quoted name
    | `(?:[^`\\]|\\.)*`     # a quoted name
    | --[^\n]*              # a comment
    """,
    re.VERBOSE | re.DOTALL,
)
# ClickHouse hides text in other forms too; what stands inside those it would read differently from us.
_AMBIGUOUS = re.compile(r"/\*|//|[#$'\"`]|[^\x00-\x7f]")


class ManyStatementsError(ValueError):
    """The text is more than one statement, or written so that this cannot be told."""


@cache
def statement(package: str, name: str) -> str:
    """Text of the file `sql/<name>.sql` in `package`, without its final semicolon; FileNotFoundError if missing."""
    return single((files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8"))


@lru_cache(maxsize=1024)
def single(sql: str) -> str:
    """`sql` without its final semicolon; ManyStatementsError if more follows, since chDB would run that too.

    Comments are written with two dashes; characters other than ASCII stand in literals and comments only.
    """
    text = sql.strip().removesuffix(";").rstrip()
    visible = _QUIET.sub(" ", text)
    if ";" in visible:
        raise ManyStatementsError("one statement at a time: there is a semicolon inside")
    unclear = _AMBIGUOUS.search(visible)
    if unclear:
        raise ManyStatementsError(
            f"{unclear.group()!r} may not stand outside a literal; comments begin with two dashes"
        )
    return text
