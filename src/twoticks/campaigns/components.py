"""A message template in Meta's component shape: its rules, and the form in which we work with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Annotated, Any, Literal

import msgspec

from twoticks.campaigns.destinations import LONGEST, is_web_address
from twoticks.campaigns.reading import LINE, read
from twoticks.errors import BadInput

HeaderFormat = Literal["text", "image", "video", "document", "location"]
ButtonType = Literal["url", "quick_reply", "phone_number", "copy_code"]

MOST_OF_TYPE: dict[ButtonType, int] = {"url": 2, "phone_number": 1, "copy_code": 1, "quick_reply": 10}
"""Meta's limits; at most ten buttons in all."""

_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_NUMBER = re.compile(r"[1-9][0-9]?")


class Header(msgspec.Struct, frozen=True):
    """The header; `text` is set for the format ``text`` alone, and holds at most one variable."""

    format: HeaderFormat
    text: str = ""
    variables: int = 0


class Button(msgspec.Struct, frozen=True):
    """One button; `value` is its address or phone number as approved."""

    index: int
    type: ButtonType
    text: str = ""
    value: str = ""
    variables: int = 0


class Template(msgspec.Struct, frozen=True):
    """A template ready for use; `variables` counts those of the body."""

    body: str
    variables: int
    header: Header | None = None
    footer: str = ""
    buttons: tuple[Button, ...] = ()


class _Component(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    example: Any = None


class _Header(_Component):
    format: str = "TEXT"
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | None = None


class _Body(_Component):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)] = msgspec.field(default="")
    add_security_recommendation: bool = False


class _Footer(_Component):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] = ""
    code_expiration_minutes: int | None = None


class _Buttons(_Component):
    buttons: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=10)] = []


class _Button(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    text: Annotated[str, msgspec.Meta(max_length=200, pattern=LINE)] = ""
    url: Annotated[str, msgspec.Meta(max_length=LONGEST)] | None = None
    phone_number: Annotated[str, msgspec.Meta(min_length=1, max_length=20)] | None = None
    example: Any = None


def read_components(components: object, where: str = "components") -> Template:
    """The template that `components` describe; raises `BadInput` with the field at fault."""
    parts: dict[str, Any] = {}
    for place, raw in enumerate(read(list[dict[str, Any]], components, where)):
        field = f"{where}[{place}]"
        kind = str(raw.get("type", "")).upper()
        reader = _READERS.get(kind)
        if reader is None:
            raise BadInput(
                "This type of component is not supported",
                field=f"{field}.type",
                hint=f"Known are {', '.join(_READERS)}.",
            )
        if kind in parts:
            raise BadInput(f"A template has one {kind}", field=field)
        parts[kind] = reader(raw, field)
    if "BODY" not in parts:
        raise BadInput("A template needs a BODY", field=where)
    return Template(
        body=parts["BODY"],
        variables=count_variables(parts["BODY"], where),
        header=parts.get("HEADER"),
        footer=parts.get("FOOTER", ""),
        buttons=parts.get("BUTTONS", ()),
    )


def count_variables(text: str, field: str) -> int:
    """How many variables `text` has; raises `BadInput` unless they are numbered from 1 without gaps."""
    names = _VARIABLE.findall(text)
    if "{{" in _VARIABLE.sub("", text) or not all(map(_NUMBER.fullmatch, names)):
        raise BadInput("A variable is written {{1}}", field=field, hint="Only numbered variables are supported.")
    numbers = {int(name) for name in names}
    if numbers != set(range(1, len(numbers) + 1)):
        raise BadInput("Variables are numbered from 1 without gaps", field=field)
    return len(numbers)


def _header(raw: dict[str, Any], field: str) -> Header:
    header = read(_Header, raw, field)
    formats: dict[str, HeaderFormat] = {
        "TEXT": "text", "IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document", "LOCATION": "location"
    }  # fmt: skip
    kind = formats.get(header.format.upper())
    if kind is None:
        raise BadInput("This header is not supported", field=f"{field}.format", hint=f"Known are {', '.join(formats)}.")
    if (kind == "text") != (header.text is not None):
        raise BadInput("A TEXT header has a text, and no other has", field=f"{field}.text")
    variables = count_variables(header.text or "", f"{field}.text")
    if variables > 1:
        raise BadInput("A header has one variable at most", field=f"{field}.text")
    return Header(kind, header.text or "", variables)


def _body(raw: dict[str, Any], field: str) -> str:
    text = read(_Body, raw, field).text
    if not text:
        raise BadInput(f"{field}.text is missing", field=f"{field}.text")
    count_variables(text, f"{field}.text")
    return text


def _footer(raw: dict[str, Any], field: str) -> str:
    text = read(_Footer, raw, field).text
    if not text:
        raise BadInput(f"{field}.text is missing", field=f"{field}.text")
    if count_variables(text, f"{field}.text"):
        raise BadInput("A footer has no variables", field=f"{field}.text")
    return text


def _buttons(raw: dict[str, Any], field: str) -> tuple[Button, ...]:
    given = read(_Buttons, raw, field).buttons
    if not given:
        raise BadInput(f"{field}.buttons is missing", field=f"{field}.buttons")
    buttons = tuple(_button(n, one, f"{field}.buttons[{n}]") for n, one in enumerate(given))
    for kind, most in MOST_OF_TYPE.items():
        if sum(button.type == kind for button in buttons) > most:
            raise BadInput(f"A template has at most {most} {kind.upper()} buttons", field=f"{field}.buttons")
    if len(list(groupby(buttons, lambda button: button.type == "quick_reply"))) > 2:
        raise BadInput("Quick replies must stand together", field=f"{field}.buttons")
    return buttons


def _button(index: int, raw: dict[str, Any], field: str) -> Button:
    button = read(_Button, raw, field)
    types: dict[str, ButtonType] = {kind.upper(): kind for kind in MOST_OF_TYPE}
    kind = types.get(button.type.upper())
    if kind is None:
        raise BadInput(
            "This type of button is not supported", field=f"{field}.type", hint=f"Known are {', '.join(types)}."
        )
    if not button.text and kind != "copy_code":
        raise BadInput(f"{field}.text is missing", field=f"{field}.text")
    values = {"url": button.url, "phone_number": button.phone_number}
    for name, value in values.items():
        if (value is not None) != (name == kind):
            raise BadInput(f"{kind.upper()} and {name} do not go together", field=f"{field}.{name}")
    value = values.get(kind) or ""
    variables = _url_variables(value, f"{field}.url") if kind == "url" else int(kind == "copy_code")
    return Button(index, kind, button.text, value, variables)


def _url_variables(url: str, field: str) -> int:
    """Meta allows one variable, and only as the end: what stands before it is what was approved."""
    variables = count_variables(url, field)
    fixed = _VARIABLE.sub("", url)
    if len(_VARIABLE.findall(url)) > 1 or (variables and not url.endswith("}}")):
        raise BadInput("An address has one variable at most, at its end", field=field)
    if fixed and not is_web_address(fixed):
        raise BadInput("An address must begin with https:// or http://", field=field)
    return variables


_READERS: dict[str, Callable[[dict[str, Any], str], object]] = {
    "HEADER": _header,
    "BODY": _body,
    "FOOTER": _footer,
    "BUTTONS": _buttons,
}


def normalised(components: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The components as given, with their types in Meta's capitals."""
    return [{**component, "type": str(component["type"]).upper()} for component in components]
