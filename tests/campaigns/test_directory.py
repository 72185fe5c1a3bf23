from __future__ import annotations

import base64
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.campaigns.parts import add_provider, eventually
from tests.plain_provider import PASSWORD
from twoticks.campaigns.directory import Directory
from twoticks.errors import BadInput, Conflict, NotFound, StoreDamaged
from twoticks.providers.base import TellsCallbackUrl
from twoticks.records.database import Database
from twoticks.records.secrets import MasterKey
from twoticks.records.tables import ProviderRow


@pytest.fixture
def directory(database: Database, master_key: MasterKey) -> Directory:
    return Directory(database, master_key, "https://t.example", allow_private=True)


async def test_a_provider_is_found_by_id_and_nickname(directory: Directory) -> None:
    made = await add_provider(directory, "plain", rate_per_second=7, max_concurrent_requests=3, timeout_seconds=2)
    assert await directory.get(made.id) is made
    assert await directory.by_nickname("plain") is made
    assert directory.peek(made.id) is made
    assert await directory.all() == [made]
    assert (made.limits.rate_per_second, made.limits.concurrency, made.limits.timeout_seconds) == (7, 3, 2)
    assert made.paused_reason is None


async def test_unknown_providers_are_not_found(directory: Directory) -> None:
    with pytest.raises(NotFound):
        await directory.get(5)
    with pytest.raises(NotFound):
        await directory.by_nickname("nobody")
    assert directory.peek(5) is None


async def test_a_nickname_is_taken_once(directory: Directory) -> None:
    await add_provider(directory, "plain")
    with pytest.raises(Conflict):
        await add_provider(directory, " plain ")


@pytest.mark.parametrize("nickname", ["", "  ", "x" * 101, "a\nb", 5, None])
async def test_a_nickname_is_a_short_line(directory: Directory, nickname: str) -> None:
    with pytest.raises(BadInput) as refused:
        await add_provider(directory, nickname)
    assert refused.value.field == "nickname"


async def test_unknown_kinds_and_settings_are_refused(directory: Directory) -> None:
    with pytest.raises(BadInput):
        await directory.create("x", "pigeon", {})
    with pytest.raises(BadInput) as refused:
        await add_provider(directory, colour="red")
    assert refused.value.field == "settings.colour"
    assert await directory.all() == []


async def test_private_endpoints_are_refused_unless_allowed(database: Database, master_key: MasterKey) -> None:
    strict = Directory(database, master_key, "https://t.example", allow_private=False)
    with pytest.raises(BadInput) as refused:
        await add_provider(strict)
    assert refused.value.field == "settings.endpoint"


async def test_callback_urls_hold_128_random_bits(directory: Directory) -> None:
    one, two = await add_provider(directory, "one"), await add_provider(directory, "two")
    assert one.callback_secret != two.callback_secret
    assert len(base64.urlsafe_b64decode(one.callback_secret + "==")) == 16
    assert directory.urls(one) == {
        "status_callback_url": f"https://t.example/callbacks/{one.id}/{one.callback_secret}/status",
        "inbound_callback_url": f"https://t.example/callbacks/{one.id}/{one.callback_secret}/inbound",
    }


async def test_no_secret_is_readable_at_rest(directory: Directory, database: Database, tmp_path: Path) -> None:
    made = await add_provider(directory)
    async with database.session() as session:
        [row] = (await session.scalars(select(ProviderRow))).all()
    assert "auth" not in row.settings
    credentials = base64.b64encode(f"tester:{PASSWORD}".encode())
    for file in tmp_path.glob("records.db*"):
        kept = file.read_bytes()
        for secret in (PASSWORD.encode(), credentials, made.callback_secret.encode()):
            assert secret not in kept
    assert made.callback_secret not in repr(made)


async def test_secrets_cannot_be_moved_to_another_provider(directory: Directory, database: Database) -> None:
    one, two = await add_provider(directory, "one"), await add_provider(directory, "two")
    async with database.transaction() as session:
        await session.execute(text("update providers set secrets = (select secrets from providers where id = 1)"))
    await directory.refresh()
    with pytest.raises(StoreDamaged):
        await directory.get(two.id)
    # One broken provider does not take the others along.
    assert await directory.all() == [one]
    assert await directory.get(one.id) is one


async def test_changes_of_another_process_show_within_a_second(
    directory: Directory, database: Database, master_key: MasterKey
) -> None:
    other = Directory(database, master_key, "https://t.example", allow_private=True)
    assert await other.all() == []
    made = await add_provider(directory)

    async def seen() -> bool:
        return len(await other.all()) == 1

    await eventually(seen, within=1.5)
    known = await other.get(made.id)
    await directory.pause(made.id, "budget is spent")

    async def paused() -> bool:
        return (await other.get(made.id)).paused_reason == "budget is spent"

    await eventually(paused, within=1.5)
    assert known.callback_secret == made.callback_secret
    await directory.pause(made.id, None)
    assert (await directory.get(made.id)).paused_reason is None


async def test_an_adapter_is_kept_while_nothing_changes(directory: Directory) -> None:
    made = await add_provider(directory)
    await directory.refresh()
    assert (await directory.get(made.id)).adapter is made.adapter


async def test_settings_of_the_process_go_over_those_of_the_provider(database: Database, master_key: MasterKey) -> None:
    directory = Directory(database, master_key, "", allow_private=True, overrides=lambda kind: {"rate_per_second": 3.0})
    made = await add_provider(directory, rate_per_second=7)
    assert made.limits.rate_per_second == 3


async def test_an_adapter_that_tells_its_callback_url_knows_it(directory: Directory) -> None:
    settings = {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 32, "from_number": "+14155238886"}
    made = await directory.create("sms house", "twilio", settings)
    assert isinstance(made.adapter, TellsCallbackUrl)
    assert made.adapter.callback_url == directory.urls(made)["status_callback_url"]
