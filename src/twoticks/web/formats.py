"""One report value as JSON or CSV; both say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec
from litestar import Response

from twoticks.errors import BadInput


class Report(Protocol):
    """A report value: JSON through msgspec, CSV through `rows`."""

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
        """Header and lines of the CSV."""
        ...


# Spreadsheets run cells that begin with these as formulas (OWASP ASVS 1.2.10, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def render(report: Report, fmt: str, name: str) -> Response[bytes]:
    """The answer of a report route; `fmt` is `json` or `csv`, `name` the download's file name without ending."""
    if fmt == "json":
        return Response(
            msgspec.json.encode(report), media_type="application/json", headers={"cache-control": "no-store"}
        )
    if fmt == "csv":
        header, rows = report.rows()
        return Response(
            to_csv(header, rows),
            media_type="text/csv",
            headers={"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"},
        )
    raise BadInput(f"{fmt[:40]!r} is no format", field="format", hint="json or csv")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 CSV (RFC 4180) whose text cells cannot run as formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
