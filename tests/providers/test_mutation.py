"""Whatever is wrong with a body, nothing raises, and what is right beside it is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.provider_contract import EXAMPLES, Recorded, adapter_of, callback, recorded, storable
from tests.providers.mutations import CHANGES, broken_bytes, changed, dump, parse_path, paths
from twoticks.providers import meta_callbacks
from twoticks.providers.base import Incoming, ParsedItem, Status, Unusable
from twoticks.providers.bodies import MOST_UNUSABLE
from twoticks.providers.registry import KINDS

ALL = [one for kind in KINDS for one in recorded(kind)]
BATCHING = sorted(kind for kind in KINDS if EXAMPLES[kind].batches)
WITH_SIBLINGS = [one for one in ALL if len(one.expected) > 2 and all(item["is"] != "Unusable" for item in one.expected)]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _parse(one: Recorded, body: bytes) -> list[ParsedItem]:
    items = adapter_of(one.kind).parse(one.request(body))
    assert all(isinstance(item, Status | Incoming | Unusable) and storable(item) for item in items)
    assert all(len(item.path) <= 300 for item in items)
    return items


@QUICK
@given(one=st.sampled_from(ALL), data=st.data())
def test_changed_values_never_raise(one: Recorded, data: st.DataObject) -> None:
    value = one.value()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(value)))
        value = changed(value, path, data.draw(CHANGES))
    _parse(one, one.written(value))


@QUICK
@given(one=st.sampled_from(ALL), data=st.data())
def test_broken_bytes_never_raise(one: Recorded, data: st.DataObject) -> None:
    _parse(one, data.draw(broken_bytes(one.body)))


@QUICK
@given(body=st.binary(max_size=200), kind=st.sampled_from(sorted(KINDS)))
def test_any_bytes_never_raise(body: bytes, kind: str) -> None:
    items = adapter_of(kind).parse(callback(body))
    assert all(isinstance(item, Unusable) for item in items)


@QUICK
@given(one=st.sampled_from(WITH_SIBLINGS), data=st.data())
def test_one_bad_item_never_loses_its_siblings(one: Recorded, data: st.DataObject) -> None:
    before = _parse(one, one.body)
    victim = data.draw(st.sampled_from([item.path for item in before]))
    value = json.loads(one.body)
    place = parse_path(victim)
    inside = [path for path in paths(value) if path[: len(place)] == place]
    after = _parse(one, dump(changed(value, data.draw(st.sampled_from(inside)), data.draw(CHANGES))))
    assert [item for item in after if not item.path.startswith(victim)] == [i for i in before if i.path != victim]


@pytest.mark.parametrize("kind", BATCHING)
def test_every_kind_with_batches_has_one_to_break(kind: str) -> None:
    assert any(one.kind == kind for one in WITH_SIBLINGS)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"\xff\xfe",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"[{}]",
        b"{",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:10]),
)
def test_a_body_that_is_nothing_becomes_one_unusable_item(kind: str, body: bytes) -> None:
    items = adapter_of(kind).parse(callback(body))
    assert [type(item) for item in items] == [Unusable]


@pytest.mark.parametrize("kind", BATCHING)
def test_a_body_full_of_rubbish_is_told_once_and_for_all(kind: str) -> None:
    one = next(one for one in WITH_SIBLINGS if one.kind == kind)
    place = parse_path(_parse(one, one.body)[0].path)

    def fill(holder: object, key: object) -> None:
        holder[:] = [0] * 50_000  # type: ignore[index]

    items = _parse(one, dump(changed(json.loads(one.body), place, fill)))
    assert len([item for item in items if isinstance(item, Unusable)]) == MOST_UNUSABLE + 1


@QUICK
@given(one=st.sampled_from(recorded("cloud_api")), data=st.data())
def test_both_paths_of_the_cloud_api_read_the_same(one: Recorded, data: st.DataObject) -> None:
    value = json.loads(one.body)
    if data.draw(st.booleans()):
        value = changed(value, data.draw(st.sampled_from(paths(value))), data.draw(CHANGES))
    body = dump(value)
    clean = meta_callbacks.parse_clean(body)
    assert clean is None or clean == meta_callbacks.parse_tolerant(body)


def test_clean_payloads_of_the_cloud_api_take_the_fast_path() -> None:
    tolerant = {one.name for one in recorded("cloud_api") if meta_callbacks.parse_clean(one.body) is None}
    assert tolerant == {"account_errors_are_ignored", "batch_with_faults", "status_deleted_is_ignored"}
