"""Settings come from the environment once, and say by name what is wrong with them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from twoticks.errors import Misconfigured
from twoticks.settings import PREFIX, Settings


def test_defaults_make_sense() -> None:
    assert Settings.load({}) == Settings()


def test_every_setting_explains_itself() -> None:
    assert all(item.metadata["help"].endswith(".") for item in fields(Settings))


@pytest.mark.parametrize("name", [item.name for item in fields(Settings)])
def test_every_setting_is_read_from_its_variable(name: str) -> None:
    default = getattr(Settings(), name)
    other = {
        "data": "/elsewhere",
        "host": "::1",
        "port": "9000",
        "public_url": "https://t.example",
        "allow_private_endpoints": "yes",
        "time_zone": "Europe/Berlin",
        "region": "DE",
        "currency": "EUR",
        "log_level": "WARNING",
        "log_json": "TRUE",
    }.get(name, "4096" if isinstance(default, int) else "other://value")
    assert getattr(Settings.load({PREFIX + name.upper(): other}), name) != default


def test_an_unknown_variable_is_refused_by_name() -> None:
    with pytest.raises(Misconfigured) as caught:
        Settings.load({"TWOTICKS_PROT": "80"})
    assert caught.value.field == "TWOTICKS_PROT"
    assert "TWOTICKS_PROT" in caught.value.message


def test_other_peoples_variables_are_left_alone() -> None:
    assert Settings.load({"HOME": "/root", "PORT": "1"}) == Settings()


def test_an_empty_variable_is_not_set() -> None:
    assert Settings.load({"TWOTICKS_PORT": "", "TWOTICKS_DATA": ""}) == Settings()


def test_the_command_line_wins_over_the_environment() -> None:
    loaded = Settings.load({"TWOTICKS_PORT": "9000", "TWOTICKS_HOST": "::1"}, port=9001, host=None)
    assert (loaded.port, loaded.host) == (9001, "::1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("READERS", "0"),
        ("JOURNAL_DAYS", "1.5"),
        ("JOURNAL_DAYS", "0"),
        ("LOG_JSON", "maybe"),
        ("LOG_LEVEL", "loud"),
        ("PUBLIC_URL", "t.example"),
        ("TIME_ZONE", "Mars/Phobos"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("REGION", "India"),
        ("CURRENCY", "rupees"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        Settings.load({PREFIX + name: value})
    assert caught.value.field == PREFIX + name
    assert caught.value.message.startswith(f"{PREFIX}{name} must be ")


def test_a_value_of_the_command_line_is_checked_too() -> None:
    with pytest.raises(Misconfigured):
        Settings.load({}, port=99_999)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fd00::7", "http://[fd00::7]:8080"),
        ("t.example", "http://t.example:8080"),
    ],
)
def test_the_local_address_can_be_asked(host: str, url: str) -> None:
    assert Settings(host=host).local_url == url
    assert Settings(host=host).base_url == url


def test_the_public_address_has_no_slash_at_its_end() -> None:
    assert Settings(public_url="https://t.example/wa/").base_url == "https://t.example/wa"


def test_stores_live_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    embedded = Settings(data=tmp_path)
    assert embedded.records_dsn == f"sqlite+aiosqlite:///{tmp_path}/records.db"
    assert embedded.facts_dsn == f"chdb://{tmp_path}/facts"
    server = Settings(records="postgresql://u@h/n", facts="clickhouse://h/n")
    assert (server.records_dsn, server.facts_dsn) == ("postgresql+asyncpg://u@h/n", "clickhouse://h/n")


def test_no_secret_is_shown() -> None:
    shown = repr(Settings(key="c2VjcmV0", records="postgresql://u:hunter2@h/n", facts="clickhouse://u:hunter3@h/n"))
    assert not any(secret in shown for secret in ("c2VjcmV0", "hunter2", "hunter3"))
