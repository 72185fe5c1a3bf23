"""Reads a campaign's WhatsApp content against its template: where each variable comes from, which links are tracked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from twoticks.campaigns.components import Button, Header, Template, read_components
from twoticks.campaigns.destinations import is_web_address, read_destination
from twoticks.campaigns.reading import joined, read, refuse_unsupported
from twoticks.campaigns.rendering import CLICK_PATH, ButtonPlan, Content, HeaderPlan, Link, Tracked, Value
from twoticks.campaigns.substitution import Text, as_text, read_text
from twoticks.errors import BadInput
from twoticks.records.tables import TemplateRow

Replacement = str | int | float

_FREEFORM = "Outside a conversation WhatsApp carries templates only: set message_type to template."


class _Media(msgspec.Struct, forbid_unknown_fields=True):
    type: str = ""
    url: str = ""
    filename: str = ""
    latitude: str | float = ""
    longitude: str | float = ""


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    type: str = ""
    media: _Media | None = None
    replacements: list[Replacement] = []


class _Replacements(msgspec.Struct, forbid_unknown_fields=True):
    replacements: list[Replacement] = []


class GivenContent(msgspec.Struct, forbid_unknown_fields=True):
    """The flat content of ``/1/targets/create.json``."""

    template_name: str
    message_type: str = "template"
    locale: str = ""
    header: _Header | None = None
    body: _Replacements | None = None
    buttons: list[_Replacements] = []
    kv: dict[str, Replacement] = {}


def read_content(content: object, where: str = "content") -> GivenContent:
    """The content as posted; raises `BadInput` with the field at fault."""
    if isinstance(content, Mapping):
        if str(content.get("message_type", "template")).lower() != "template":
            raise BadInput("Only template messages are supported", field=f"{where}.message_type", hint=_FREEFORM)
        refuse_unsupported(content, {"msg": _FREEFORM}, where)
    return read(GivenContent, content, where)


def plan_content(template: TemplateRow, content: Mapping[str, Any], base_url: str, where: str = "content") -> Content:
    """How to fill `template` from `content`; raises `BadInput` with the field at fault.

    `base_url` is our public address: tracked links are ``{base_url}/c/{token}``.
    """
    given = read_content(content, where)
    return _Planner(read_components(template.components), base_url, where).plan(template, given)


class _Planner:
    """Walks header, body and buttons in the order in which links are numbered: body, header, buttons."""

    def __init__(self, template: Template, base_url: str, where: str) -> None:
        self._template = template
        self._click = base_url + CLICK_PATH
        self._where = where
        self._links: list[Link] = []

    def plan(self, row: TemplateRow, given: GivenContent) -> Content:
        template = self._template
        body = self._body(given.body.replacements if given.body else [])
        return Content(
            template=row.name,
            language=row.language,
            body_text=template.body,
            body=body,
            header=self._header(template.header, given.header),
            footer=template.footer,
            buttons=self._buttons(template.buttons, given.buttons),
            custom={name: self._text(raw, f"kv.{name}") for name, raw in given.kv.items()},
            links=tuple(self._links),
        )

    def _body(self, replacements: Sequence[Replacement]) -> tuple[Value, ...]:
        field = "body.replacements"
        self._count(replacements, self._template.variables, field, "body")
        return tuple(
            self._linked(raw, f"{field}[{n}]", f"Link in body {{{{{n + 1}}}}}") for n, raw in enumerate(replacements)
        )

    def _header(self, header: Header | None, given: _Header | None) -> HeaderPlan | None:
        if header is None:
            if given is not None and (given.media is not None or given.replacements):
                raise BadInput("The template has no header", field=self._field("header"))
            return None
        given = given or _Header()
        self._count(given.replacements, header.variables, "header.replacements", "header")
        if header.format == "text":
            if given.media is not None:
                raise BadInput("The template's header is a text", field=self._field("header.media"))
            linked = [self._linked(raw, "header.replacements[0]", "Link in header") for raw in given.replacements]
            return HeaderPlan("text", header.text, linked[0] if linked else None)
        return self._medium(header, given.media)

    def _medium(self, header: Header, media: _Media | None) -> HeaderPlan:
        if media is None:
            raise BadInput(f"The template's header needs its {header.format}", field=self._field("header.media"))
        if header.format == "location":
            place = str(media.latitude), str(media.longitude)
            if not all(place):
                raise BadInput("A location needs latitude and longitude", field=self._field("header.media"))
            return HeaderPlan("location", latitude=place[0], longitude=place[1])
        address = self._text(media.url, "header.media.url")
        if address.fixed is not None or not is_web_address(media.url):
            read_destination(media.url, self._field("header.media.url"))
        return HeaderPlan(header.format, link=address, filename=media.filename)

    def _buttons(self, buttons: Sequence[Button], given: Sequence[_Replacements]) -> tuple[ButtonPlan, ...]:
        filled = _places(buttons, len(given))
        if filled is None:
            raise BadInput(
                f"The template has {len(buttons)} buttons, content.buttons has {len(given)}",
                field=self._field("buttons"),
            )
        places = {index: place for place, index in enumerate(filled)}
        plans = []
        for button in buttons:
            place = places.get(button.index)
            field = f"buttons[{button.index if place is None else place}].replacements"
            replacements = [] if place is None else given[place].replacements
            self._count(replacements, button.variables, field, f"button {button.index + 1}")
            plans.append(self._button(button, replacements[0] if replacements else None, f"{field}[0]"))
        return tuple(plans)

    def _button(self, button: Button, raw: Replacement | None, field: str) -> ButtonPlan:
        if raw is None:
            if button.type == "url":
                self._link(button.text, button.value, tracked=False)
            return ButtonPlan(button.index, button.type, button.text, button.value)
        if button.type == "url":
            return ButtonPlan(button.index, "url", button.text, value=self._url(button, str(raw), field))
        return ButtonPlan(button.index, button.type, button.text, value=self._text(raw, field))

    def _url(self, button: Button, raw: str, field: str) -> Value:
        """The variable of a URL button: a token, a whole tracked address, or the suffix as given."""
        fixed = button.value[: button.value.rindex("{{")]
        text = self._text(raw, field)
        if fixed == self._click:
            if text.fixed is None:
                hint = "Our links lead everybody to the same place; put what differs into the template's own address."
                raise BadInput("A tracked link cannot differ by person", field=self._field(field), hint=hint)
            return Tracked(self._tracked(button.text, raw, field), "")
        if text.fixed is not None and is_web_address(raw):
            return Tracked(self._tracked(button.text, raw, field), self._click)
        self._link(button.text, raw if is_web_address(raw) else fixed + raw, tracked=False)
        return text

    def _linked(self, raw: Replacement, field: str, label: str) -> Value:
        """A text variable; one that is a whole address becomes a tracked link unless it differs by person."""
        text = self._text(raw, field)
        if not is_web_address(str(raw)):
            return text
        if text.fixed is None:
            self._link(label, str(raw), tracked=False)
            return text
        return Tracked(self._tracked(label, str(raw), field), self._click)

    def _tracked(self, label: str, url: str, field: str) -> int:
        return self._link(label, read_destination(url, self._field(field)), tracked=True)

    def _link(self, label: str, url: str, *, tracked: bool) -> int:
        number = len(self._links) + 1
        self._links.append(Link(number, label, url, tracked))
        return number

    def _text(self, raw: Replacement, field: str) -> Text:
        return read_text(as_text(raw), self._field(field))

    def _count(self, replacements: Sequence[Replacement], variables: int, field: str, part: str) -> None:
        if len(replacements) != variables:
            given = len(replacements)
            words = (
                f"The template's {part} has {_many(variables, 'variable')}, the content {_many(given, 'replacement')}"
            )
            raise BadInput(words, field=self._field(field))

    def _field(self, path: str) -> str:
        return joined(self._where, path)


def _places(buttons: Sequence[Button], given: int) -> list[int] | None:
    """Which button each given entry fills: every button in order, or only those that have a variable."""
    variable = [button.index for button in buttons if button.variables]
    if given == len(buttons):
        return [button.index for button in buttons]
    return variable if given == len(variable) else None if given else []


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
