"""Merges changes into profiles: per property the later change wins, and a change already merged does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from twoticks.people.consent import NUMBER_OPTED_OUT
from twoticks.people.values import Value

PERSON_OPTED_IN = "MSG-whatsapp"
"""CleverTap's name of the property that says a person takes WhatsApp messages."""

INDEX_BITS = 20
"""A journal block holds far fewer than 2^20 items, so block and index order all changes in one number."""


def version_of(block: int, index: int) -> int:
    """The version a profile has once item `index` of journal block `block` is merged into it."""
    if index >> INDEX_BITS:
        raise ValueError("a journal block holds no so many items")
    return block << INDEX_BITS | index


@dataclass(slots=True)
class State:
    """A profile being changed. `stored` is the version in the fact store, -1 where there is none."""

    identity: str
    phone: str = ""
    props: dict[str, Value] = field(default_factory=dict)
    stored: int = -1
    version: int = -1
    erased: bool = False
    changed: bool = False

    @property
    def opted_out(self) -> bool:
        """Whether the person, or the number, takes no WhatsApp messages."""
        return self.props.get(PERSON_OPTED_IN) is False or self.props.get(NUMBER_OPTED_OUT) is True

    def merge(self, version: int, record: Mapping[str, object]) -> None:
        """Merge one change, unless the stored profile has it already; an erased person stays erased."""
        if self.erased or version <= self.stored:
            return
        self.version = version
        phone = record.get("phone", self.phone)
        if phone != self.phone or self.stored < 0:
            self.phone = cast("str", phone)
            self.changed = True
        for name, value in cast("dict[str, Value | None]", record["props"]).items():
            self._set(name, value)

    def _set(self, name: str, value: Value | None) -> None:
        old = self.props.get(name)
        # 1 and True are equal in Python, and not the same property value.
        if old == value and type(old) is type(value):
            return
        self.changed = True
        if value is None:
            del self.props[name]
        else:
            self.props[name] = value


class Book:
    """The profiles that one batch of changes touches, by identity and by phone."""

    def __init__(self, states: Iterable[State]) -> None:
        self._states = {state.identity: state for state in states}
        self._by_phone: dict[str, dict[str, State]] = {}
        for state in self._states.values():
            self._by_phone.setdefault(state.phone, {})[state.identity] = state

    def merge(self, version: int, record: Mapping[str, object]) -> int:
        """Merge one change into every profile it is addressed to, and say how many those are.

        A change addressed by phone reaches the profiles that have the number at that moment. Whoever gets the number
        later has a later version, so a replay does not reach them either.
        """
        if "phone_is" in record:
            addressed = list(self._by_phone.get(cast("str", record["phone_is"]), {}).values())
        else:
            addressed = [self._state(cast("str", record["identity"]))]
        for state in addressed:
            before = state.phone
            state.merge(version, record)
            if state.phone != before:
                del self._by_phone[before][state.identity]
                self._by_phone.setdefault(state.phone, {})[state.identity] = state
        return len(addressed)

    def changed(self) -> list[State]:
        """The profiles that are no longer what the fact store has."""
        return [state for state in self._states.values() if state.changed]

    def _state(self, identity: str) -> State:
        state = self._states.get(identity)
        if state is None:
            state = self._states[identity] = State(identity)
            self._by_phone.setdefault("", {})[identity] = state
        return state
