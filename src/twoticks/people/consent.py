"""Reads CleverTap's ``POST /1/subscribe``: a phone number opts out of WhatsApp, or in again.

The wish belongs to the number: it holds for every profile that has the number. A person's own ``MSG-whatsapp`` is
another matter and stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from twoticks.people.batch import UploadResult, answer_each, records_of
from twoticks.people.phones import normalise
from twoticks.people.values import Refused
from twoticks.records.items import ProfilesItem

NUMBER_OPTED_OUT = "MSG-dndWhatsApp"
"""CleverTap's name of the property that says a number takes no WhatsApp messages."""

STATUSES = {"unsubscribe": True, "resubscribe": False}


def read_subscribe(body: object, *, region: str, now_ms: int) -> UploadResult:
    """Read the decoded JSON of one request; the answer has the form of an upload's.

    The changes are addressed as `{"phone_is", "props"}`, and reach the profiles that have the number when they are
    applied. Raises `BadInput` when the body as a whole is unusable.
    """
    changes: list[dict[str, object]] = []

    def take(record: Mapping[str, object]) -> None:
        changes.append(_change(record, region))

    unprocessed = answer_each(records_of(body), take)
    items = [ProfilesItem(at=now_ms, records=changes)] if changes else []
    return UploadResult(len(changes), unprocessed, [*items])


def _change(record: Mapping[str, object], region: str) -> dict[str, object]:
    if record.get("type") != "whatsapp":
        raise Refused(606, "The type of a subscription is whatsapp; other channels are not kept here. ")
    status = record.get("status")
    opted_out = STATUSES.get(status.lower()) if isinstance(status, str) else None
    if opted_out is None:
        raise Refused(607, "The status of a subscription is Unsubscribe or Resubscribe. ")
    value = record.get("value")
    phone = normalise(value, region) if isinstance(value, str) else None
    if phone is None:
        raise Refused(516, "Phone number is not valid. ")
    return {"phone_is": phone, "props": {NUMBER_OPTED_OUT: opted_out}}
