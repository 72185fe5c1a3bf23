"""The tables of what we plan and may change, and of the journal. All times are aware UTC datetimes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database; SQLite keeps no zone of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values: nobody can tell what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite dropped."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Declarative base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        bytes: LargeBinary,
    }


class Account(Base):
    """The one account of a deployment."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    time_zone: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    tag: Mapped[str] = mapped_column(String(8))
    """Random part of our message references: tells our messages from another deployment's."""
    created_at: Mapped[datetime]


class ApiKey(Base):
    """A passcode of the API; only its SHA-256 is kept."""

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class User(Base):
    """A person who signs in to the dashboard."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class SignIn(Base):
    """A session of the dashboard; only the SHA-256 of its cookie is kept."""

    __tablename__ = "sign_ins"
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ProviderRow(Base):
    """A configured provider. `secrets` is the sealed JSON of its credentials and of its callback secret."""

    __tablename__ = "providers"
    id: Mapped[int] = mapped_column(primary_key=True)
    nickname: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    settings: Mapped[dict[str, Any]]
    """Public settings only; what the adapter names as secret is in `secrets`."""
    secrets: Mapped[bytes]
    paused_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class TemplateRow(Base):
    """A message template in Meta's component shape."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("provider_id", "name", "language"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(16))
    components: Mapped[list[Any]]
    created_at: Mapped[datetime]


class CampaignRow(Base):
    """A campaign as planned, and where its life stands."""

    __tablename__ = "campaigns"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(16), index=True)
    status_reason: Mapped[str | None] = mapped_column(Text)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"))
    content: Mapped[dict[str, Any]]
    audience: Mapped[dict[str, Any]]
    """`{"segment": "all"}` or `{"where": …}` as it was asked."""
    control_percentage: Mapped[int]
    goal: Mapped[dict[str, Any] | None]
    """`{"event_name", "window_seconds", "revenue_property"}`."""
    labels: Mapped[list[Any]]
    tag_group: Mapped[str | None] = mapped_column(String(200), index=True)
    source: Mapped[str] = mapped_column(String(32))
    qualified: Mapped[int | None]
    """Members of the published snapshot, control included; None before it is published."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    """Assignment time of both groups, to the whole second; conversion windows start here."""
    completed_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]


class LinkRow(Base):
    """A link of a campaign's template; `number` is the `key` of its `clicked` facts."""

    __tablename__ = "links"
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(Text)
    tracked: Mapped[bool]


class Chunk(Base):
    """A range of message numbers that one worker sends; `fence` grows with every lease."""

    __tablename__ = "chunks"
    __table_args__ = (Index("ix_chunks_state_lease_until", "state", "lease_until"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    first_seq: Mapped[int]
    last_seq: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    """`ready`, `leased` or `settled`."""
    fence: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]


class JournalBlock(Base):
    """One group commit: zstd-compressed msgpack list of journal items."""

    __tablename__ = "journal_blocks"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int]
    size: Mapped[int]
    """Bytes of the list before compression: readers bound their memory by it."""
    payload: Mapped[bytes]


class JournalCursor(Base):
    """How far a consumer has read the journal: the id of the last block it finished."""

    __tablename__ = "journal_cursors"
    consumer: Mapped[str] = mapped_column(String(64), primary_key=True)
    block_id: Mapped[int] = mapped_column(BigInteger)


class Mark(Base):
    """How far some work by the clock has come: a time in Unix milliseconds under a name."""

    __tablename__ = "marks"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)


class ProviderMessage(Base):
    """Which message a provider's own id stands for; `digest` is 16 bytes of hash over provider and id."""

    __tablename__ = "provider_messages"
    __table_args__ = ({"sqlite_with_rowid": False},)
    digest: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    campaign: Mapped[int]
    seq: Mapped[int] = mapped_column(BigInteger)


class Unmatched(Base):
    """A callback item whose message we do not know yet; retried when its id arrives and by the clock."""

    __tablename__ = "unmatched"
    __table_args__ = (UniqueConstraint("provider_id", "fingerprint"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16))
    """Hash of the item: a redelivered one is kept once."""
    item: Mapped[bytes]
    block_id: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    """Kept with the item: a late match uses it as receipt time."""


class Quarantined(Base):
    """A body, or an item of one, that we could not use, with the reason and the field at fault."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("provider_id", "fingerprint"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(300))
    path: Mapped[str] = mapped_column(String(300))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16))
    callback: Mapped[bytes]
    """The whole callback as a msgpack `CallbackItem`, for display and replay."""
    block_id: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]


class ErrorText(Base):
    """The dictionary of error numbers: the `key` of `refused`, `failed`, `unknown` and `not_attempted` facts."""

    __tablename__ = "error_texts"
    __table_args__ = (UniqueConstraint("side", "provider_kind", "code", "text"),)
    number: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(String(16))
    provider_kind: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(String(300))
    permanent: Mapped[bool]
