"""Errors in words: what went wrong, and what to do about it, for every kind of error and every provider."""

from __future__ import annotations

from twoticks.reports.question import ErrorWord
from twoticks.vocabulary import NOT_ATTEMPTED_WORDS, ErrorKind, NotAttempted, Side

KIND_WORDS: dict[ErrorKind, tuple[str, str]] = {
    ErrorKind.AUTHENTICATION: (
        "The provider does not accept our credentials",
        "Put the provider's credentials right, then resume the campaign.",
    ),
    ErrorKind.PERMISSION: (
        "The provider account may not do this",
        "Ask the provider to grant the permission that its answer names.",
    ),
    ErrorKind.RATE_LIMIT: ("Too many requests", "Lower the provider's rate, or ask the provider for a higher one."),
    ErrorKind.UNAVAILABLE: (
        "The provider could not be reached in time",
        "Check the provider's status page; send again to these people.",
    ),
    ErrorKind.TIMEOUT: (
        "No answer within the time-out",
        "The message may have gone out: wait for a callback before you send again.",
    ),
    ErrorKind.NO_ANSWER: (
        "The connection ended before an answer came",
        "The message may have gone out: wait for a callback before you send again.",
    ),
    ErrorKind.BAD_ANSWER: (
        "The provider's answer could not be understood",
        "Check the provider's address; show its answer to the provider.",
    ),
    ErrorKind.INVALID_TEMPLATE: (
        "The template or its values are not valid",
        "Compare the template with the one the provider approved.",
    ),
    ErrorKind.INVALID_NUMBER: ("The phone number is not valid", "Correct the number, or remove it from the profile."),
    ErrorKind.NOT_ON_WHATSAPP: ("The number is not on WhatsApp", "Reach these people on another channel."),
    ErrorKind.OPTED_OUT: ("The person opted out", "Send again only after they opt in."),
    ErrorKind.BLOCKED: ("Blocked by the person or by WhatsApp", "Leave these people out of the next campaign."),
    ErrorKind.MARKETING_LIMIT: (
        "WhatsApp's limit of marketing messages to this person is reached",
        "Wait at least a day; sending again sooner makes it worse.",
    ),
    ErrorKind.WINDOW_CLOSED: ("The 24-hour window is closed", "Send an approved template instead."),
    ErrorKind.MEDIA: ("The medium could not be used", "Check the medium's address, type and size."),
    ErrorKind.ACCOUNT: (
        "The WhatsApp account is restricted",
        "See the account's quality and payment state at the provider.",
    ),
    ErrorKind.UNDELIVERABLE: (
        "The phone could not be reached",
        "Off for too long, an old app, or a blocked sender: try again another day.",
    ),
    ErrorKind.OTHER: ("Another error", "Ask the provider what this means."),
}

UNRECORDED = {
    "unknown": ("No answer was recorded", "We stopped between asking and hearing: wait for a callback."),
    "": ("No reason was recorded", "Rebuild the tallies; if it stays, please report it."),
}
"""For messages of a bucket, here `unknown` and any other, without a fact that carries a reason."""

UNLISTED = ("A reason that is missing from the dictionary", "Replay the journal: that fills the dictionary again.")


def said_of(word: ErrorWord) -> tuple[str, str]:
    """What went wrong and what to do; a provider's own wording where we have no better one."""
    if word.side == Side.INTERNAL and word.code in set(NotAttempted):
        return NOT_ATTEMPTED_WORDS[NotAttempted(word.code)]
    kind = ErrorKind(word.kind) if word.kind in set(ErrorKind) else ErrorKind.OTHER
    words, advice = KIND_WORDS[kind]
    if kind is ErrorKind.OTHER and word.text:
        words = word.text
    return words, advice
