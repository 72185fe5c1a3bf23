"""The page on providers tells of every kind and every setting there is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from twoticks.providers.registry import ENTRIES, Entry

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()
ELSEWHERE = frozenset({"generic", "cloud_api", "sandbox"})
"""Kinds whose settings are in api.md."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.adapter.kind)
def test_kind_has_a_row_that_tells_what_it_can(entry: Entry) -> None:
    row = re.search(rf"^\| `{entry.adapter.kind}` \|(.*)$", PAGE, re.MULTILINE)
    assert row is not None
    _, named_by, times, *_ = (cell.strip() for cell in row[1].split("|"))
    assert named_by.startswith("our reference") == entry.adapter.capabilities.reference
    assert times.startswith("yes") == entry.adapter.capabilities.timestamps


@pytest.mark.parametrize(
    "entry", [one for one in ENTRIES if one.adapter.kind not in ELSEWHERE], ids=lambda entry: entry.adapter.kind
)
def test_kind_has_a_section_with_every_setting(entry: Entry) -> None:
    label = entry.adapter.label
    start = PAGE.index(f"\n## {label}\n")
    section = PAGE[start : PAGE.index("\n## ", start + 1)]
    names = {field.name for field in msgspec.structs.fields(entry.settings)} - {"api_url"}
    assert {name for name in names if f"`{name}`" not in section} == set()
    assert "*Callback URLs.*" in section
    assert "nconfirmed" in section


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.adapter.kind)
def test_limits_are_those_that_hold(entry: Entry) -> None:
    if entry.adapter.kind == "sandbox":
        return
    limits = entry.limits
    row = f"| {limits.rate_per_second:g} | {limits.concurrency} | {limits.timeout_seconds:g} |"
    lines = [line for line in PAGE.splitlines() if line.endswith(row)]
    assert any(f"`{entry.adapter.kind}`" in line for line in lines)
