"""Twilio's error codes in our words: 2xxxx come in answers, 63xxx in answers and in failed statuses.

The 63xxx follow Twilio's list of corresponding WhatsApp codes (docs/whatsapp/tutorial/error-codes).
"""

from __future__ import annotations

from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import ErrorKind

_TEMPLATE = Meaning(ErrorKind.INVALID_TEMPLATE, "The template or its variables are not valid")
_SENDER = Meaning(ErrorKind.ACCOUNT, "The sender is not a WhatsApp sender of this account")
_INTERNAL = Meaning(ErrorKind.OTHER, "WhatsApp or Twilio could not process the message", permanent=False)
_POLICY = Meaning(ErrorKind.OTHER, "WhatsApp did not take the message's content")
_RATE = Meaning(ErrorKind.RATE_LIMIT, "Too many messages", permanent=False, wait=1)

CODES: dict[str, Meaning] = {
    "20003": Meaning(ErrorKind.AUTHENTICATION, "Twilio refused the credentials"),
    "20404": Meaning(ErrorKind.AUTHENTICATION, "Twilio does not know the account"),
    "20429": _RATE,
    "20503": Meaning(ErrorKind.UNAVAILABLE, "Twilio is not available", permanent=False, wait=5),
    "21211": Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid"),
    "21212": _SENDER,
    "21603": _SENDER,
    "21606": _SENDER,
    "21609": Meaning(ErrorKind.OTHER, "Twilio does not take our callback URL: set TWOTICKS_PUBLIC_URL"),
    "21610": Meaning(ErrorKind.OPTED_OUT, "The person unsubscribed from this sender"),
    "21611": Meaning(ErrorKind.RATE_LIMIT, "The sender's queue at Twilio is full", permanent=False, wait=30),
    "21614": Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid"),
    "21654": Meaning(ErrorKind.INVALID_TEMPLATE, "The template's name must be a ContentSid of this account"),
    "21656": Meaning(ErrorKind.INVALID_TEMPLATE, "Twilio does not take the variables of the template"),
    "92005": Meaning(ErrorKind.INVALID_TEMPLATE, "The template's name must be a ContentSid of this account"),
    "63001": Meaning(ErrorKind.PERMISSION, "WhatsApp denied access"),
    "63002": _SENDER,
    "63003": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "63004": _POLICY,
    "63005": _POLICY,
    "63007": _SENDER,
    "63010": _INTERNAL,
    "63012": _INTERNAL,
    "63013": Meaning(ErrorKind.OTHER, "The message violates a policy of WhatsApp's"),
    "63014": Meaning(ErrorKind.BLOCKED, "The person blocked the sender"),
    "63015": Meaning(ErrorKind.INVALID_NUMBER, "The number has not joined the Twilio sandbox"),
    "63016": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "63018": Meaning(ErrorKind.RATE_LIMIT, "Rate limit of WhatsApp reached", permanent=False, wait=5),
    "63019": Meaning(ErrorKind.MEDIA, "Media could not be downloaded"),
    "63020": Meaning(ErrorKind.ACCOUNT, "A problem with the payment method at Meta"),
    "63021": _POLICY,
    "63022": Meaning(ErrorKind.ACCOUNT, "A problem with the number's certificate"),
    "63023": _INTERNAL,
    "63024": Meaning(ErrorKind.INVALID_NUMBER, "The recipient cannot receive WhatsApp messages"),
    "63025": Meaning(ErrorKind.MEDIA, "The medium exists already"),
    "63027": Meaning(ErrorKind.INVALID_TEMPLATE, "The template does not exist in this language"),
    "63028": Meaning(ErrorKind.INVALID_TEMPLATE, "The number of variables does not match the template"),
    "63029": Meaning(ErrorKind.UNDELIVERABLE, "The person's WhatsApp could not fetch the template", permanent=False),
    "63030": _TEMPLATE,
    "63032": Meaning(ErrorKind.MARKETING_LIMIT, "The person is in an experiment of Meta's"),
    "63033": Meaning(ErrorKind.BLOCKED, "The recipient may not be sent to"),
    "63049": Meaning(ErrorKind.MARKETING_LIMIT, "Meta chose not to deliver this marketing message", permanent=False),
}
