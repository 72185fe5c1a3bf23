"""What WhatsApp's error codes mean, whichever provider passes them on, and how an answer with one ends."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from twoticks.providers import meta_errors
from twoticks.providers.base import HttpResponse, ParsedItem, SendError, Status
from twoticks.providers.meta_errors import Meaning
from twoticks.providers.retry import retry_after
from twoticks.vocabulary import ErrorKind

_TEMPLATE = Meaning(ErrorKind.INVALID_TEMPLATE, "The template or its parameters are not valid")
_PARAMETER = Meaning(ErrorKind.OTHER, "A parameter is missing or not valid")
_RATE = Meaning(ErrorKind.RATE_LIMIT, "Rate limit reached", permanent=False, wait=1)
_DOWN = Meaning(ErrorKind.UNAVAILABLE, "The service is not available", permanent=False)
_UNREACHABLE = Meaning(ErrorKind.UNDELIVERABLE, "The person's WhatsApp cannot receive the message")

ON_PREMISES: dict[str, Meaning] = {
    # The codes of WhatsApp's retired On-Premises API, which many providers still speak.
    "400": Meaning(ErrorKind.MEDIA, "Media could not be downloaded"),
    "402": Meaning(ErrorKind.ACCOUNT, "A problem with the payment method"),
    "403": Meaning(ErrorKind.BLOCKED, "The number is on a block list"),
    "408": Meaning(ErrorKind.OTHER, "The message is not valid"),
    "410": Meaning(ErrorKind.UNDELIVERABLE, "The message expired before it was delivered", permanent=False),
    "429": _RATE,
    "470": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "471": Meaning(ErrorKind.RATE_LIMIT, "Spam rate limit reached", permanent=False, wait=60),
    "472": Meaning(ErrorKind.MARKETING_LIMIT, "The person is in an experiment of Meta's"),
    "480": Meaning(ErrorKind.UNDELIVERABLE, "The person's identity key changed"),
    "500": Meaning(ErrorKind.OTHER, "Unknown error at WhatsApp", permanent=False),
    "1001": Meaning(ErrorKind.OTHER, "The message is too long"),
    "1002": Meaning(ErrorKind.INVALID_NUMBER, "The recipient is not valid"),
    "1005": Meaning(ErrorKind.PERMISSION, "Access denied"),
    "1006": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "1008": _PARAMETER,
    "1009": _PARAMETER,
    "1010": _PARAMETER,
    "1011": _DOWN,
    "1013": Meaning(ErrorKind.NOT_ON_WHATSAPP, "The number is not on WhatsApp"),
    "1014": Meaning(ErrorKind.MEDIA, "The medium is damaged or of the wrong kind"),
    "1015": _RATE,
    "1021": Meaning(ErrorKind.INVALID_NUMBER, "The recipient is not valid"),
    "1026": _UNREACHABLE,
    **{str(code): _TEMPLATE for code in range(2000, 2014)},
    "2000": Meaning(ErrorKind.INVALID_TEMPLATE, "The number of parameters does not match the template"),
    "2001": Meaning(ErrorKind.INVALID_TEMPLATE, "The template does not exist in this language"),
    "2002": Meaning(ErrorKind.UNDELIVERABLE, "The person's WhatsApp could not fetch the template", permanent=False),
}
WHATSAPP: dict[str, Meaning] = {**ON_PREMISES, **meta_errors.CODES}
"""Codes of both of WhatsApp's own interfaces; they do not clash."""
HTTP: dict[int, Meaning] = {
    401: Meaning(ErrorKind.AUTHENTICATION, "The provider refused the credentials"),
    402: Meaning(ErrorKind.ACCOUNT, "The provider asks for payment"),
    403: Meaning(ErrorKind.PERMISSION, "The provider does not allow this"),
    404: Meaning(ErrorKind.OTHER, "Nothing answers at this address"),
    429: Meaning(ErrorKind.RATE_LIMIT, "Too many requests", permanent=False, wait=1),
    503: Meaning(ErrorKind.UNAVAILABLE, "The provider is not available", permanent=False, wait=1),
}
OTHER = Meaning(ErrorKind.OTHER, "Other error at the provider")
UNCLEAR_TEXT = "The answer does not say whether the message was accepted"


def refusal(
    response: HttpResponse,
    known: Mapping[str, Meaning],
    *,
    code: str = "",
    text: str = "",
    meaning: Meaning | None = None,
    clear: bool = False,
) -> SendError:
    """The error of an answer that is no acceptance.

    `meaning` is what the answer says otherwise than by a known code; `clear`: its body says no in so many words.
    429 and 503 always mean "not now". Else what it says decides, then the HTTP status. A success or a server error
    that says nothing we know leaves it open whether the message was taken. A code that repeats the HTTP status says
    nothing: WhatsApp has codes of the same numbers.
    """
    code = "" if code == str(response.status) else code
    found, http = known.get(code) or meaning, HTTP.get(response.status)
    if http is not None and http.wait is not None and (found is None or found.wait is None):
        found = http
    name = (code or f"http_{response.status}")[:64]
    if found is None and (response.status >= 500 or (response.status < 300 and not (code or clear))):
        words = text[:300] or UNCLEAR_TEXT
        return SendError(ErrorKind.BAD_ANSWER, code=name, text=words, permanent=False, unknown=True)
    found = found or http or OTHER
    return SendError(
        found.kind,
        code=name,
        text=(text or found.text)[:300],
        permanent=found.wait is None,
        retry_after=None if found.wait is None else retry_after(response.headers, default=found.wait),
    )


def unsupported(part: str, provider: str) -> SendError:
    """The refusal of a message with a part that we do not know how to hand to this provider."""
    text = f"Twoticks cannot pass {part} to {provider}"
    return SendError(ErrorKind.INVALID_TEMPLATE, code="unsupported", text=text)


def with_meanings(items: list[ParsedItem], known: Mapping[str, Meaning]) -> list[ParsedItem]:
    """Items of Meta's envelope, where a failure with a code that is none of Meta's has its meaning from `known`."""
    return [_with_meaning(item, known) if isinstance(item, Status) and item.code else item for item in items]


def _with_meaning(status: Status, known: Mapping[str, Meaning]) -> Status:
    meaning = None if meta_errors.known(status.code) else known.get(status.code)
    if meaning is None:
        return status
    text = meaning.text if status.text == meta_errors.OTHER.text else status.text
    return msgspec.structs.replace(status, kind=meaning.kind, permanent=meaning.permanent, text=text)
