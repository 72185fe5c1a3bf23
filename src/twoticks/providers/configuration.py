"""Reads what a user configures for a provider, and says what is wrong with it, by field and without its value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from twoticks.errors import BadInput

T = TypeVar("T", bound=msgspec.Struct)


class Common(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings that every kind of provider has; those not given follow the kind."""

    rate_per_second: Annotated[float, msgspec.Meta(gt=0, le=100_000)] | None = None
    max_concurrent_requests: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    timeout_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=120)] | None = None


COMMON = frozenset(Common.__struct_fields__)
_AT = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`(?P<path>\$[^`]*)`)?$", re.DOTALL)
_WITH_VALUE = re.compile(r"^Invalid (enum )?value\b")
_NAMED = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`$")


def read(shape: type[T], settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> T:
    """The settings of one kind, public and secret ones together; raises `BadInput` with the field at fault."""
    own = {name: value for name, value in settings.items() if name not in COMMON}
    return _convert({**own, **secrets}, shape)


def read_common(settings: Mapping[str, Any]) -> Common:
    """The settings that every kind shares; raises `BadInput` with the field at fault."""
    return _convert({name: value for name, value in settings.items() if name in COMMON}, Common)


def _convert(values: Mapping[str, Any], shape: type[T]) -> T:
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None


def _refusal(text: str) -> BadInput:
    """msgspec's words with the path as a field: they name types, lengths and patterns; the ones with a value go."""
    found = _AT.match(text)
    what, path = (found["what"], found["path"]) if found else (text, None)
    field = "settings" + (path or "$").removeprefix("$")
    if _WITH_VALUE.match(what):
        return BadInput("is none of the values that are known here", field=field)
    named = _NAMED.match(what)
    if named is None:
        return BadInput(what, field=field)
    unknown = named["what"] == "contains unknown"
    return BadInput("is no setting of this provider" if unknown else "is missing", field=f"{field}.{named['name']}")
