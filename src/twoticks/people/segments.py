"""Compiles a campaign's `where` into a condition over the `profiles` table.

The SQL is made of the constant pieces below and of parameter names; what the caller wrote is bound, never spliced.
The grammar is that of CleverTap's query language (developer.clevertap.com/docs/clevertap-query-language), as far as it
speaks of profile properties; anything else is refused by name.

Equality looks at texts, numbers and flags alike, so that ``"20"`` finds 20 and ``"True"`` finds true; texts are
compared with their case. An operator in the negative finds everyone the positive one does not find: people without
the property too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twoticks.errors import BadInput
from twoticks.people.operands import read_numbers, read_operands, well_formed

CONDITIONS = 100
"""Conditions of one segment."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean expression over the columns of `profiles`, with what it binds; parameter names begin with `segment_`.

    It is about one row: the caller reads `profiles` with FINAL and leaves out the erased.
    """

    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Subject:
    """Where a property is found; `#` stands for the prefix of the condition's parameters."""

    has_text: str
    text: str
    in_maps: bool = False


_PROPERTY = _Subject("mapContains(texts, {#name:String})", "texts[{#name:String}]", in_maps=True)
_COLUMNS = {"Identity": _Subject("identity != ''", "identity"), "Phone": _Subject("phone != ''", "phone")}

_HAS_NUMBER = "mapContains(numbers, {#name:String})"
_NUMBER = "numbers[{#name:String}]"
_HAS_FLAG = "mapContains(flags, {#name:String})"
_FLAG = "flags[{#name:String}]"

_Piece = tuple[str, dict[str, Any]]
_Build = Callable[[_Subject, object, str], _Piece]


def _equals(subject: _Subject, value: object, path: str) -> _Piece:
    operands = read_operands(value, path)
    pieces = [f"({subject.has_text} and has({{#texts:Array(String)}}, {subject.text}))"]
    parameters: dict[str, Any] = {"texts": operands.texts}
    if subject.in_maps and operands.numbers:
        pieces.append(f"({_HAS_NUMBER} and has({{#numbers:Array(Float64)}}, {_NUMBER}))")
        parameters["numbers"] = operands.numbers
    if subject.in_maps and operands.flags:
        pieces.append(f"({_HAS_FLAG} and has({{#flags:Array(Bool)}}, {_FLAG}))")
        parameters["flags"] = operands.flags
    return " or ".join(pieces), parameters


def _contains(subject: _Subject, value: object, path: str) -> _Piece:
    sql = f"{subject.has_text} and arrayExists(part -> position({subject.text}, part) > 0, {{#texts:Array(String)}})"
    return sql, {"texts": read_operands(value, path).texts}


def _compares(sign: str) -> _Build:
    sql = f"{_HAS_NUMBER} and arrayExists(bound -> {_NUMBER} {sign} bound, {{#numbers:Array(Float64)}})"

    def build(subject: _Subject, value: object, path: str) -> _Piece:
        _need_number(subject, path)
        return sql, {"numbers": read_numbers(value, path)}

    return build


def _between(subject: _Subject, value: object, path: str) -> _Piece:
    _need_number(subject, path)
    if not isinstance(value, list) or len(value) != 2:
        raise BadInput("between takes a list of two numbers", field=path)
    low, high = read_numbers(value, path)
    sql = f"{_HAS_NUMBER} and {_NUMBER} >= {{#low:Float64}} and {_NUMBER} <= {{#high:Float64}}"
    return sql, {"low": low, "high": high}


def _exists(subject: _Subject, value: object, path: str) -> _Piece:
    if value not in (None, "", True):
        raise BadInput("exists and not_exists take no value", field=path)
    return (f"{subject.has_text} or {_HAS_NUMBER} or {_HAS_FLAG}" if subject.in_maps else subject.has_text), {}


def _need_number(subject: _Subject, path: str) -> None:
    if not subject.in_maps:
        raise BadInput("Identity and Phone are texts; this operator compares numbers", field=path)


_OPERATORS: dict[str, tuple[_Build, bool]] = {
    "equals": (_equals, True),
    "not_equals": (_equals, False),
    "in": (_equals, True),
    "not_in": (_equals, False),
    "contains": (_contains, True),
    "not_contains": (_contains, False),
    "does_not_contain": (_contains, False),
    "greater_than": (_compares(">"), True),
    "greater_than_equals": (_compares(">="), True),
    "less_than": (_compares("<"), True),
    "less_than_equals": (_compares("<="), True),
    "between": (_between, True),
    "exists": (_exists, True),
    "not_exists": (_exists, False),
    "does_not_exist": (_exists, False),
}
"""How each operator is built, and whether it finds those that match or all others."""


def compile_segment(segment: object) -> Condition:
    """The condition of a named segment; there is one, ``all``."""
    if segment != "all":
        raise BadInput("there is no such segment", field="segment", hint='Use "all", or describe people in `where`.')
    return Condition("1", {})


def compile_where(where: object) -> Condition:
    """The condition of a `where`; all its profile fields must hold. Raises `BadInput` with the path at fault."""
    properties = _only(where, "where", "common_profile_properties")
    path = "where.common_profile_properties"
    fields = _only(properties["common_profile_properties"], path, "profile_fields")["profile_fields"]
    path = f"{path}.profile_fields"
    if not isinstance(fields, list) or not 1 <= len(fields) <= CONDITIONS:
        raise BadInput(f"a segment has a list of 1 to {CONDITIONS} conditions", field=path)
    pieces: list[str] = []
    parameters: dict[str, Any] = {}
    for number, field in enumerate(fields):
        sql, bound = _condition(field, f"{path}[{number}]")
        prefix = f"segment_{number}_"
        pieces.append(sql.replace("#", prefix))
        parameters.update({prefix + name: value for name, value in bound.items()})
    return Condition(" and ".join(pieces), parameters)


def _condition(field: object, path: str) -> _Piece:
    if not isinstance(field, dict):
        raise BadInput("a condition is an object", field=path, hint="Give name, operator and value.")
    _refuse_others(field, path, "name", "operator", "value")
    name, operator = field.get("name"), field.get("operator")
    if not isinstance(name, str) or not name:
        raise BadInput("the name of a profile property is missing", field=f"{path}.name")
    if not isinstance(operator, str) or operator not in _OPERATORS:
        raise BadInput("there is no such operator", field=f"{path}.operator", hint=f"One of {', '.join(_OPERATORS)}.")
    build, positive = _OPERATORS[operator]
    subject = _COLUMNS.get(name, _PROPERTY)
    sql, parameters = build(subject, field.get("value"), f"{path}.value")
    if subject.in_maps:
        parameters["name"] = well_formed(name, f"{path}.name")
    return (f"({sql})" if positive else f"(not ({sql}))"), parameters


def _only(value: object, path: str, key: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or key not in value:
        raise BadInput(f"{key} is missing", field=f"{path}.{key}", hint='To reach everyone, use "segment": "all".')
    _refuse_others(value, path, key)
    return value


def _refuse_others(value: Mapping[str, object], path: str, *known: str) -> None:
    for key, content in value.items():
        if key not in known and content not in (None, "", [], {}):
            raise BadInput(f"{key} is not supported", field=f"{path}.{key}", hint=f"Supported: {', '.join(known)}.")
