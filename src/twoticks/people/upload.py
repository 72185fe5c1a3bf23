"""Reads an upload of people and events, with the rules and answers of CleverTap's ``POST /1/upload``.

Codes below 600 are CleverTap's (developer.clevertap.com/docs/api-errors), those from 600 on are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from twoticks.facts.fact import event_number
from twoticks.people.batch import UploadResult, answer_each, records_of
from twoticks.people.checks import CHECKS, check_phone
from twoticks.people.values import Refused, Value, read_properties
from twoticks.records.items import AnyItem, EventsItem, ProfilesItem

IDENTITY_KEYS = ("identity", "objectId", "FBID", "GPID")
"""The first one given becomes the identity: one name space, a text, whichever key it came under."""
IDENTITY_BYTES = 1024
EVENT_NAME_BYTES = 512

EARLIEST = 946_684_800
"""2000-01-01 in Unix seconds: what is older was no Unix time."""
DAY = 86_400

_canonical = msgspec.json.Encoder(order="deterministic").encode


@dataclass(slots=True)
class _Taken:
    region: str
    now: int
    profiles: list[dict[str, object]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)


def read_upload(body: object, *, region: str, now_ms: int) -> UploadResult:
    """Read the decoded JSON of one request; `now_ms` is its receipt time, `region` the account's.

    Raises `BadInput` when the body as a whole is unusable; single records are answered one by one.
    """
    taken = _Taken(region, now_ms)
    unprocessed = answer_each(records_of(body), lambda record: _read_record(record, taken))
    items: list[AnyItem] = []
    if taken.profiles:
        items.append(ProfilesItem(at=now_ms, records=taken.profiles))
    if taken.events:
        items.append(EventsItem(at=now_ms, records=taken.events))
    return UploadResult(len(taken.profiles) + len(taken.events), unprocessed, items)


def _read_record(record: Mapping[str, object], taken: _Taken) -> None:
    kind = record.get("type")
    if kind == "event":
        taken.events.append(_event(record, taken))
    elif kind == "profile":
        taken.profiles.append(_profile(record, taken))
    else:
        raise Refused(524, "The type of a record is event or profile. ")


def _event(record: Mapping[str, object], taken: _Taken) -> dict[str, object]:
    name = record.get("evtName")
    if not isinstance(name, str) or not name.strip() or _too_long(name, EVENT_NAME_BYTES):
        raise Refused(509, "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ")
    identity = _identity(record)
    at = _time(record.get("ts"), taken.now)
    data = record.get("evtData")
    if data is not None and not isinstance(data, dict):
        raise Refused(512, "Event structure is incorrect. evtData is no object. ")
    props = {key: value for key, value in read_properties(data or {}).items() if value is not None}
    number = _event_number(record, identity, name, at, props)
    return {"identity": identity, "name": name, "at": at, "event_id": number, "props": props}


def _event_number(record: Mapping[str, object], identity: str, name: str, at: int, props: dict[str, Value]) -> int:
    """Two uploads of one event are one event: by its own `eventId` where the record has one, else by all it says."""
    own = record.get("eventId")
    if isinstance(own, str | int) and own != "":
        return event_number("eventId", identity, name, str(own))
    return event_number(identity, name, at, _canonical(props).decode())


def _profile(record: Mapping[str, object], taken: _Taken) -> dict[str, object]:
    identity = _identity(record)
    _time(record.get("ts"), taken.now)
    data = record.get("profileData")
    if not isinstance(data, dict):
        raise Refused(601, "Profile data is incorrect. profileData is no object. ")
    props = read_properties(data)
    for name in props.keys() & CHECKS.keys():
        value = props[name]
        if value is not None:
            props[name] = CHECKS[name](value)
    if "Phone" not in props:
        return {"identity": identity, "props": props}
    return {"identity": identity, "phone": check_phone(props.pop("Phone"), taken.region), "props": props}


def _identity(record: Mapping[str, object]) -> str:
    for key in IDENTITY_KEYS:
        value = record.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip():
            if _too_long(value, IDENTITY_BYTES):
                raise Refused(523, f"The identity is longer than {IDENTITY_BYTES} bytes. ")
            return value
    raise Refused(523, "Identity is missing: one of identity, FBID, GPID, objectId. ")


def _time(value: object, now_ms: int) -> int:
    """Unix seconds, as a number or its digits, in milliseconds; the receipt time when none is given."""
    if value is None:
        return now_ms
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and EARLIEST <= value <= now_ms / 1000 + DAY:
        return int(value * 1000)
    raise Refused(525, "Timestamp should be present in the Unix Epoch format. ")


def _too_long(text: str, limit: int) -> bool:
    try:
        return len(text.encode()) > limit
    except UnicodeEncodeError:
        return True
