"""What an upload of many records comes to, in the form CleverTap answers in: record by record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twoticks.errors import BadInput
from twoticks.people.values import Refused
from twoticks.records.items import AnyItem

RECORDS = 1000
"""Records of one request, as CleverTap documents it."""


@dataclass(frozen=True, slots=True)
class UploadResult:
    """How many records of a request were taken, an answer for each of the others, and what to journal."""

    processed: int
    unprocessed: list[dict[str, Any]]
    items: list[AnyItem]


def records_of(body: object) -> list[object]:
    """The records under `d`. Raises `BadInput` where there are none or too many."""
    records = body.get("d") if isinstance(body, dict) else None
    if not isinstance(records, list) or not records:
        raise BadInput("the body holds no list of records", field="d", hint='Send {"d": [ … ]}.')
    if len(records) > RECORDS:
        raise BadInput(f"more than {RECORDS} records in one request", field="d", hint="Send several requests.")
    return records


def answer_each(records: list[object], take: Callable[[Mapping[str, object]], None]) -> list[dict[str, Any]]:
    """Take every record; the answers for those `take` refused. Records are counted from 1."""
    unprocessed: list[dict[str, Any]] = []
    for number, record in enumerate(records, 1):
        try:
            if not isinstance(record, dict):
                raise Refused(600, "The record is no object. ")
            take(record)
        except Refused as refused:
            error = f"{refused.text}Skipped record number : {number}"
            unprocessed.append({"status": "fail", "code": refused.code, "error": error, "record": record})
    return unprocessed
