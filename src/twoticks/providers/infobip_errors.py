"""Infobip's status names, error numbers and exceptions in our words (infobip.com/docs, "Error code reference").

A refusal inside an answer has a status name (``REJECTED_…``), a delivery report an error number (``EC_…``), a failed
request the name of an exception.
"""

from __future__ import annotations

from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import ErrorKind

_ACCOUNT = Meaning(ErrorKind.ACCOUNT, "A problem with the account or the sender at Infobip")
_CREDITS = Meaning(ErrorKind.ACCOUNT, "The account is out of credits")
_NUMBER = Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid")
_TEMPLATE = Meaning(ErrorKind.INVALID_TEMPLATE, "The template or its parameters are not valid")
_MEDIA = Meaning(ErrorKind.MEDIA, "A problem with the medium")
_INTERNAL = Meaning(ErrorKind.OTHER, "Infobip or WhatsApp could not process the message", permanent=False)
_DEVICE = Meaning(ErrorKind.UNDELIVERABLE, "The person's WhatsApp cannot receive the message")
_BLOCKED = Meaning(ErrorKind.BLOCKED, "The recipient is blocked, or blocked the sender")
_CONTENT = Meaning(ErrorKind.OTHER, "WhatsApp did not take the message's content")
_LATER = Meaning(ErrorKind.UNDELIVERABLE, "The message was not delivered in time", permanent=False)

STATUSES: dict[str, Meaning] = {
    "REJECTED_NETWORK": _ACCOUNT,
    "REJECTED_PREFIX_MISSING": _NUMBER,
    "REJECTED_DND": Meaning(ErrorKind.OPTED_OUT, "The number is on a do-not-disturb list"),
    "REJECTED_SOURCE": _ACCOUNT,
    "REJECTED_NOT_ENOUGH_CREDITS": _CREDITS,
    "REJECTED_SENDER": _ACCOUNT,
    "REJECTED_DESTINATION_BLOCKLISTED": _BLOCKED,
    "REJECTED_PREPAID_PACKAGE_EXPIRED": _CREDITS,
    "REJECTED_DESTINATION_NOT_REGISTERED": Meaning(ErrorKind.INVALID_NUMBER, "A trial account may not send there"),
    "REJECTED_ROUTE_NOT_AVAILABLE": _ACCOUNT,
    "REJECTED_FLOODING_FILTER": Meaning(ErrorKind.RATE_LIMIT, "Too many messages to this person", permanent=False),
    "REJECTED_SYSTEM_ERROR": _INTERNAL,
    "REJECTED_DESTINATION": _NUMBER,
    "MISSING_TO": _NUMBER,
    "UNDELIVERABLE_REJECTED_OPERATOR": _DEVICE,
    "UNDELIVERABLE_NOT_DELIVERED": _DEVICE,
    "EXPIRED_EXPIRED": _LATER,
    "EXPIRED_DLR_UNKNOWN": _LATER,
}
ERRORS: dict[str, Meaning] = {
    "7001": _ACCOUNT,
    "7002": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "7003": _BLOCKED,
    "7004": Meaning(ErrorKind.AUTHENTICATION, "WhatsApp does not accept the sender's credentials"),
    "7005": Meaning(ErrorKind.PERMISSION, "WhatsApp does not allow this"),
    "7006": _CONTENT,
    "7007": _CONTENT,
    "7008": _TEMPLATE,
    "7009": _TEMPLATE,
    "7010": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "7011": _ACCOUNT,
    "7012": _INTERNAL,
    "7013": _MEDIA,
    "7014": _MEDIA,
    "7015": _MEDIA,
    "7016": Meaning(ErrorKind.RATE_LIMIT, "Spam rate limit reached", permanent=False),
    "7017": Meaning(ErrorKind.RATE_LIMIT, "Too many messages", permanent=False),
    "7019": Meaning(ErrorKind.ACCOUNT, "A problem with the payment method at Meta"),
    "7020": _DEVICE,
    "7021": _ACCOUNT,
    "7022": _MEDIA,
    "7025": _DEVICE,
    "7026": Meaning(ErrorKind.RATE_LIMIT, "Limit of this kind of message reached", permanent=False),
    "7027": _CONTENT,
    "7029": Meaning(ErrorKind.UNDELIVERABLE, "The person's identity key changed"),
    "7030": Meaning(ErrorKind.OPTED_OUT, "The person blocked this template"),
    "7031": _TEMPLATE,
    "7032": Meaning(ErrorKind.MARKETING_LIMIT, "Marketing limit of this person reached", permanent=False),
    "7033": Meaning(ErrorKind.OPTED_OUT, "The person stopped marketing messages"),
    "7034": _ACCOUNT,
    "7036": Meaning(ErrorKind.INVALID_TEMPLATE, "The template is too new: try in ten minutes", permanent=False),
    "7037": Meaning(ErrorKind.INVALID_TEMPLATE, "The template is not available", permanent=False),
    "7038": _ACCOUNT,
    "7050": _INTERNAL,
    "7051": _INTERNAL,
    "7052": _INTERNAL,
    "7080": _INTERNAL,
    "7081": _ACCOUNT,
    "7082": _INTERNAL,
    "7083": _ACCOUNT,
    "7084": _ACCOUNT,
    "7201": _DEVICE,
}
EXCEPTIONS: dict[str, Meaning] = {
    "UNAUTHORIZED": Meaning(ErrorKind.AUTHENTICATION, "Infobip refused the API key"),
    "FORBIDDEN": Meaning(ErrorKind.PERMISSION, "The API key may not send WhatsApp messages"),
    "TOO_MANY_REQUESTS": Meaning(ErrorKind.RATE_LIMIT, "Too many requests", permanent=False, wait=1),
    "BAD_REQUEST": Meaning(ErrorKind.OTHER, "Infobip found the request not valid"),
}
CODES: dict[str, Meaning] = {**STATUSES, **ERRORS, **EXCEPTIONS}
