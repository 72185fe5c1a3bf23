"""Meta's error codes in our words; the same codes come in answers and in `failed` statuses."""

from __future__ import annotations

from typing import Any, NamedTuple

from twoticks.providers.bodies import mapping, optional_text
from twoticks.vocabulary import ErrorKind


class Meaning(NamedTuple):
    """What a code says.

    `permanent`: a later message to this person will fail the same way, or must not be sent. `wait`: seconds after
    which the same request may be made again, None where an answer with this code is the final no.
    """

    kind: ErrorKind
    text: str
    permanent: bool = True
    wait: float | None = None


class Problem(NamedTuple):
    """An error object of Meta's, read."""

    code: str
    text: str
    meaning: Meaning


OTHER = Meaning(ErrorKind.OTHER, "Other error at Meta")
_PERMISSION = Meaning(ErrorKind.PERMISSION, "The access token lacks a permission")
_PARAMETER = Meaning(ErrorKind.OTHER, "A parameter is missing or not valid")
_PAUSED = Meaning(ErrorKind.INVALID_TEMPLATE, "The template is paused or disabled")
_WRONG_VALUE = Meaning(ErrorKind.INVALID_TEMPLATE, "A template parameter is not valid")
_APP_LIMIT = Meaning(ErrorKind.RATE_LIMIT, "Rate limit of the app or account", permanent=False, wait=10)
_DOWN = Meaning(ErrorKind.UNAVAILABLE, "The service is not available", permanent=False, wait=10)
# Meta suggests to try these again too. As an answer we take them as final: an "unknown error" may meet every
# attempt, or hide that the message went out.
_UNKNOWN = Meaning(ErrorKind.OTHER, "Unknown error at Meta", permanent=False)

CODES: dict[str, Meaning] = {
    "0": Meaning(ErrorKind.AUTHENTICATION, "The access token is not accepted"),
    "1": _UNKNOWN,
    "2": _DOWN,
    "3": _PERMISSION,
    "4": _APP_LIMIT,
    "10": _PERMISSION,
    "33": _PARAMETER,
    "100": _PARAMETER,
    "190": Meaning(ErrorKind.AUTHENTICATION, "The access token has expired"),
    "368": Meaning(ErrorKind.ACCOUNT, "The account is blocked for policy violations"),
    "470": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "613": _APP_LIMIT,
    "80007": _APP_LIMIT,
    "130429": Meaning(ErrorKind.RATE_LIMIT, "Throughput limit reached", permanent=False, wait=1),
    "130472": Meaning(ErrorKind.MARKETING_LIMIT, "The person is in an experiment of Meta's"),
    "130497": Meaning(ErrorKind.BLOCKED, "The account may not send to this country"),
    "131000": _UNKNOWN,
    "131005": _PERMISSION,
    "131008": _PARAMETER,
    "131009": _PARAMETER,
    "131016": _DOWN,
    "131021": Meaning(ErrorKind.INVALID_NUMBER, "Recipient and sender are the same number"),
    "131026": Meaning(ErrorKind.UNDELIVERABLE, "Message undeliverable: not on WhatsApp, or an old version"),
    "131030": Meaning(ErrorKind.INVALID_NUMBER, "The number is not in the list of test recipients"),
    "131031": Meaning(ErrorKind.ACCOUNT, "The account is locked"),
    "131037": Meaning(ErrorKind.ACCOUNT, "The display name is not approved"),
    "131042": Meaning(ErrorKind.ACCOUNT, "A problem with the payment method"),
    "131045": Meaning(ErrorKind.ACCOUNT, "A problem with the number's certificate"),
    "131047": Meaning(ErrorKind.WINDOW_CLOSED, "The 24-hour window is closed"),
    "131048": Meaning(ErrorKind.RATE_LIMIT, "Spam rate limit reached", permanent=False, wait=60),
    "131049": Meaning(ErrorKind.MARKETING_LIMIT, "Marketing limit of this person reached", permanent=False),
    "131050": Meaning(ErrorKind.OPTED_OUT, "The person stopped marketing messages"),
    "131051": _PARAMETER,
    "131052": Meaning(ErrorKind.MEDIA, "Media could not be downloaded"),
    "131053": Meaning(ErrorKind.MEDIA, "Media could not be uploaded"),
    "131056": Meaning(ErrorKind.RATE_LIMIT, "Too many messages to this person", permanent=False, wait=6),
    "131057": Meaning(ErrorKind.UNAVAILABLE, "The account is in maintenance", permanent=False, wait=30),
    "131063": Meaning(ErrorKind.ACCOUNT, "Marketing templates are switched off for this account"),
    "131064": Meaning(ErrorKind.ACCOUNT, "The account is limited after misclassified templates"),
    "132000": Meaning(ErrorKind.INVALID_TEMPLATE, "The number of parameters does not match the template"),
    "132001": Meaning(ErrorKind.INVALID_TEMPLATE, "The template does not exist or is not approved"),
    "132005": Meaning(ErrorKind.INVALID_TEMPLATE, "The text is too long"),
    "132007": Meaning(ErrorKind.INVALID_TEMPLATE, "The template violates a policy"),
    "132008": _WRONG_VALUE,
    "132012": _WRONG_VALUE,
    "132015": _PAUSED,
    "132016": _PAUSED,
    "132018": _WRONG_VALUE,
    "132068": Meaning(ErrorKind.INVALID_TEMPLATE, "The template's flow is blocked"),
    "132069": Meaning(ErrorKind.RATE_LIMIT, "The template's flow is throttled", permanent=False),
    "133004": _DOWN,
}
HTTP: dict[int, Meaning] = {
    401: Meaning(ErrorKind.AUTHENTICATION, "The access token is not accepted"),
    403: _PERMISSION,
    429: Meaning(ErrorKind.RATE_LIMIT, "Too many requests", permanent=False, wait=1),
    503: Meaning(ErrorKind.UNAVAILABLE, "The service is not available", permanent=False, wait=1),
}


def read_problem(error: object) -> Problem:
    """An error object with its meaning; one that says nothing has the meaning `OTHER`.

    Meta asks to build on `code` and `error_data.details`: titles are to go.
    """
    fields = mapping(error)
    code = optional_text(fields, "code", limit=64)
    meaning = CODES.get(code) or (_PERMISSION if _is_permission(code) else OTHER)
    details = optional_text(mapping(fields.get("error_data")), "details", limit=300)
    text = details or optional_text(fields, "message", "title", limit=300) or meaning.text
    return Problem(code, text, meaning)


def known(code: str) -> bool:
    """Whether the table has a meaning for this code."""
    return code in CODES or _is_permission(code)


def _is_permission(code: str) -> bool:
    """200-299 are permissions of the Graph API."""
    return len(code) == 3 and code.isascii() and code.isdigit() and code[0] == "2"


def answer_fields(error: Any, status: int) -> tuple[Problem, float | None]:
    """What an error answer means, by its code first and its HTTP status second, and the wait it asks for."""
    problem = read_problem(error)
    if not known(problem.code) and status in HTTP:
        problem = problem._replace(meaning=HTTP[status])
    return problem, problem.meaning.wait
