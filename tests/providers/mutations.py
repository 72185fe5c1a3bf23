"""Breaks JSON bodies in every way that a network, a bug or an attacker does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

RAW = {
    "@deep@": b"[" * 100_000 + b"]" * 100_000,
    "@deeper@": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "@octets@": b'"\xff\xfe\x80"',
    "@huge@": b"9" * 6000,
    "@control@": b'"a\x01\x00b"',
    "@exponent@": b"1e999",
}
"""Values that `json.dumps` cannot write, by what stands for them."""

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    5,
    2**63,
    10**400,
    float("nan"),
    float("inf"),
    1.5,
    "",
    " ",
    "\u0000",
    "\ud800",
    "x" * 5000,
    "é",
    "1647441774",
    "253402300799",
    "-5",
    [],
    [[]],
    [None],
    {},
    {"a": {}},
    *RAW,
]


def dump(value: object) -> bytes:
    """JSON with stand-ins replaced by what they stand for."""
    body = json.dumps(value).encode()
    for name, raw in RAW.items():
        body = body.replace(f'"{name}"'.encode(), raw)
    return re.sub(rb'@twice@":', b'":', body)


def paths(value: object, below: Path = ()) -> list[Path]:
    """The paths of every value inside another one, itself included."""
    found = [below]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += paths(inner, (*below, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*below, index))
    return found


def parse_path(text: str) -> Path:
    """The path that an item's `path` writes, such as ``entry[0].changes[1]``."""
    return tuple(int(part[1:-1]) if part[0] == "[" else part for part in re.findall(r"\[\d+\]|[^.\[\]]+", text))


def changed(value: Any, path: Path, change: Callable[[Any, str | int], None]) -> Any:
    """A copy of `value` with `change(holder, key)` done at `path`."""
    copy = {"root": json.loads(json.dumps(value))}
    holder: Any = copy
    for key in ("root", *path[:-1]) if path else ():
        holder = holder[key]
    change(holder, path[-1] if path else "root")
    return copy["root"]


def _remove(holder: Any, key: str | int) -> None:
    if isinstance(holder, list) or key == "root":
        holder[key] = None
    else:
        del holder[key]


def _add(holder: Any, key: str | int) -> None:
    if isinstance(holder, dict):
        holder["unheard_of"] = {"of": ["anything"]}


def _replace(odd: Any) -> Callable[[Any, str | int], None]:
    return lambda holder, key: holder.__setitem__(key, odd)


def _twice(odd: Any) -> Callable[[Any, str | int], None]:
    def change(holder: Any, key: str | int) -> None:
        if isinstance(holder, dict):
            holder[f"{key}@twice@"] = odd

    return change


CHANGES = st.one_of(
    st.just(_remove), st.just(_add), st.sampled_from(ODD).map(_replace), st.sampled_from(ODD).map(_twice)
)


@st.composite
def broken_bytes(draw: st.DrawFn, body: bytes) -> bytes:
    """A body cut short, with bytes put in, or with bytes overwritten."""
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 40)))
    return body[:start] + draw(st.binary(max_size=20)) + (body[end:] if draw(st.booleans()) else b"")
