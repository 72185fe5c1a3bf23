"""What the callbacks of most providers share is read alike."""

from __future__ import annotations

from typing import Any

import pytest

from twoticks.providers.bodies import UnusableError
from twoticks.providers.fields import form, message_type, own_reference, read_moment, sender


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        ("2019-04-09T16:01:56.494-0300", 1_554_836_516_494),
        ("2019-04-09T16:01:56.494-03:00", 1_554_836_516_494),
        ("2019-04-09T16:01:56.494+0000", 1_554_825_716_494),
        ("2023-05-01T14:00:00.000Z", 1_682_949_600_000),
        ("2023-05-01T14:00:00", 1_682_949_600_000),
        ("2023-05-01 14:00:00.123456", 1_682_949_600_123),
        ("1682949600", 1_682_949_600_000),
        (1_682_949_600, 1_682_949_600_000),
        (1_682_949_600_123, 1_682_949_600_123),
        ("", None),
        ("now", None),
        ("2023-13-01T14:00:00Z", None),
        ("2023-05-01", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-1200", None),
        ("٢٠٢٣-05-01T14:00:00Z", None),
        ("2023-05-01T14:00:00" + "0" * 5000, None),
        (None, None),
        ([], None),
        (float("nan"), None),
    ],
)
def test_moment(value: Any, milliseconds: int | None) -> None:
    assert read_moment(value) == milliseconds


@pytest.mark.parametrize(
    ("item", "who"),
    [
        ({"a": "919999999999"}, "919999999999"),
        ({"a": "+919999999999"}, "919999999999"),
        ({"a": 919999999999}, "919999999999"),
        ({"a": "whatsapp:+919999999999"}, "919999999999"),
        ({"a": "US.1349", "b": "919999999999"}, "919999999999"),
        ({"a": "US.1349", "b": "x"}, "US.1349"),
        ({"b": "whatsapp:US.ENT.1349"}, "US.ENT.1349"),
    ],
)
def test_sender(item: dict[str, Any], who: str) -> None:
    assert sender(item, "", "a", "b") == who


@pytest.mark.parametrize(
    "value",
    ["ann", "", "12", "us.1349", "USA.1349", "US.", "US.13 49", "US." + "1" * 200, "9" * 30, "٩١٩٩٩٩٩٩٩٩", [], {}],
)
def test_what_is_no_sender(value: object) -> None:
    with pytest.raises(UnusableError) as caught:
        sender({"a": value}, "x[0]", "a", "b")
    assert (caught.value.path, caught.value.reason) == ("x[0].a", "is no phone number")


def test_missing_sender_and_type_are_named() -> None:
    with pytest.raises(UnusableError) as caught:
        sender({}, "", "a")
    assert (caught.value.path, caught.value.reason) == ("a", "is missing")
    with pytest.raises(UnusableError) as caught:
        message_type({}, "x")
    assert (caught.value.path, caught.value.reason) == ("x.type", "is missing")


def test_form_keeps_empty_fields_and_the_first_of_each() -> None:
    assert form("a=1&b=&a=2&c=%F0%9F%91%8B+x") == {"a": "1", "b": "", "c": "👋 x"}


@pytest.mark.parametrize("text", ["", " ", "&", "&&&"])
def test_form_without_a_field_is_none(text: str) -> None:
    with pytest.raises(UnusableError):
        form(text)


@pytest.mark.parametrize("text", ["12|7|k3x9", "12|7|k3x9|12|1", "12|7|K3|12", "Sip", "", "|||"])
def test_what_is_no_reference_of_ours(text: str) -> None:
    assert own_reference(text) is None


def test_reference_of_ours() -> None:
    assert own_reference("12|7|k3x9|12") == "12|7|k3x9|12"
