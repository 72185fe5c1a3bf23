"""Profile properties whose meaning is fixed, and what their values must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from twoticks.people.phones import normalise
from twoticks.people.values import Refused, Value

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
EMAIL_LENGTH = 254
"""The longest address a mail server takes (RFC 5321, section 4.5.3.1.3)."""

FLAG_WORDS: dict[object, bool] = {True: True, False: False, "true": True, "false": False}


def check_phone(value: Value | None, region: str) -> str:
    """E.164, or an empty text where the number is to be removed."""
    if value is None:
        return ""
    phone = normalise(str(value), region) if isinstance(value, str | int) else None
    if phone is None:
        raise Refused(516, "Profile data is incorrect. Phone number is not valid.")
    return phone


def _email(value: Value) -> Value:
    if not isinstance(value, str) or len(value) > EMAIL_LENGTH or not EMAIL.fullmatch(value):
        raise Refused(515, "Profile data is incorrect. Email is not valid.")
    return value


def _age(value: Value) -> Value:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}", value):
        value = int(value)
    if isinstance(value, str | bool) or not 0 < value < 120:
        raise Refused(520, "Profile data is incorrect. Age is not valid.")
    return value


def _one_of(code: int, text: str, *words: str) -> Callable[[Value], Value]:
    def check(value: Value) -> Value:
        if value not in words:
            raise Refused(code, f"Profile data is incorrect. {text}")
        return value

    return check


def _flag(value: Value) -> Value:
    """Consent must not be lost to a way of writing it."""
    found = FLAG_WORDS.get(value.lower() if isinstance(value, str) else value)
    if found is None:
        raise Refused(605, "Profile data is incorrect. MSG-whatsapp and MSG-dndWhatsApp are true or false.")
    return found


CHECKS: Mapping[str, Callable[[Value], Value]] = MappingProxyType(
    {
        "Email": _email,
        "Employed": _one_of(517, "Employed is Y or N.", "Y", "N"),
        "Education": _one_of(518, "Education is School, College or Graduate.", "School", "College", "Graduate"),
        "Married": _one_of(519, "Married is Y or N.", "Y", "N"),
        "Age": _age,
        "MSG-whatsapp": _flag,
        "MSG-dndWhatsApp": _flag,
    }
)
"""Each gives the value as it is kept, or raises `Refused` with CleverTap's code."""
