"""What the values of a segment's condition compare with: a value may stand for a text, a number and a flag at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from twoticks.errors import BadInput
from twoticks.people.values import DATE

VALUES = 1000
"""Values of one condition."""

NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,16})?")
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Operands:
    """The texts, numbers and flags that a condition's values are equal to."""

    texts: list[str]
    numbers: list[float]
    flags: list[bool]


def read_operands(value: object, path: str) -> Operands:
    """Read one value, or a list of which any may match; raises `BadInput` at `path`."""
    values = value if isinstance(value, list) else [value]
    if not values or len(values) > VALUES:
        raise BadInput(f"a condition has 1 to {VALUES} values", field=path)
    operands = Operands([], [], [])
    for one in values:
        _add(one, operands, path)
    return operands


def read_numbers(value: object, path: str) -> list[float]:
    """The same where only numbers make sense, or digits in a text, or dates such as ``$D_1700000000``."""
    operands = read_operands(value, path)
    if len(operands.numbers) != (len(value) if isinstance(value, list) else 1):
        raise BadInput("this operator compares numbers", field=path, hint="Give a number, or $D_ and Unix seconds.")
    return operands.numbers


def well_formed(text: str, path: str) -> str:
    """`text`, unless half of a surrogate pair is in it, as JSON's escapes allow: nobody could store that."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput("a text is no valid Unicode", field=path) from None
    return text


def _add(value: object, to: Operands, path: str) -> None:
    if isinstance(value, str):
        to.texts.append(well_formed(value, path))
        date = DATE.fullmatch(value)
        if date or NUMBER.fullmatch(value):
            to.numbers.append(float(date[1] if date else value))
        if value.lower() in FLAGS:
            to.flags.append(FLAGS[value.lower()])
    elif isinstance(value, bool):
        to.texts.append("true" if value else "false")
        to.flags.append(value)
    elif isinstance(value, int | float):
        to.numbers.append(_finite(value, path))
        whole = isinstance(value, int) or value.is_integer()
        to.texts.append(str(int(value)) if whole else repr(value))
    else:
        raise BadInput("a value is a text, a number or true or false", field=path)


def _finite(value: float, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadInput("a value is too large", field=path)
    return number
