"""The way in for callbacks: proven, stored, then 200."""

from __future__ import annotations

import pytest

from tests.callbacks.bench import Bench
from tests.factories import (
    add_provider,
    cloud_body,
    cloud_request,
    cloud_signature,
    cloud_status,
)
from twoticks.callbacks.receive import Receiver
from twoticks.campaigns.directory import Directory
from twoticks.errors import NotFound, Unavailable, Unverified
from twoticks.providers.base import CallbackRequest
from twoticks.records.items import AnyItem, CallbackItem
from twoticks.records.secrets import MasterKey

BODY = cloud_body([cloud_status("delivered", None, "wamid.1")])


async def stored(bench: Bench) -> list[AnyItem]:
    return [item for block in await bench.journal.read(0) for item in block.items]


async def test_a_signed_callback_is_stored_verbatim_and_answered_200(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    receiver = Receiver(bench.directory, bench.journal)
    body = '{"emoji":"\U0001f600","escaped":"\\u00e9\\/"}'.encode()
    answer = await receiver.receive(provider.id, provider.callback_secret, cloud_request(body))
    assert answer.status == 200
    [item] = await stored(bench)
    assert isinstance(item, CallbackItem)
    assert (item.provider, item.endpoint, item.body, item.method) == (provider.id, "status", body, "POST")
    assert item.content_type == "application/json"
    assert (receiver.stored, receiver.stored_bytes) == (1, len(body))


@pytest.mark.parametrize("body", [b"", b"this is no JSON {", b"\xff\xfe"])
async def test_a_body_that_makes_no_sense_is_stored_too(bench: Bench, body: bytes) -> None:
    provider = await add_provider(bench.directory)
    receiver = Receiver(bench.directory, bench.journal)
    answer = await receiver.receive(provider.id, provider.callback_secret, cloud_request(body))
    assert answer.status == 200
    assert len(await stored(bench)) == 1


@pytest.mark.parametrize(
    "signature",
    [
        " ",
        "sha256=",
        cloud_signature(BODY)[:-1],
        cloud_signature(BODY)[:20],
        cloud_signature(BODY).upper(),
        cloud_signature(BODY, "another-secret"),
        cloud_signature(BODY + b" "),
        cloud_signature(BODY).removeprefix("sha256="),
    ],
)
async def test_an_unproven_callback_is_refused_and_counted_and_nothing_is_kept(bench: Bench, signature: str) -> None:
    provider = await add_provider(bench.directory)
    receiver = Receiver(bench.directory, bench.journal)
    with pytest.raises(Unverified):
        await receiver.receive(provider.id, provider.callback_secret, cloud_request(BODY, signature))
    assert await stored(bench) == []
    assert (receiver.unverified, receiver.stored) == (1, 0)


async def test_an_unsigned_callback_is_refused(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    receiver = Receiver(bench.directory, bench.journal)
    with pytest.raises(Unverified):
        await receiver.receive(provider.id, provider.callback_secret, CallbackRequest("POST", "", "", {}, BODY))


@pytest.mark.parametrize("change", [lambda s: "", lambda s: s[:-1], lambda s: s + "x", lambda s: "\udcff" + s[1:]])
async def test_a_wrong_secret_in_the_address_is_not_found(bench: Bench, change: object) -> None:
    provider = await add_provider(bench.directory)
    receiver = Receiver(bench.directory, bench.journal)
    assert callable(change)
    with pytest.raises(NotFound):
        await receiver.receive(provider.id, change(provider.callback_secret), cloud_request(BODY))
    assert await stored(bench) == []
    assert receiver.unknown == 1


async def test_an_unknown_provider_is_not_found(bench: Bench) -> None:
    receiver = Receiver(bench.directory, bench.journal)
    with pytest.raises(NotFound):
        await receiver.receive(999, "secret", cloud_request(BODY))
    assert receiver.unknown == 1


async def test_the_secret_of_another_provider_opens_nothing(bench: Bench) -> None:
    one, other = await add_provider(bench.directory), await add_provider(bench.directory, "generic")
    with pytest.raises(NotFound):
        await Receiver(bench.directory, bench.journal).receive(one.id, other.callback_secret, cloud_request(BODY))


async def test_a_set_up_request_is_answered_and_not_stored(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    query = "hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=12345"
    request = CallbackRequest("GET", "", query, {}, b"")
    receiver = Receiver(bench.directory, bench.journal)
    answer = await receiver.receive(provider.id, provider.callback_secret, request)
    assert (answer.status, answer.body) == (200, b"12345")
    assert await stored(bench) == []
    assert receiver.stored == 0


async def test_a_provider_made_by_another_process_is_found(bench: Bench, master_key: MasterKey) -> None:
    elsewhere = Directory(bench.database, master_key, "https://twoticks.example", allow_private=True)
    provider = await add_provider(elsewhere)
    answer = await Receiver(bench.directory, bench.journal).receive(
        provider.id, provider.callback_secret, cloud_request(BODY)
    )
    assert answer.status == 200


async def test_without_a_journal_the_provider_is_asked_to_come_again(bench: Bench) -> None:
    provider = await add_provider(bench.directory)
    receiver = Receiver(bench.directory, bench.journal)
    await bench.journal.stop()
    with pytest.raises(Unavailable) as refused:
        await receiver.receive(provider.id, provider.callback_secret, cloud_request(BODY))
    assert refused.value.retry_after > 0
    assert (receiver.refused, receiver.stored) == (1, 0)
