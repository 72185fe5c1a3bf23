"""Settings are checked by field, and parted into public ones and secrets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider_contract import EXAMPLES
from twoticks.errors import BadInput
from twoticks.providers.registry import KINDS, Limits, build, limits, split

GENERIC = dict(EXAMPLES["generic"].settings)
CLOUD = dict(EXAMPLES["cloud_api"].settings)


def _field(kind: str, settings: Any, **options: Any) -> str | None:
    with pytest.raises(BadInput) as caught:
        split(kind, settings, **options)
    return caught.value.field


@pytest.mark.parametrize("call", [lambda k: split(k, {}), lambda k: build(k, {}, {}), lambda k: limits(k, {})])
@pytest.mark.parametrize("kind", ["", "pigeon", "GENERIC", None, 5, ["generic"]])
def test_unknown_kind_is_refused_with_the_known_ones(call: Any, kind: Any) -> None:
    with pytest.raises(BadInput) as caught:
        call(kind)
    assert caught.value.field == "kind"
    assert all(known in str(caught.value.hint) for known in KINDS)


@pytest.mark.parametrize("raw", [None, [], "text", 5])
def test_settings_must_be_an_object(raw: Any) -> None:
    assert _field("generic", raw) == "settings"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"endpoint": None}, "settings.endpoint"),
        ({"endpoint": "ftp://provider.example"}, "settings.endpoint"),
        ({"waba_number": "12"}, "settings.waba_number"),
        ({"waba_number": 919999999999}, "settings.waba_number"),
        ({"auth": "Basic abc"}, "settings.auth"),
        ({"auth": {}}, "settings.auth"),
        ({"auth": {"bearer": "x"}}, "settings.auth.bearer"),
        ({"auth": {"basic": {"username": "ann"}}}, "settings.auth.basic.password"),
        ({"auth": {"basic": {"username": "a:b", "password": "x"}}}, "settings.auth.basic.username"),
        ({"auth": {"basic": {"username": "a", "password": "x"}, "headers": {"a": "b"}}}, "settings.auth"),
        ({"auth": {"headers": {"X-Key": "a\r\nHost: b"}}}, "settings.auth.headers[...]"),
        ({"auth": {"headers": {"X Key": "a"}}}, "settings.auth.headers"),
        ({"auth": {"headers": {"Host": "a"}}}, "settings.auth.headers.host"),
        ({"auth": {"headers": {"Transfer-Encoding": "a"}}}, "settings.auth.headers.transfer-encoding"),
    ],
)
def test_fault_in_generic_settings_is_named(changed: dict[str, Any], field: str) -> None:
    assert _field("generic", {**GENERIC, **changed}) == field


@pytest.mark.parametrize("missing", ["endpoint", "waba_number"])
def test_missing_setting_is_named(missing: str) -> None:
    assert (
        _field("generic", {name: value for name, value in GENERIC.items() if name != missing}) == f"settings.{missing}"
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"phone_number_id": "../me"}, "settings.phone_number_id"),
        ({"api_version": "23"}, "settings.api_version"),
        ({"api_version": "v23.0/../.."}, "settings.api_version"),
        ({"app_secret": ""}, "settings.app_secret"),
        ({"app_secret": []}, "settings.app_secret"),
        ({"app_secret": ["a", "b", "c"]}, "settings.app_secret"),
        ({"app_secret": ["a", ""]}, "settings.app_secret[1]"),
        ({"access_token": "a\nb"}, "settings.access_token"),
        ({"verify_token": ""}, "settings.verify_token"),
        ({"graph_url": "graph.facebook.com"}, "settings.graph_url"),
    ],
)
def test_fault_in_cloud_api_settings_is_named(changed: dict[str, Any], field: str) -> None:
    assert _field("cloud_api", {**CLOUD, **changed}) == field


def test_private_endpoint_is_refused_where_asked() -> None:
    assert _field("generic", {**GENERIC, "endpoint": "http://127.0.0.1:1/"}, allow_private=False) == "settings.endpoint"
    assert _field("cloud_api", {**CLOUD, "graph_url": "http://[::1]/"}, allow_private=False) == "settings.graph_url"
    split("generic", {**GENERIC, "endpoint": "http://127.0.0.1:1/"}, allow_private=True)


def test_refusal_never_repeats_a_secret() -> None:
    for changed in ({"auth": "hunter2"}, {"auth": {"basic": {"username": "hunter2:", "password": "x"}}}):
        with pytest.raises(BadInput) as caught:
            split("generic", {**GENERIC, **changed})
        assert "hunter2" not in f"{caught.value.message} {caught.value.field} {caught.value.hint}"


def test_secrets_are_made_up_where_the_user_gave_none() -> None:
    first, second = split("sandbox", {})[1], split("sandbox", {"signing_secret": None})[1]
    assert len(first["signing_secret"]) >= 32
    assert first != second


def test_each_kind_has_its_limits() -> None:
    assert limits("generic", {}) == Limits(500, 50, 1.0)
    assert limits("cloud_api", {}) == Limits(80, 50, 15.0)
    assert limits("sandbox", {}) == Limits(2000, 100, 5.0)


def test_limits_of_the_user_hold() -> None:
    assert limits("cloud_api", {"rate_per_second": 1000, "phone_number_id": "1"}) == Limits(1000, 50, 15.0)
