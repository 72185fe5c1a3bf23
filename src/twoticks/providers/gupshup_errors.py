"""Gupshup's own error codes in our words (partner-docs.gupshup.io, "Error Codes"); it passes WhatsApp's on as well."""

from __future__ import annotations

from twoticks.providers.meanings import WHATSAPP
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import ErrorKind

_NO_MATCH = Meaning(ErrorKind.INVALID_TEMPLATE, "No approved template matches, and the 24-hour window is closed")
_NOT_OPTED_IN = Meaning(ErrorKind.OPTED_OUT, "The person has not opted in, and the 24-hour window is closed")

OWN: dict[str, Meaning] = {
    "1001": Meaning(ErrorKind.ACCOUNT, "The app and its sender do not match"),
    "1002": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "1003": Meaning(ErrorKind.ACCOUNT, "The wallet's balance is too low"),
    "1004": Meaning(ErrorKind.ACCOUNT, "Template messages are switched off, and the 24-hour window is closed"),
    "1005": _NO_MATCH,
    "1006": _NOT_OPTED_IN,
    "1007": _NOT_OPTED_IN,
    "1008": _NOT_OPTED_IN,
    "1010": Meaning(ErrorKind.MEDIA, "The medium's address is not valid"),
    "1011": Meaning(ErrorKind.MEDIA, "The medium is too large"),
    "1012": Meaning(ErrorKind.OPTED_OUT, "The person opted out"),
    "4001": Meaning(ErrorKind.RATE_LIMIT, "Rate limit of Gupshup reached", permanent=False, wait=1),
    "4002": Meaning(ErrorKind.OTHER, "WhatsApp's answer made no sense to Gupshup", permanent=False),
    "4003": Meaning(ErrorKind.INVALID_TEMPLATE, "The template does not exist"),
}
CODES: dict[str, Meaning] = {**WHATSAPP, **OWN}
"""Where the two clash, Gupshup's own meaning holds: WhatsApp retired the codes in question."""
WORDS: dict[str, Meaning] = {
    "invalid destination": Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid"),
    "authentication failed": Meaning(ErrorKind.AUTHENTICATION, "Gupshup refused the API key"),
}
"""Answers without a code, by their message in lower case."""
