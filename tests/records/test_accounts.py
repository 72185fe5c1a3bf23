"""Keys, users and sign-ins let in whom they should, and nobody else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from twoticks.errors import BadInput, Conflict, NotFound
from twoticks.records.accounts import (
    check_key,
    check_password,
    create_key,
    create_user,
    ensure_account,
    find_account,
    list_keys,
    revoke_key,
    sign_in,
    sign_out,
    signed_in,
)
from twoticks.records.database import Database
from twoticks.records.tables import ApiKey, SignIn
from twoticks.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture
async def known(any_database: Database) -> Database:
    """A database with its account."""
    await ensure_account(any_database, Settings())
    return any_database


async def test_the_account_is_made_once_from_the_settings(any_database: Database) -> None:
    asked = [ensure_account(any_database, Settings(time_zone="Asia/Kathmandu", currency="NPR")) for _ in range(4)]
    accounts = await asyncio.gather(*asked)
    assert len(set(accounts)) == 1
    assert (accounts[0].time_zone, accounts[0].currency) == ("Asia/Kathmandu", "NPR")
    assert await ensure_account(any_database, Settings()) == accounts[0]
    assert await find_account(any_database) == accounts[0]


async def test_the_tag_fits_into_message_references(known: Database) -> None:
    tag = (await find_account(known)).tag
    assert tag.isalnum()
    assert len(tag) == 6


async def test_no_account_no_key(any_database: Database) -> None:
    with pytest.raises(NotFound):
        await create_key(any_database, "ci")


async def test_a_key_opens_its_account(known: Database) -> None:
    account_id, passcode = await create_key(known, "ci")
    (key,) = await list_keys(known)
    assert await check_key(known, passcode) == key.id
    assert await check_key(known, passcode, account_id) == key.id
    assert await check_key(known, passcode, "XXX-XXX-XXXX") is None
    assert await check_key(known, passcode, "") is None


async def test_a_passcode_has_256_random_bits_behind_its_prefix(known: Database) -> None:
    _, passcode = await create_key(known, "ci")
    prefix, tag, random = passcode.split("_", 2)
    assert (prefix, tag) == ("wcs", (await find_account(known)).tag)
    assert len(random) == 43


@pytest.mark.parametrize("change", [str.lower, lambda p: p[:-1], lambda p: p + "A", lambda _: "", lambda _: "\ud800"])
async def test_a_changed_passcode_is_refused(known: Database, change) -> None:  # type: ignore[no-untyped-def]
    _, passcode = await create_key(known, "ci")
    assert await check_key(known, change(passcode)) is None


async def test_a_revoked_key_is_refused(known: Database) -> None:
    _, passcode = await create_key(known, "ci")
    key_id = await check_key(known, passcode)
    assert key_id is not None
    await revoke_key(known, key_id)
    assert await check_key(known, passcode) is None
    (key,) = await list_keys(known)
    assert key.revoked_at is not None
    with pytest.raises(NotFound):
        await revoke_key(known, 99)


async def test_the_list_of_keys_tells_last_four_and_last_use(known: Database) -> None:
    _, passcode = await create_key(known, "ci")
    (unused,) = await list_keys(known)
    assert (unused.name, unused.last_four, unused.last_used_at) == ("ci", passcode[-4:], None)
    await check_key(known, passcode)
    (used,) = await list_keys(known)
    assert used.last_used_at is not None
    assert abs(datetime.now(UTC) - used.last_used_at) < timedelta(minutes=1)


async def test_the_last_use_is_noted_once_a_minute(known: Database) -> None:
    _, passcode = await create_key(known, "ci")

    async def use_after(seconds: int) -> bool:
        last = datetime.now(UTC) - timedelta(seconds=seconds)
        async with known.transaction() as session:
            await session.execute(update(ApiKey).values(last_used_at=last))
        await check_key(known, passcode)
        return (await list_keys(known))[0].last_used_at != last

    assert not await use_after(30)
    assert await use_after(61)


async def test_a_password_opens_its_user_alone(known: Database) -> None:
    user_id = await create_user(known, " Asha@Example.org ", PASSWORD)
    assert await check_password(known, "asha@example.org", PASSWORD) == user_id
    assert await check_password(known, "asha@example.org", PASSWORD + " ") is None
    assert await check_password(known, "ravi@example.org", PASSWORD) is None
    assert await check_password(known, "\ud800\0", "\ud800\0") is None


async def test_an_address_has_one_user(known: Database) -> None:
    await create_user(known, "asha@example.org", PASSWORD)
    with pytest.raises(Conflict):
        await create_user(known, "ASHA@example.org", PASSWORD)


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("asha", PASSWORD, "email"),
        ("@", PASSWORD, "email"),
        ("a@b", "short", "password"),
        ("a@b", "x" * 1001, "password"),
    ],
)
async def test_unusable_users_are_refused(known: Database, email: str, password: str, field: str) -> None:
    with pytest.raises(BadInput) as raised:
        await create_user(known, email, password)
    assert raised.value.field == field


async def test_a_sign_in_lasts_until_sign_out(known: Database) -> None:
    user_id = await create_user(known, "asha@example.org", PASSWORD)
    cookie, other = await sign_in(known, user_id), await sign_in(known, user_id)
    user = await signed_in(known, cookie)
    assert user is not None
    assert (user.id, user.email) == (user_id, "asha@example.org")
    await sign_out(known, cookie)
    assert await signed_in(known, cookie) is None
    assert await signed_in(known, other) is not None
    await sign_out(known, "unknown")


async def test_a_sign_in_ends_by_itself(known: Database) -> None:
    user_id = await create_user(known, "asha@example.org", PASSWORD)
    cookie = await sign_in(known, user_id)
    async with known.transaction() as session:
        await session.execute(update(SignIn).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert await signed_in(known, cookie) is None
