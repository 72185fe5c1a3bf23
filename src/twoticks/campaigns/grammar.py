"""The grammar of ``/1/targets/create.json`` for WhatsApp campaigns: everything is understood or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from twoticks.campaigns.content import GivenContent, read_content
from twoticks.campaigns.goal import GoalPlan, read_goal
from twoticks.campaigns.reading import LINE, read, refuse_unsupported
from twoticks.errors import BadInput
from twoticks.people.segments import compile_where

_MODES = "Only whatsapp is sent from here."
_SOON = "Remove it: the campaign would not do what it says."
UNSUPPORTED = {
    "to": "Campaigns go to a segment or a where query.",
    "dnd": _SOON,
    "users_limit_overall": _SOON,
    "users_limit_per_run": _SOON,
    "upper_cap_for_target_segment": _SOON,
    "subscription_groups": _SOON,
    "message_id": _SOON,
}
"""Keys of the original API that change who gets a message, which is why they are never ignored."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=LINE)]


class _ControlGroup(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    percentage: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0
    name: str | None = None


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=LINE)]
    provider_nick_name: Annotated[str, msgspec.Meta(min_length=1)]
    content: dict[str, Any]
    target_mode: str = "whatsapp"
    segment: Any = None
    where: dict[str, Any] | None = None
    when: Any = "now"
    estimate_only: bool = False
    control_group: _ControlGroup | None = None
    conversion_goal: dict[str, Any] | None = None
    labels: Annotated[list[Label], msgspec.Meta(max_length=10)] = []
    tag_group: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)] | None = None
    deadline_seconds: Annotated[int, msgspec.Meta(ge=1, le=30 * 86_400)] | None = None
    # No cap, throttle or account-wide control group exists here, so these change nothing.
    skip_estimate: bool = False
    respect_frequency_caps: bool = True
    respect_throttle: bool = True
    system_control_group_include: Literal[False] = False


class CampaignPlan(msgspec.Struct, frozen=True):
    """A campaign as asked for, understood and checked as far as that goes without the stores."""

    name: str
    provider_nick_name: str
    content: dict[str, Any]
    given: GivenContent
    audience: dict[str, Any]
    """`{"segment": "all"}` or `{"where": …}`."""
    control_percentage: int = 0
    goal: GoalPlan | None = None
    labels: tuple[str, ...] = ()
    tag_group: str | None = None
    deadline_seconds: int | None = None
    estimate_only: bool = False


def read_campaign(body: object) -> CampaignPlan:
    """What `body` asks for; raises `BadInput` with the field at fault, also for what is not supported."""
    if isinstance(body, Mapping):
        refuse_unsupported(body, UNSUPPORTED)
    given = read(_Body, body)
    if given.target_mode.lower() != "whatsapp":
        raise BadInput(f"target_mode {given.target_mode[:40]} is not supported", field="target_mode", hint=_MODES)
    _check_when(given.when)
    return CampaignPlan(
        name=given.name,
        provider_nick_name=given.provider_nick_name,
        content=given.content,
        given=read_content(given.content),
        audience=_audience(given),
        control_percentage=_control(given.control_group),
        goal=None if given.conversion_goal is None else read_goal(given.conversion_goal),
        labels=tuple(dict.fromkeys(given.labels)),
        tag_group=given.tag_group,
        deadline_seconds=given.deadline_seconds,
        estimate_only=given.estimate_only,
    )


def _audience(given: _Body) -> dict[str, Any]:
    if (given.segment is None) == (given.where is None):
        raise BadInput("Give exactly one of segment and where", field="where")
    if given.where is not None:
        compile_where(given.where)
        return {"where": given.where}
    if given.segment != "all":
        raise BadInput("Saved segments are not supported", field="segment", hint='Use "all", or where.')
    return {"segment": "all"}


def _control(group: _ControlGroup | None) -> int:
    if group is None:
        return 0
    if group.type != "campaign" or group.name is not None:
        hint = 'Use {"type": "campaign", "percentage": N}.'
        raise BadInput("Only a campaign's own control group is supported", field="control_group", hint=hint)
    return group.percentage


def _check_when(when: object) -> None:
    if when in (None, "now") or when == {"type": "now"}:
        return
    raise BadInput("Only campaigns that start at once are supported", field="when", hint='Leave it out, or use "now".')
