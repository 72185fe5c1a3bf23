"""The words of the product: kinds of facts, of errors, and what a provider can tell us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class FactKind(IntEnum):
    """What a fact says of a message; the numbers are those of the Enum8 in the fact store and never change."""

    CONTROL = 0
    ATTEMPTED = 1
    NOT_ATTEMPTED = 2
    REFUSED = 3
    UNKNOWN = 4
    SENT = 5
    DELIVERED = 6
    VIEWED = 7
    FAILED = 8
    CLICKED = 9
    REPLIED = 10
    CONVERTED = 11


class ReplyKey(IntEnum):
    """The `key` of a `replied` fact: how we know which message the reply answers."""

    EXACT = 0
    LAST_MESSAGE = 1


class Side(StrEnum):
    """Where an error arrived: that decides whether it is a dispatch or a delivery error."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    DELIVERY = "delivery"


class ErrorKind(StrEnum):
    """Our names for what went wrong, the same for every provider."""

    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    RATE_LIMIT = "rate_limit"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    NO_ANSWER = "no_answer"
    BAD_ANSWER = "bad_answer"
    INVALID_TEMPLATE = "invalid_template"
    INVALID_NUMBER = "invalid_number"
    NOT_ON_WHATSAPP = "not_on_whatsapp"
    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    MARKETING_LIMIT = "marketing_limit"
    WINDOW_CLOSED = "window_closed"
    MEDIA = "media"
    ACCOUNT = "account"
    UNDELIVERABLE = "undeliverable"
    OTHER = "other"


class NotAttempted(StrEnum):
    """Why we never tried to send a message (internal dispatch errors)."""

    NO_PHONE = "no_phone"
    BAD_NUMBER = "bad_number"
    DUPLICATE_NUMBER = "duplicate_number"
    OPTED_OUT = "opted_out"
    FREQUENCY_CAP = "frequency_cap"
    CAMPAIGN_LIMIT = "campaign_limit"
    DO_NOT_DISTURB = "do_not_disturb"
    MISSING_VALUE = "missing_value"
    CUT_OFF = "cut_off"
    STOPPED = "stopped"
    ERASED = "erased"


NOT_ATTEMPTED_WORDS: dict[NotAttempted, tuple[str, str]] = {
    NotAttempted.NO_PHONE: ("No phone number", "Add a phone number to these profiles."),
    NotAttempted.BAD_NUMBER: ("Phone number is not valid", "Correct the number; it needs its country code."),
    NotAttempted.DUPLICATE_NUMBER: ("Phone number already in this campaign", "Another profile has the same number."),
    NotAttempted.OPTED_OUT: ("Opted out of WhatsApp", "The person unsubscribed; send again only after they opt in."),
    NotAttempted.FREQUENCY_CAP: ("Frequency cap reached", "The person received as many messages as the cap allows."),
    NotAttempted.CAMPAIGN_LIMIT: ("Campaign limit reached", "Raise the limit to reach these people."),
    NotAttempted.DO_NOT_DISTURB: ("Do-not-disturb hours", "The campaign discards messages in these hours."),
    NotAttempted.MISSING_VALUE: ("A template variable has no value", "Set the profile property or give a default."),
    NotAttempted.CUT_OFF: ("Cut-off time reached", "The campaign's time was over before these were sent."),
    NotAttempted.STOPPED: ("Campaign stopped", "The campaign was stopped before these were sent."),
    NotAttempted.ERASED: ("Person erased", "The person was erased on request."),
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can tell us; a figure it cannot supply is shown as unsupported, never as zero."""

    delivered: bool = True
    viewed: bool = True
    replies: bool = True
    click_callbacks: bool = False
    timestamps: bool = True
    reference: bool = True
    """The provider hands our own reference back in its callbacks."""
    pricing: bool = False
