"""Vonage's error codes in our words (developer.vonage.com/api-errors/messages); the code is the end of `type`."""

from __future__ import annotations

from typing import Any

from twoticks.providers.bodies import optional_text
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import ErrorKind

_PARAMETER = Meaning(ErrorKind.OTHER, "A parameter is missing or not valid")
_NUMBER = Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid")
_BLOCKED = Meaning(ErrorKind.BLOCKED, "The number is on a block list")
_ACCOUNT = Meaning(ErrorKind.ACCOUNT, "The account may not send")
_CREDIT = Meaning(ErrorKind.ACCOUNT, "The account is out of credit")
_ABSENT = Meaning(ErrorKind.UNDELIVERABLE, "The person cannot be reached", permanent=False)
_THROTTLED = Meaning(ErrorKind.RATE_LIMIT, "Too many messages", permanent=False, wait=1)

CODES: dict[str, Meaning] = {
    "1000": _THROTTLED,
    "1010": _PARAMETER,
    "1020": _PARAMETER,
    "1021": _PARAMETER,
    "1022": Meaning(ErrorKind.INVALID_TEMPLATE, "The template or its parameters are not valid"),
    "1030": Meaning(ErrorKind.OTHER, "Vonage could not process the message", permanent=False),
    "1040": _NUMBER,
    "1050": _BLOCKED,
    "1060": _ACCOUNT,
    "1070": _CREDIT,
    "1080": _ACCOUNT,
    "1090": Meaning(ErrorKind.OTHER, "The message is too long"),
    "1100": Meaning(ErrorKind.UNAVAILABLE, "Vonage could not reach WhatsApp", permanent=False),
    "1120": Meaning(ErrorKind.ACCOUNT, "The sender is not accepted"),
    "1170": _NUMBER,
    "1180": _ABSENT,
    "1190": Meaning(ErrorKind.UNDELIVERABLE, "The person cannot be reached"),
    "1210": Meaning(ErrorKind.RATE_LIMIT, "Spam rate limit reached", permanent=False),
    "1240": _NUMBER,
    "1241": Meaning(ErrorKind.RATE_LIMIT, "Too many messages", permanent=False),
    "1250": Meaning(ErrorKind.UNDELIVERABLE, "There is no way to this number"),
    "1260": Meaning(ErrorKind.UNDELIVERABLE, "The person's WhatsApp cannot receive the message"),
    "1280": _BLOCKED,
    "1290": _CREDIT,
    "1300": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "1310": Meaning(ErrorKind.UNDELIVERABLE, "The person's WhatsApp cannot receive the message"),
    "1340": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "1370": Meaning(ErrorKind.AUTHENTICATION, "Vonage's access to WhatsApp has expired"),
    "1420": Meaning(ErrorKind.ACCOUNT, "The sender is not valid"),
    "1460": Meaning(ErrorKind.RATE_LIMIT, "Daily limit of messages reached", permanent=False),
    "unauthorized": Meaning(ErrorKind.AUTHENTICATION, "Vonage refused the credentials"),
    "forbidden": Meaning(ErrorKind.PERMISSION, "Vonage does not allow this"),
    "low-balance": _CREDIT,
    "throttled": _THROTTLED,
}


def error_code(error: dict[str, Any]) -> str:
    """What a problem (RFC 7807) is called: the end of its `type`, else a `title` that is a number."""
    name = optional_text(error, "type", limit=300).rpartition("#")[2].rpartition("/")[2]
    title = optional_text(error, "title", limit=64)
    return (title if title.isdigit() and name not in CODES else name)[:64]
