"""The generic contract's error codes in our words: 2000-2004 in answers, 1000-1010 in callbacks."""

from __future__ import annotations

from typing import NamedTuple

from twoticks.vocabulary import ErrorKind


class Meaning(NamedTuple):
    """What a code says: our kind, words for people, and whether a later message may fare better."""

    kind: ErrorKind
    text: str
    permanent: bool = True


ANSWERS: dict[str, Meaning] = {
    "2000": Meaning(ErrorKind.AUTHENTICATION, "Invalid credentials"),
    "2001": Meaning(ErrorKind.INVALID_TEMPLATE, "Invalid template parameters"),
    "2002": Meaning(ErrorKind.INVALID_NUMBER, "Invalid phone number"),
    "2003": Meaning(ErrorKind.OPTED_OUT, "Phone number not subscribed"),
    "2004": Meaning(ErrorKind.OTHER, "Other error at the provider"),
}
CALLBACKS: dict[str, Meaning] = {
    "1000": Meaning(ErrorKind.AUTHENTICATION, "Invalid credentials"),
    "1001": Meaning(ErrorKind.INVALID_TEMPLATE, "Invalid template parameters"),
    "1002": Meaning(ErrorKind.INVALID_NUMBER, "Invalid phone number"),
    "1003": Meaning(ErrorKind.NOT_ON_WHATSAPP, "Phone number no longer active"),
    "1004": Meaning(ErrorKind.RATE_LIMIT, "Too many messages to this phone number", permanent=False),
    "1005": Meaning(ErrorKind.UNDELIVERABLE, "Phone number temporarily unavailable", permanent=False),
    "1006": Meaning(ErrorKind.BLOCKED, "Phone number is blacklisted"),
    "1007": Meaning(ErrorKind.UNDELIVERABLE, "The device cannot receive the message"),
    "1008": Meaning(ErrorKind.WINDOW_CLOSED, "Outside the chat window"),
    "1009": Meaning(ErrorKind.OTHER, "Other error at the provider"),
    "1010": Meaning(ErrorKind.BLOCKED, "Blocked by Meta"),
}
HTTP: dict[int, Meaning] = {
    401: Meaning(ErrorKind.AUTHENTICATION, "The provider refused the credentials"),
    403: Meaning(ErrorKind.OTHER, "Bad request"),  # the contract's own words for 403
    404: Meaning(ErrorKind.OTHER, "Nothing answers at this endpoint"),
    429: Meaning(ErrorKind.RATE_LIMIT, "Too many requests", permanent=False),
    500: Meaning(ErrorKind.OTHER, "The provider could not process the request"),
    503: Meaning(ErrorKind.UNAVAILABLE, "The provider is not available", permanent=False),
}
UNCLEAR = frozenset({502, 504})
"""A gateway's word that it lost the server behind it, which may have taken the message."""
OTHER = Meaning(ErrorKind.OTHER, "Other error at the provider")
