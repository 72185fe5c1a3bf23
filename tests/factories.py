"""Builders for tests: providers, campaigns with their members in both stores, and callbacks as providers post them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from twoticks.campaigns.directory import Configured, Directory
from twoticks.facts.store import FactStore
from twoticks.providers.base import CallbackRequest
from twoticks.records.database import Database
from twoticks.records.items import CallbackItem, MembersItem
from twoticks.records.tables import CampaignRow, LinkRow, TemplateRow

STARTED = 1_790_000_000_000
"""When campaigns of tests start, in Unix milliseconds: a whole second of September 2026."""
MINUTE = 60_000
HOUR = 60 * MINUTE
TAG = "k7"
"""Tag of the references of tests."""

_numbers = itertools.count(1)

APP_SECRET = "0123456789abcdef0123456789abcdef"
SETTINGS: dict[str, dict[str, Any]] = {
    "cloud_api": {
        "phone_number_id": "106540352242922",
        "access_token": "EAAtoken",
        "app_secret": APP_SECRET,
        "verify_token": "verify-me",
    },
    "generic": {
        "endpoint": "https://provider.example/send",
        "waba_number": "919999999999",
        "auth": {"basic": {"username": "tester", "password": "secret-passw0rd"}},
    },
    "sandbox": {},
}


async def add_provider(directory: Directory, kind: str = "cloud_api", nickname: str = "") -> Configured:
    """A configured provider of any kind."""
    return await directory.create(nickname or kind, kind, SETTINGS[kind])


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A link of a campaign; they are numbered from 1 in their order."""

    url: str
    tracked: bool = True


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What `add_campaign` makes: `held` gives the reason by message number."""

    members: int = 10
    control: Collection[int] = ()
    held: Mapping[int, str] = field(default_factory=dict)
    links: Sequence[LinkPlan] = ()
    started_at: int = STARTED
    first_phone: int = 0


async def add_campaign(
    database: Database, facts: FactStore, provider_id: int, plan: CampaignPlan | None = None, **changes: Any
) -> int:
    """A running campaign whose snapshot is published; gives its id. `changes` are fields of the plan."""
    plan = plan or CampaignPlan(**changes)
    started = datetime.fromtimestamp(plan.started_at / 1000, UTC)
    async with database.transaction() as session:
        template = TemplateRow(
            provider_id=provider_id, name=f"template_{next(_numbers)}", language="en", components=[], created_at=started
        )
        session.add(template)
        await session.flush()
        row = CampaignRow(
            name="Test",
            status="running",
            provider_id=provider_id,
            template_id=template.id,
            content={},
            audience={"segment": "all"},
            control_percentage=0,
            labels=[],
            source="test",
            qualified=plan.members,
            created_at=started,
            started_at=started,
            deadline=started,
        )
        session.add(row)
        await session.flush()
        campaign = row.id
        session.add_all(
            LinkRow(campaign_id=campaign, number=number, label=f"Link {number}", url=link.url, tracked=link.tracked)
            for number, link in enumerate(plan.links, 1)
        )
    await facts.insert("members", members_table(campaign, plan))
    return campaign


def phone_of(number: int) -> str:
    """A valid Indian mobile number."""
    return f"+9198{number:08d}"


def members_table(campaign: int, plan: CampaignPlan) -> pa.Table:
    """The members of a campaign, as `campaigns/sql/members_slice.sql` gives them."""
    seqs = range(plan.members)
    return pa.table(
        {
            "campaign": pa.array([campaign] * plan.members, pa.uint32()),
            "seq": pa.array(seqs, pa.uint32()),
            "identity": [f"user-{plan.first_phone + seq:08d}" for seq in seqs],
            "phone": [phone_of(plan.first_phone + seq) for seq in seqs],
            "arm": ["control" if seq in plan.control else "target" for seq in seqs],
            "held": [plan.held.get(seq, "") for seq in seqs],
            "run": pa.array([0] * plan.members, pa.uint32()),
            "at": pa.array([plan.started_at] * plan.members, pa.timestamp("ms", "UTC")),
        }
    )


def members_item(campaign: int, plan: CampaignPlan) -> MembersItem:
    """The same in the journal."""
    rows = members_table(campaign, plan)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return MembersItem(plan.started_at, campaign, bytes(sink.getvalue()))


def cloud_status(
    status: str, reference: str | None, message_id: str, at: int | None = None, error: tuple[int, str] | None = None
) -> dict[str, Any]:
    """A status of Meta's webhook; `at` in Unix milliseconds, of which Meta gives whole seconds."""
    value: dict[str, Any] = {"id": message_id, "status": status, "recipient_id": "16505551234"}
    if at is not None:
        value["timestamp"] = str(at // 1000)
    if reference is not None:
        value["biz_opaque_callback_data"] = reference
    if error is not None:
        value["errors"] = [{"code": error[0], "title": error[1], "message": error[1]}]
    return value


def cloud_text(
    sender: str, message_id: str, text: str = "Hello", at: int | None = None, context: str | None = None
) -> dict[str, Any]:
    """An incoming text message of Meta's webhook."""
    value: dict[str, Any] = {"from": sender.removeprefix("+"), "id": message_id, "type": "text", "text": {"body": text}}
    if at is not None:
        value["timestamp"] = str(at // 1000)
    if context is not None:
        value["context"] = {"from": "15550783881", "id": context}
    return value


def cloud_body(statuses: Sequence[Any] = (), messages: Sequence[Any] = ()) -> bytes:
    """Meta's envelope."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
    }
    if statuses:
        value["statuses"] = list(statuses)
    if messages:
        value["messages"] = list(messages)
    change = {"field": "messages", "value": value}
    entry = {"id": "102290129340398", "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def cloud_signature(body: bytes, secret: str = APP_SECRET) -> str:
    """The value of ``X-Hub-Signature-256``."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def cloud_request(body: bytes, signature: str | None = None) -> CallbackRequest:
    """Meta's POST, signed unless another signature is given."""
    headers = {"content-type": "application/json", "x-hub-signature-256": signature or cloud_signature(body)}
    return CallbackRequest("POST", "http://twoticks.example/callbacks", "", headers, body)


def generic_body(*statuses: Mapping[str, Any]) -> bytes:
    """Statuses of the generic contract."""
    return json.dumps({"payloadVersion": "0.1", "statuses": list(statuses)}).encode()


def callback(provider: int, body: bytes, at: int, endpoint: Any = "status") -> CallbackItem:
    """A callback as the journal holds it; `at` is its receipt."""
    return CallbackItem(at, provider, endpoint, body, content_type="application/json")
