"""Fills a planned message with one person's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twoticks.campaigns.components import ButtonType, HeaderFormat
from twoticks.campaigns.substitution import Text, profile_values
from twoticks.providers.base import ButtonValue, HeaderValue, OutgoingMessage
from twoticks.tracking.links import LinkTokens

CLICK_PATH = "/c/"
"""Where the server answers tracked links."""


@dataclass(frozen=True, slots=True)
class Member:
    """One message of a campaign and the person it is for; `phone` in E.164, `props` the profile's properties."""

    campaign: int
    seq: int
    identity: str
    phone: str
    props: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a campaign. `number` is the `key` of its `clicked` facts; `url` is where a tracked one leads."""

    number: int
    label: str
    url: str
    tracked: bool


@dataclass(frozen=True, slots=True)
class Tracked:
    """The value of a variable that is a tracked link: `before` and the message's token."""

    link: int
    before: str


Value = Text | Tracked


@dataclass(frozen=True, slots=True)
class HeaderPlan:
    """`text` is the template's text, `value` what its variable holds; `link` the address of a medium."""

    format: HeaderFormat
    text: str = ""
    value: Value | None = None
    link: Text | None = None
    filename: str = ""
    latitude: str = ""
    longitude: str = ""


@dataclass(frozen=True, slots=True)
class ButtonPlan:
    """`value` fills the variable of a button that has one; else `parameter` is its fixed address or number."""

    index: int
    type: ButtonType
    text: str
    parameter: str = ""
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a campaign sends: a template and where each of its variables comes from. Made by `plan_content`."""

    template: str
    language: str
    body_text: str
    body: tuple[Value, ...]
    header: HeaderPlan | None
    footer: str
    buttons: tuple[ButtonPlan, ...]
    custom: Mapping[str, Text]
    links: tuple[Link, ...]

    def render(self, member: Member, *, reference: str, tokens: LinkTokens) -> OutgoingMessage:
        """The message for one person; raises `MissingValue` when the profile lacks a value that has no default."""
        fill = _Filler(member, tokens)
        return OutgoingMessage(
            to=member.phone,
            reference=reference,
            template=self.template,
            language=self.language,
            header=None if self.header is None else fill.header(self.header),
            body_text=self.body_text,
            body=tuple([fill.value(value) for value in self.body]),
            footer=self.footer,
            buttons=tuple([fill.button(button) for button in self.buttons]),
            custom={name: text.fill(fill.values) for name, text in self.custom.items()},
        )


class _Filler:
    """The values of one message."""

    __slots__ = ("member", "tokens", "values")

    def __init__(self, member: Member, tokens: LinkTokens) -> None:
        self.member = member
        self.tokens = tokens
        self.values = profile_values(member.identity, member.phone, member.props)

    def value(self, value: Value) -> str:
        if isinstance(value, Tracked):
            return value.before + self.tokens.encode(self.member.campaign, self.member.seq, value.link)
        return value.fill(self.values)

    def header(self, plan: HeaderPlan) -> HeaderValue:
        parameters = () if plan.value is None else (self.value(plan.value),)
        return HeaderValue(
            type=plan.format,
            text=plan.text.replace("{{1}}", parameters[0]) if parameters else plan.text,
            parameters=parameters,
            link="" if plan.link is None else plan.link.fill(self.values),
            filename=plan.filename,
            latitude=plan.latitude,
            longitude=plan.longitude,
        )

    def button(self, plan: ButtonPlan) -> ButtonValue:
        if plan.value is None:
            return ButtonValue(plan.index, plan.type, plan.text, plan.parameter)
        return ButtonValue(plan.index, plan.type, plan.text, self.value(plan.value), dynamic=plan.type == "url")
