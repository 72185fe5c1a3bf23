"""Phone numbers as people write them, into the one form we keep: E.164 with the leading plus."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=65_536)
def normalise(text: str, region: str) -> str | None:
    """`text` in E.164, or None unless it is a possible and valid number.

    `region` (ISO 3166, two letters) is the country of numbers written without a country code.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
