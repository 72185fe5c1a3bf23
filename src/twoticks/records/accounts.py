"""Who may come in: the one account, its API keys, its users and their sign-ins."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from twoticks.errors import BadInput, Conflict, NotFound, Unavailable
from twoticks.records.database import Database
from twoticks.records.tables import Account, ApiKey, SignIn, User
from twoticks.settings import Settings

log = structlog.get_logger(__name__)

LAST_USE_EVERY = timedelta(minutes=1)
SIGN_IN_LASTS = timedelta(days=7)
PASSWORD_LENGTH = (8, 1000)
"""Shortest (OWASP ASVS 5.0 6.2.1) and longest password."""

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_HASHER = PasswordHasher()
# Each hash takes 64 MiB and a core for a while: a burst of sign-ins must not take all of both.
_HASHING = ThreadPoolExecutor(2, thread_name_prefix="passwords")


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """The account of this deployment; `tag` marks its message references."""

    account_id: str
    name: str
    time_zone: str
    region: str
    currency: str
    tag: str


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of an API key."""

    id: int
    name: str
    last_four: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def ensure_account(database: Database, settings: Settings) -> AccountInfo:
    """The account; made from `settings` when the database has none yet."""
    async with database.transaction() as session:
        # Two processes may start on an empty database at once: id 1 is taken only once.
        made = database.insert(Account).values(
            id=1,
            account_id="-".join(_letters(count) for count in (3, 3, 4)),
            name="Twoticks",
            time_zone=settings.time_zone,
            region=settings.region,
            currency=settings.currency,
            tag=_letters(6).lower(),
            created_at=datetime.now(UTC),
        )
        await session.execute(made.on_conflict_do_nothing())
        return _info(await session.get_one(Account, 1))


async def find_account(database: Database) -> AccountInfo:
    """The account; raises NotFound when there is none yet."""
    async with database.session() as session:
        row = await session.get(Account, 1)
    if row is None:
        raise NotFound("There is no account yet", hint="Start the server once; it makes the account.")
    return _info(row)


async def create_key(database: Database, name: str) -> tuple[str, str]:
    """Make an API key and return (account id, passcode); the passcode cannot be shown again."""
    account = await find_account(database)
    passcode = f"wcs_{account.tag}_{secrets.token_urlsafe(32)}"
    key = ApiKey(name=name[:200], digest=_digest(passcode), last_four=passcode[-4:], created_at=datetime.now(UTC))
    async with database.transaction() as session:
        session.add(key)
    return account.account_id, passcode


async def check_key(database: Database, passcode: str, account_id: str | None = None) -> int | None:
    """The id of the key with this passcode, None when it is unknown, revoked or not of account `account_id`."""
    async with database.session() as session:
        key = await session.scalar(
            select(ApiKey).where(ApiKey.digest == _digest(passcode), ApiKey.revoked_at.is_(None))
        )
        account = await session.get(Account, 1)
    if key is None or account is None:
        return None
    if account_id is not None and not hmac.compare_digest(_bytes(account_id), _bytes(account.account_id)):
        return None
    await _note_use(database, key)
    return key.id


async def _note_use(database: Database, key: ApiKey) -> None:
    now = datetime.now(UTC)
    if key.last_used_at is not None and now - key.last_used_at < LAST_USE_EVERY:
        return
    used = (
        update(ApiKey)
        .where(ApiKey.id == key.id)
        .where(or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - LAST_USE_EVERY))
        .values(last_used_at=now)
    )
    try:
        async with database.transaction() as session:
            await session.execute(used)
    except Unavailable:
        log.warning("key_use_not_noted", key=key.id)  # A full disk must not lock anybody out.


async def revoke_key(database: Database, key_id: int) -> None:
    """Refuse the key from now on; raises NotFound."""
    async with database.transaction() as session:
        key = await session.get(ApiKey, key_id)
        if key is None:
            raise NotFound(f"There is no key {key_id}")
        key.revoked_at = key.revoked_at or datetime.now(UTC)


async def list_keys(database: Database) -> list[KeyInfo]:
    """All keys, revoked ones too, oldest first."""
    async with database.session() as session:
        keys = (await session.scalars(select(ApiKey).order_by(ApiKey.id))).all()
    return [KeyInfo(key.id, key.name, key.last_four, key.created_at, key.last_used_at, key.revoked_at) for key in keys]


async def create_user(database: Database, email: str, password: str) -> int:
    """Make a user of the dashboard and return its id; raises BadInput, or Conflict when the address is taken."""
    address = _address(email)
    if "@" not in address[1:-1] or len(address) > 254:
        raise BadInput("This is no e-mail address", field="email")
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise BadInput(f"A password has {shortest} to {longest} characters", field="password")
    hashed = await asyncio.get_running_loop().run_in_executor(_HASHING, _HASHER.hash, _bytes(password))
    user = User(email=address, password_hash=hashed, created_at=datetime.now(UTC))
    try:
        async with database.transaction() as session:
            session.add(user)
    except IntegrityError:
        raise Conflict("This address has a user already", field="email") from None
    return user.id


async def check_password(database: Database, email: str, password: str) -> int | None:
    """The id of the user with this address and password, else None; takes as long for an unknown address."""
    async with database.session() as session:
        user = await session.scalar(select(User).where(User.email == _address(email)))
    hashed = None if user is None else user.password_hash
    matches = await asyncio.get_running_loop().run_in_executor(_HASHING, _verify, hashed, password)
    return user.id if user is not None and matches else None


async def sign_in(database: Database, user_id: int) -> str:
    """Begin a session of the dashboard and return its cookie value (256 random bits)."""
    cookie = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        await session.execute(delete(SignIn).where(SignIn.expires_at <= now))
        session.add(SignIn(digest=_digest(cookie), user_id=user_id, created_at=now, expires_at=now + SIGN_IN_LASTS))
    return cookie


async def signed_in(database: Database, cookie: str) -> User | None:
    """The user of a session that has not ended."""
    async with database.session() as session:
        return await session.scalar(
            select(User)
            .join(SignIn, SignIn.user_id == User.id)
            .where(SignIn.digest == _digest(cookie), SignIn.expires_at > datetime.now(UTC))
        )


async def sign_out(database: Database, cookie: str) -> None:
    """End the session; an unknown cookie is no error."""
    async with database.transaction() as session:
        await session.execute(delete(SignIn).where(SignIn.digest == _digest(cookie)))


def _verify(hashed: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(hashed or _hash_of_nobody(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(_bytes(secret)).digest()  # What we hash is random: a slow hash would add nothing.


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # JSON and headers may hold lone surrogates.


def _address(email: str) -> str:
    # Neither database stores lone surrogates, and PostgreSQL no NUL.
    return email.encode("utf-8", "replace").decode().replace("\0", "").strip().lower()


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _info(row: Account) -> AccountInfo:
    return AccountInfo(row.account_id, row.name, row.time_zone, row.region, row.currency, row.tag)
