"""Real servers that misbehave: what was never sent may be sent again, what may have been never is."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from typing import Any

import pytest
from aiohttp import web

from tests.provider_contract import EXAMPLES, adapter_of, message
from tests.providers.conftest import RawServer, answer
from twoticks.providers import transport as module
from twoticks.providers.base import Accepted, HttpRequest, HttpResponse, SendError
from twoticks.providers.transport import BODY_LIMIT, Transport
from twoticks.vocabulary import ErrorKind

SUCCESS = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"status":"success"}'
ENDPOINT = {"endpoint": "http://127.0.0.1:1/"}


def _post(url: str) -> HttpRequest:
    return HttpRequest("POST", url, {"content-type": "application/json"}, b"{}")


async def _failure(transport: Transport, url: str, *, timeout: float = 5.0, **options: Any) -> SendError:
    with pytest.raises(SendError) as caught:
        await transport.exchange(_post(url), timeout=timeout, **options)
    return caught.value


def _never_sent(error: SendError) -> bool:
    retryable = error.retry_after is not None and error.retry_after > 0
    return error.kind is ErrorKind.UNAVAILABLE and not error.permanent and not error.unknown and retryable


def _open(error: SendError) -> bool:
    return error.unknown and not error.permanent and error.retry_after is None


async def test_request_goes_out_as_it_was_built(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(SUCCESS)
    request = HttpRequest("POST", raw_server.url, {"x-key": "k3y", "content-type": "application/json"}, b'{"a":1}')
    response = await transport.exchange(request, timeout=5)
    assert (response.status, response.body) == (200, b'{"status":"success"}')
    assert response.headers["content-type"] == "application/json"
    head, body = raw_server.requests[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /send?key=1 HTTP/1.1\r\n")
    assert b"x-key: k3y" in head
    assert body == b'{"a":1}'


async def test_send_asks_the_adapter_for_request_and_meaning(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(SUCCESS)
    adapter = adapter_of("generic", endpoint=raw_server.url)
    assert await transport.send(adapter, message(), timeout=5) == Accepted(None)
    assert b'"msgId":"12|7|k3x9|12"' in raw_server.requests[0]


async def test_connection_is_reused(transport: Transport, raw_server: RawServer) -> None:
    for _ in range(3):
        await transport.exchange(_post(raw_server.url), timeout=5)
    assert (len(raw_server.requests), raw_server.connections) == (3, 1)


async def test_a_thousand_requests_at_once(transport: Transport, raw_server: RawServer) -> None:
    everybody = asyncio.Event()

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        if len(raw_server.requests) >= 1000:
            everybody.set()
        await everybody.wait()
        writer.write(SUCCESS)

    raw_server.serve = serve
    answers = await asyncio.gather(*(transport.exchange(_post(raw_server.url), timeout=30) for _ in range(1000)))
    assert len(answers) == 1000


async def test_answer_after_the_time_limit_is_unknown(transport: Transport, raw_server: RawServer) -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)

    raw_server.serve = serve
    began = time.monotonic()
    error = await _failure(transport, raw_server.url, timeout=0.1)
    assert time.monotonic() - began < 0.4
    assert error.kind is ErrorKind.TIMEOUT
    assert _open(error)
    assert len(raw_server.requests) == 1


async def test_time_limit_holds_on_a_reused_connection(transport: Transport, raw_server: RawServer) -> None:
    await transport.exchange(_post(raw_server.url), timeout=5)

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)

    raw_server.serve = serve
    error = await _failure(transport, raw_server.url, timeout=0.1)
    assert error.kind is ErrorKind.TIMEOUT
    assert _open(error)


async def test_body_that_trickles_past_the_time_limit_is_unknown(transport: Transport, raw_server: RawServer) -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(20):
            writer.write(b" ")
            await asyncio.sleep(0.05)

    raw_server.serve = serve
    error = await _failure(transport, raw_server.url, timeout=0.2)
    assert error.kind is ErrorKind.TIMEOUT
    assert _open(error)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{",
        b"HTTP/1.1 429 Too Many\r\nContent-Length: 20\r\n\r\n{",
    ],
    ids=["at once", "in the status line", "in the body", "in the body of a refusal"],
)
async def test_connection_lost_in_the_middle_is_unknown_and_not_repeated(
    transport: Transport, raw_server: RawServer, raw: bytes
) -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    raw_server.serve = serve
    error = await _failure(transport, raw_server.url)
    assert error.kind in (ErrorKind.NO_ANSWER, ErrorKind.BAD_ANSWER)
    assert _open(error)
    assert len(raw_server.requests) == 1


async def test_connection_closed_on_reuse_is_unknown_and_not_repeated(
    transport: Transport, raw_server: RawServer
) -> None:
    await transport.exchange(_post(raw_server.url), timeout=5)

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    raw_server.serve = serve
    error = await _failure(transport, raw_server.url)
    assert error.kind is ErrorKind.NO_ANSWER
    assert _open(error)
    assert (len(raw_server.requests), raw_server.connections) == (2, 1)


async def test_connection_that_was_closed_while_idle_is_replaced(transport: Transport, raw_server: RawServer) -> None:
    closed = asyncio.Event()

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(SUCCESS)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    raw_server.serve = serve
    await transport.exchange(_post(raw_server.url), timeout=5)
    await closed.wait()
    await asyncio.sleep(0.05)  # the client's loop has to see the end of the connection
    assert (await transport.exchange(_post(raw_server.url), timeout=5)).status == 200
    assert raw_server.connections == 2


async def test_answer_that_is_no_http_is_unknown(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(b"220 mail.example ESMTP\r\n\r\n")
    error = await _failure(transport, raw_server.url)
    assert error.kind is ErrorKind.BAD_ANSWER
    assert _open(error)


async def test_refused_connection_was_never_sent(transport: Transport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await _failure(transport, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert _never_sent(error)
    assert error.code == "connect"


async def test_unknown_name_was_never_sent(transport: Transport) -> None:
    error = await _failure(transport, "http://nowhere.invalid/")
    assert _never_sent(error)
    assert error.code == "dns"


async def test_untrusted_certificate_was_never_sent(transport: Transport, self_signed: ssl.SSLContext) -> None:
    seen = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=self_signed)
    async with server:
        error = await _failure(transport, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert _never_sent(error)
    assert error.code == "tls"
    assert not any(seen)


async def test_server_without_tls_was_never_sent(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(SUCCESS)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        error = await _failure(transport, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert _never_sent(error)
    assert error.code == "tls"


async def test_connecting_too_long_was_never_sent(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    with socket.socket() as deaf:  # accepts nothing and its queue is full: connections hang
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        with socket.socket() as first, socket.socket() as second:
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(address)
            error = await _failure(transport, f"http://127.0.0.1:{address[1]}/", timeout=5)
    assert _never_sent(error)
    assert error.code == "connect_timeout"


async def test_time_to_connect_is_not_time_to_answer(
    transport: Transport, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def slowly(*arguments: Any, **options: Any) -> Any:
        await asyncio.sleep(0.4)
        return await resolve("127.0.0.1", *arguments[1:], **options)

    monkeypatch.setattr(loop, "getaddrinfo", slowly)
    raw_server.serve = answer(SUCCESS)
    response = await transport.exchange(_post(f"http://slow.example:{raw_server.port}/"), timeout=0.3)
    assert response.status == 200


async def test_url_that_is_none_is_refused_for_good(transport: Transport) -> None:
    for url in ("ftp://provider.example/", "http://", "nothing"):
        error = await _failure(transport, url)
        assert (error.permanent, error.unknown) == (True, False)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "seconds"), [(b"Retry-After: 7\r\n", 7.0), (b"", 1.0)])
async def test_provider_that_asks_for_patience(
    transport: Transport, raw_server: RawServer, status: int, header: bytes, seconds: float
) -> None:
    raw_server.serve = answer(b"HTTP/1.1 %d Wait\r\n%sContent-Length: 0\r\n\r\n" % (status, header))
    with pytest.raises(SendError) as caught:
        await transport.send(adapter_of("generic", endpoint=raw_server.url), message(), timeout=5)
    assert (caught.value.permanent, caught.value.unknown, caught.value.retry_after) == (False, False, seconds)


async def test_redirect_is_not_followed(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    )
    assert (await transport.exchange(_post(raw_server.url), timeout=5)).status == 307
    with pytest.raises(SendError) as caught:
        await transport.send(adapter_of("generic", endpoint=raw_server.url), message(), timeout=5)
    assert (caught.value.permanent, caught.value.code) == (True, "http_307")
    assert len(raw_server.requests) == 2


async def test_cookies_are_not_kept(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 2\r\n\r\n{}")
    for _ in range(2):
        await transport.exchange(_post(raw_server.url), timeout=5)
    assert b"cookie" not in raw_server.requests[1].lower()


async def test_proxy_of_the_environment_is_not_used(
    transport: Transport, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    assert (await transport.exchange(_post(raw_server.url), timeout=5)).status == 200


async def test_answer_is_read_up_to_its_limit(transport: Transport) -> None:
    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(1024):
                await response.write(b"x" * 65536)
        except ConnectionError:
            pass
        return response

    app = web.Application()
    app.router.add_post("/", pour)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        response = await transport.exchange(_post(f"http://127.0.0.1:{runner.addresses[0][1]}/"), timeout=10)
    finally:
        await runner.cleanup()
    assert len(response.body) == BODY_LIMIT


@pytest.mark.parametrize("encoding", [b"gzip", b"GZIP", b"x-gzip"])
async def test_compressed_answer_is_read(transport: Transport, raw_server: RawServer, encoding: bytes) -> None:
    packed = gzip.compress(b'{"status":"success"}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(packed))
    raw_server.serve = answer(head + packed)
    assert (await transport.exchange(_post(raw_server.url), timeout=5)).body == b'{"status":"success"}'


async def test_compressed_bomb_is_cut(transport: Transport, raw_server: RawServer) -> None:
    packed = gzip.compress(b"0" * (50 * BODY_LIMIT))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    raw_server.serve = answer(head + packed)
    assert len((await transport.exchange(_post(raw_server.url), timeout=5)).body) == BODY_LIMIT


async def test_compressed_rubbish_is_left_as_it_is(transport: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}")
    assert (await transport.exchange(_post(raw_server.url), timeout=5)).body == b"{}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_private_address_is_not_connected_to(guarded: Transport, raw_server: RawServer, host: str) -> None:
    error = await _failure(guarded, f"http://{host}:{raw_server.port}/")
    assert _never_sent(error)
    assert error.code == "private_address"
    assert raw_server.connections == 0


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "127.1", "0"])
async def test_odd_notation_of_an_address_is_no_url(guarded: Transport, raw_server: RawServer, host: str) -> None:
    error = await _failure(guarded, f"http://{host}:{raw_server.port}/")
    assert (error.permanent, error.unknown, error.code) == (True, False, "url")
    assert raw_server.connections == 0


async def test_name_that_leads_to_a_private_address_is_not_connected_to(
    guarded: Transport, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def rebound(*arguments: Any, **options: Any) -> Any:
        return await resolve("127.0.0.1", *arguments[1:], **options)

    monkeypatch.setattr(loop, "getaddrinfo", rebound)
    error = await _failure(guarded, f"http://provider.example:{raw_server.port}/")
    assert _never_sent(error)
    assert error.code == "private_address"
    assert raw_server.connections == 0


async def test_our_own_endpoints_may_be_private(guarded: Transport, raw_server: RawServer) -> None:
    assert (await guarded.exchange(_post(raw_server.url), timeout=5, trusted=True)).status == 200
    error = await _failure(guarded, raw_server.url)
    assert error.code == "private_address"


async def test_adapter_that_trusts_its_endpoint_may_reach_it(guarded: Transport, raw_server: RawServer) -> None:
    raw_server.serve = answer(SUCCESS)

    class Trusting(type(adapter_of("generic"))):  # type: ignore[misc]
        trusted_endpoint = True

    adapter = Trusting({**EXAMPLES["generic"].settings, "endpoint": raw_server.url}, {})
    assert await guarded.send(adapter, message(), timeout=5) == Accepted(None)


async def test_answer_that_breaks_the_adapter_is_unknown(transport: Transport, raw_server: RawServer) -> None:
    adapter = adapter_of("generic", endpoint=raw_server.url)

    def broken(response: HttpResponse) -> Accepted:
        raise KeyError("status")

    adapter.answer = broken  # type: ignore[method-assign]
    with pytest.raises(SendError) as caught:
        await transport.send(adapter, message(), timeout=5)
    assert _open(caught.value)


async def test_request_that_cannot_be_built_is_never_sent(transport: Transport, raw_server: RawServer) -> None:
    adapter = adapter_of("generic", endpoint=raw_server.url)

    def broken(one: object) -> HttpRequest:
        raise KeyError("template")

    adapter.request = broken  # type: ignore[method-assign]
    with pytest.raises(SendError) as caught:
        await transport.send(adapter, message(), timeout=5)
    assert (caught.value.permanent, caught.value.unknown) == (True, False)
    assert raw_server.requests == []


async def test_refusal_of_the_adapter_itself_stands(transport: Transport) -> None:
    adapter = adapter_of("generic", **ENDPOINT)
    refusal = SendError(ErrorKind.UNAVAILABLE, permanent=False, retry_after=5.0)

    def unavailable(one: object) -> HttpRequest:
        raise refusal

    adapter.request = unavailable  # type: ignore[method-assign]
    with pytest.raises(SendError) as caught:
        await transport.send(adapter, message(), timeout=5)
    assert caught.value is refusal


async def test_failure_names_no_secret(transport: Transport) -> None:
    adapter = adapter_of("generic", **ENDPOINT)
    with pytest.raises(SendError) as caught:
        await transport.send(adapter, message(), timeout=5)
    assert caught.value.__cause__ is None
    told = f"{caught.value} {caught.value.text} {caught.value.code}"
    assert "pa:ss" not in told
    assert "919999" not in told


async def test_cancelled_request_stays_cancelled(transport: Transport, raw_server: RawServer) -> None:
    started = asyncio.Event()

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        started.set()
        await asyncio.sleep(0.3)

    raw_server.serve = serve
    task = asyncio.create_task(transport.exchange(_post(raw_server.url), timeout=5))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_transport_that_is_not_started_says_so() -> None:
    with pytest.raises(RuntimeError):
        await Transport(allow_private=True).exchange(_post("http://127.0.0.1:1/"), timeout=1)
