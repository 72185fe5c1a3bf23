"""The error numbers of messages that are never tried."""

from __future__ import annotations

from twoticks.records.dictionary import ErrorDictionary
from twoticks.vocabulary import NOT_ATTEMPTED_WORDS, NotAttempted, Side


async def reason_number(dictionary: ErrorDictionary, reason: NotAttempted) -> int:
    """The number of a reason: the `key` of its `not_attempted` facts."""
    return await dictionary.number(Side.INTERNAL, "", reason, reason, NOT_ATTEMPTED_WORDS[reason][0], True)
