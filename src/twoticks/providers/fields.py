"""Reads what callbacks of most providers share: forms, answers, moments, senders, and our reference."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from twoticks.providers.base import HttpResponse
from twoticks.providers.bodies import UnusableError, decode, mapping, optional_text
from twoticks.providers.times import EARLIEST, LATEST, read_time

MOST_FIELDS = 1000
"""Of a form; providers send about thirty."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.,+Z-]{0,24}")
_PHONE = re.compile(r"\+?([0-9]{5,20})")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,140}")
"""Meta's business-scoped user id: the person's country, a dot, and up to 128 letters and digits."""
_TYPE = re.compile(r"[a-z_]{1,32}")
_REFERENCE = re.compile(r"[0-9a-z]+(?:\|[0-9a-z]+){3}")


def form(text: str) -> dict[str, Any]:
    """The first value of each field of a URL-encoded form; raises `UnusableError` when there is no field at all."""
    try:
        pairs = parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnusableError("the body is no form") from None
    if not pairs:
        raise UnusableError("the body is empty")
    return dict(reversed(pairs))


def form_of(body: bytes, query: str) -> dict[str, Any]:
    """The fields of a callback that may come as POST with a form or as GET with a query."""
    return form(body.decode("utf-8", "replace") if body.strip() else query)


def answer_object(response: HttpResponse) -> dict[str, Any]:
    """The JSON object of an answer, empty where it is none."""
    try:
        return mapping(decode(response.body))
    except UnusableError:
        return {}


def callback_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a callback; raises `UnusableError` when it is none."""
    value = decode(body)
    if not isinstance(value, dict):
        raise UnusableError("the body is no object")
    return value


def read_moment(value: object) -> int | None:
    """Unix milliseconds of seconds, milliseconds or ISO 8601 with ``Z``, ``+hh:mm``, ``+hhmm`` or (UTC) no zone."""
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        return read_time(value)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        milliseconds = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return milliseconds if EARLIEST <= milliseconds < LATEST else None


def sender(item: dict[str, Any], path: str, *names: str) -> str:
    """Who wrote: the digits of the first phone number in the named fields, else the first user id.

    People with a user name may show no number. Raises `UnusableError` where there is neither.
    """
    texts = [optional_text(item, name).removeprefix("whatsapp:") for name in names]
    for pattern in (_PHONE, _USER_ID):
        for text in texts:
            if (found := pattern.fullmatch(text)) is not None:
                return found[1] if pattern is _PHONE else text
    where = f"{path}.{names[0]}" if path else names[0]
    raise UnusableError("is missing" if item.get(names[0]) is None else "is no phone number", where)


def message_type(item: dict[str, Any], path: str, name: str = "type") -> str:
    """What kind of message it is, in lower case; raises `UnusableError` when that is no word."""
    word = optional_text(item, name).lower()
    if _TYPE.fullmatch(word) is None:
        where = f"{path}.{name}" if path else name
        raise UnusableError("is missing" if item.get(name) is None else "is no type of message", where)
    return word


def own_reference(text: str) -> str | None:
    """The text where it has the form of a reference of ours."""
    return text if _REFERENCE.fullmatch(text) else None
