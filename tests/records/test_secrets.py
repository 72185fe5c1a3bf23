"""The master key and what it seals."""

from __future__ import annotations

import base64
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.postgres import PostgresServer
from twoticks.errors import Misconfigured, StoreDamaged
from twoticks.records.accounts import create_key, create_user, ensure_account, sign_in
from twoticks.records.database import Database
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import ProviderRow
from twoticks.settings import Settings

KEY = MasterKey(bytes(range(32)))


@given(st.binary(), st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_opens(plain: bytes, context: str) -> None:
    sealed = KEY.seal(plain, context)
    assert KEY.open(sealed, context) == plain
    assert len(plain) < 4 or plain not in sealed


def test_the_same_text_is_never_sealed_alike() -> None:
    assert KEY.seal(b"token", "provider:1") != KEY.seal(b"token", "provider:1")


def test_sealed_bytes_do_not_open_in_another_place() -> None:
    with pytest.raises(StoreDamaged):
        KEY.open(KEY.seal(b"token", "provider:1"), "provider:2")


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(b"token", "provider:1"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises((StoreDamaged, Misconfigured)):
        KEY.open(bytes(sealed), "provider:1")


@pytest.mark.parametrize("length", [0, 4, 5, 10, 20])
def test_cut_bytes_are_noticed(length: int) -> None:
    with pytest.raises((StoreDamaged, Misconfigured)):
        KEY.open(KEY.seal(b"token", "provider:1")[:length], "provider:1")


def test_another_key_names_the_setting() -> None:
    with pytest.raises(Misconfigured) as raised:
        MasterKey(bytes(32)).open(KEY.seal(b"token", "provider:1"), "provider:1")
    assert raised.value.field == "TWOTICKS_KEY"
    assert "TWOTICKS_KEY" in (raised.value.hint or "")


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert len(KEY.derive("links")) == 32
    assert KEY.derive("links") == MasterKey(bytes(range(32))).derive("links")
    assert KEY.derive("links") != KEY.derive("people")
    assert KEY.derive("links") != MasterKey(bytes(32)).derive("links")


def test_the_key_of_the_settings_wins(tmp_path: Path) -> None:
    key = MasterKey.load(Settings(data=tmp_path, key=base64.b64encode(bytes(range(32))).decode()))
    assert key.derive("x") == KEY.derive("x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["short", base64.b64encode(bytes(31)).decode(), "ü" * 44, "!" * 44])
def test_a_malformed_key_names_the_setting_and_does_not_tell_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        MasterKey.load(Settings(data=tmp_path, key=text))
    assert raised.value.field == "TWOTICKS_KEY"
    assert text not in raised.value.message


def test_a_missing_key_file_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    first = MasterKey.load(Settings(data=tmp_path / "new"))
    path = tmp_path / "new" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]
    assert MasterKey.load(Settings(data=tmp_path / "new")).derive("x") == first.derive("x")


def test_two_processes_that_start_together_use_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: MasterKey.load(Settings(data=tmp_path)).derive("x"), range(8)))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    MasterKey.load(Settings(data=tmp_path))
    (tmp_path / "key").chmod(mode)
    with pytest.raises(Misconfigured, match="open to others") as raised:
        MasterKey.load(Settings(data=tmp_path))
    assert "chmod 600" in (raised.value.hint or "")


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    os.close(os.open(tmp_path / "key", os.O_CREAT, 0o600))
    with pytest.raises(Misconfigured):
        MasterKey.load(Settings(data=tmp_path))


async def write_credentials(database: Database) -> list[str]:
    """Store one of each credential the way the product does, and return them."""
    await ensure_account(database, Settings())
    _, passcode = await create_key(database, "ci")
    password = "correct horse battery staple"
    cookie = await sign_in(database, await create_user(database, "asha@example.org", password))
    token = "EAAGm0PX4ZCpsBAKZCtoken"
    sealed = KEY.seal(json.dumps({"token": token}).encode(), "provider:1")
    row = ProviderRow(nickname="n", kind="cloud_api", settings={}, secrets=sealed, created_at=datetime.now(UTC))
    async with database.transaction() as session:
        session.add(row)
    return [passcode, passcode[10:], password, cookie, token]


def found_in(folder: Path, words: list[str]) -> list[tuple[str, str]]:
    contents = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(b"asha@example.org" in content for content in contents.values())
    return [(name, word) for name, content in contents.items() for word in words if word.encode() in content]


async def test_no_credential_is_readable_in_the_sqlite_files(database: Database, tmp_path: Path) -> None:
    assert found_in(tmp_path, await write_credentials(database)) == []


async def test_no_credential_is_readable_in_postgresqls_files(postgres: PostgresServer, postgres_dsn: str) -> None:
    database = await Database.open(postgres_dsn)
    words = await write_credentials(database)
    await database.close()
    postgres.sql("CHECKPOINT")
    assert found_in(postgres.data, words) == []
