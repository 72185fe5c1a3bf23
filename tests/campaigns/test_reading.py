from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from twoticks.campaigns.reading import joined, read, refuse_unsupported
from twoticks.errors import BadInput


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    texts: list[str] = []


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=3)]
    parts: list[Inner] = []


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        ({}, "top.name", "top.name is missing"),
        ({"name": "a", "colour": 1}, "top.colour", "top.colour is unknown"),
        ({"name": "a", "parts": [{}, {"x": 1}]}, "top.parts[1].x", "top.parts[1].x is unknown"),
        ({"name": 5}, "top.name", "Expected str, got int"),
        ({"name": "a", "parts": [{"texts": [1]}]}, "top.parts[0].texts[0]", "Expected str, got int"),
        ({"name": "secret"}, "top.name", "Expected str of length <= 3"),
        ([], "top", "Expected object, got array"),
    ],
)
def test_the_field_is_named_and_its_value_is_not(value: object, field: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(Outer, value, "top")
    assert refused.value.field == field
    assert refused.value.message == message


def test_without_a_place_fields_stand_alone() -> None:
    with pytest.raises(BadInput) as refused:
        read(Outer, {"name": "a", "parts": 5})
    assert refused.value.field == "parts"
    with pytest.raises(BadInput) as refused:
        read(Outer, 5)
    assert refused.value.field is None


def test_paths_are_joined() -> None:
    assert joined("a", "b") == "a.b"
    assert joined("a", "[0].b") == "a[0].b"
    assert joined("", "b") == "b"
    assert joined("a", "") == "a"


def test_known_but_unsupported_keys_are_refused_with_a_hint() -> None:
    with pytest.raises(BadInput) as refused:
        refuse_unsupported({"dnd": {}}, {"dnd": "Remove it."})
    assert (refused.value.field, refused.value.hint) == ("dnd", "Remove it.")
    refuse_unsupported({"other": 1}, {"dnd": "Remove it."})
