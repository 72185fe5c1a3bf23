"""Properties as the fact store keeps them: one map of texts, one of numbers and one of flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from twoticks.people.values import Value

_TEXTS = pa.map_(pa.string(), pa.string())
_NUMBERS = pa.map_(pa.string(), pa.float64())
_FLAGS = pa.map_(pa.string(), pa.bool_())


def to_columns(properties: Sequence[Mapping[str, Value]]) -> dict[str, pa.Array]:
    """The columns `texts`, `numbers` and `flags` of as many rows as there are `properties`."""
    texts: list[list[tuple[str, Value]]] = []
    numbers: list[list[tuple[str, Value]]] = []
    flags: list[list[tuple[str, Value]]] = []
    for props in properties:
        items = props.items()
        texts.append([item for item in items if isinstance(item[1], str)])
        numbers.append([(name, float(value)) for name, value in items if type(value) in (int, float)])
        flags.append([item for item in items if isinstance(item[1], bool)])
    return {
        "texts": pa.array(texts, type=_TEXTS),
        "numbers": pa.array(numbers, type=_NUMBERS),
        "flags": pa.array(flags, type=_FLAGS),
    }


def from_columns(texts: Mapping[str, str], numbers: Mapping[str, float], flags: Mapping[str, bool]) -> dict[str, Value]:
    """The properties of one row; a whole number is an int again."""
    props: dict[str, Value] = {**texts, **flags}
    for name, number in numbers.items():
        props[name] = int(number) if number.is_integer() else number
    return props
