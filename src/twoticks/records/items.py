"""What the journal holds: one small record per thing that happened, as it came in.

All times are Unix milliseconds in UTC, taken from our own clock when the item was received or made.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Item(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True, gc=False):
    """Base of all journal items."""

    at: int


class CallbackItem(Item, frozen=True, tag="callback"):
    """A provider's HTTP request to one of our callback URLs, verified, verbatim."""

    provider: int
    endpoint: Literal["status", "inbound"]
    body: bytes
    method: str = "POST"
    query: str = ""
    content_type: str = ""


class ClickItem(Item, frozen=True, tag="click"):
    """A hit on a tracked link; `automated` names why no person made it, else None."""

    campaign: int
    seq: int
    link: int
    event: int
    automated: str | None = None


class AttemptItem(Item, frozen=True, tag="attempt"):
    """We are about to ask the provider to send one message; written before the request."""

    campaign: int
    seq: int


class AnswerItem(Item, frozen=True, tag="answer"):
    """What the provider answered to one attempt, or that no answer came."""

    campaign: int
    seq: int
    outcome: Literal["sent", "refused", "unknown"]
    provider: int
    message_id: str | None = None
    kind: str = ""
    code: str = ""
    text: str = ""
    permanent: bool = True


class NotAttemptedItem(Item, frozen=True, tag="not_attempted"):
    """Messages we shall never try to send, for one reason (a `vocabulary.NotAttempted`)."""

    campaign: int
    seqs: list[int]
    reason: str


class MembersItem(Item, frozen=True, tag="members"):
    """A slice of a published audience snapshot, as an Arrow stream of the `members` table's columns."""

    campaign: int
    arrow: bytes


class ProfilesItem(Item, frozen=True, tag="profiles"):
    """Validated profile changes: each `{"identity", "phone"?, "props"}`; a prop of None removes it."""

    records: list[dict[str, object]]


class EventsItem(Item, frozen=True, tag="events"):
    """Validated user events: each `{"identity", "name", "at", "event_id", "props"}`; `at` in milliseconds."""

    records: list[dict[str, object]]


AnyItem = (
    CallbackItem | ClickItem | AttemptItem | AnswerItem | NotAttemptedItem | MembersItem | ProfilesItem | EventsItem
)
