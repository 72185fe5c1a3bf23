"""What a report must know of a campaign beside its facts: read by the layer above, handed over as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twoticks.vocabulary import Capabilities


@dataclass(frozen=True, slots=True)
class LinkLabel:
    """A link of the template; `number` is the `key` of its `clicked` facts, `tracked` whether we wrapped it."""

    number: int
    label: str
    url: str
    tracked: bool


@dataclass(frozen=True, slots=True)
class ErrorWord:
    """One entry of the dictionary of errors; `number` is the `key` of the facts that carry it.

    `side` is a `vocabulary.Side`, `kind` a `vocabulary.ErrorKind`; for internal reasons `code` is a
    `vocabulary.NotAttempted`. `text` is the provider's own wording.
    """

    number: int
    side: str
    provider_kind: str
    kind: str
    code: str
    text: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class GoalLabel:
    """The campaign's conversion goal: an event within the window after assignment, and where its revenue stands."""

    event_name: str
    window_seconds: int
    revenue_property: str | None


@dataclass(frozen=True, slots=True)
class CampaignContext:
    """One campaign as its reports see it.

    `qualified` is the number of members of the published snapshot, control included: messages are numbered from 0 to
    `qualified` - 1. `started_at` is in Unix milliseconds, `control_percentage` the planned split.
    """

    id: int
    name: str
    status: str
    qualified: int
    started_at: int | None
    time_zone: str
    control_percentage: float
    goal: GoalLabel | None
    links: tuple[LinkLabel, ...]
    errors: Mapping[int, ErrorWord]
    capabilities: Capabilities
    currency: str

    @property
    def links_tracked(self) -> int:
        """How many of the links we wrapped."""
        return sum(link.tracked for link in self.links)
