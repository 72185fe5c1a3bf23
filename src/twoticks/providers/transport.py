"""Sends the requests that adapters build, and tells "not accepted" from "nobody knows"."""

from __future__ import annotations

import asyncio
import zlib
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
import structlog
from yarl import URL

from twoticks.providers.base import Accepted, Adapter, HttpRequest, HttpResponse, LogsIn, OutgoingMessage, SendError
from twoticks.providers.endpoints import BlockedAddressError, guarded_socket
from twoticks.providers.logins import Logins
from twoticks.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

CONNECTIONS = 4096
BODY_LIMIT = 1024 * 1024
CONNECT_SECONDS = 10.0
"""For finding, reaching and greeting the endpoint. It does not count as time for the answer: nothing was sent yet."""
KEEP_ALIVE_SECONDS = 10.0
"""Short, so that a server rarely closes an idle connection just as we reuse it: that message would be unknown."""
RETRY_SECONDS = 5.0
BLOCKED_RETRY_SECONDS = 60.0


class _Attempt:
    """One request: whether it has a connection, and when the wait for its answer ends."""

    __slots__ = ("connected", "deadline", "timeout")

    def __init__(self, timeout: float, deadline: asyncio.Timeout) -> None:
        self.timeout = timeout
        self.deadline = deadline
        self.connected = False

    def connection_ready(self) -> None:
        """From here on bytes may be on their way, and the clock of the answer runs."""
        self.connected = True
        self.deadline.reschedule(asyncio.get_running_loop().time() + self.timeout)


class Transport:
    """The process's HTTP client. Connections are reused per host; nothing is ever sent twice by itself."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._logins = Logins()
        self._open: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make the sessions; they belong to the running event loop."""
        self._open = _session(guarded=False)
        self._guarded = _session(guarded=True)

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._open, self._guarded):
            if session is not None:
                await session.close()
        self._open = self._guarded = None

    async def send(self, adapter: Adapter, message: OutgoingMessage, *, timeout: float) -> Accepted:  # noqa: ASYNC109
        """Send one message in one request; raises `SendError`. `timeout`: seconds for the answer."""
        trusted = getattr(adapter, "trusted_endpoint", False) is True
        ask = partial(self.exchange, timeout=timeout, trusted=trusted)
        if isinstance(adapter, LogsIn):
            response = await self._logins.send(adapter, lambda: ask(_built(adapter, message)), ask)
        else:
            response = await ask(_built(adapter, message))
        try:
            return adapter.answer(response)
        except SendError:
            raise
        except Exception as error:
            log.exception("answer_not_read", kind=adapter.kind, status=response.status)
            raise _unknown(ErrorKind.BAD_ANSWER, "answer", "The provider's answer could not be read") from error

    async def exchange(self, request: HttpRequest, *, timeout: float, trusted: bool = False) -> HttpResponse:  # noqa: ASYNC109
        """One request and its answer, whatever its status; raises `SendError` when there is none.

        `timeout`: seconds for the answer, from the moment a connection is there. `trusted`: the endpoint is one of
        our own and may be on a private address.
        """
        session = self._open if trusted or self._allow_private else self._guarded
        if session is None:
            raise RuntimeError("the transport is not started")
        deadline = asyncio.timeout(CONNECT_SECONDS)
        attempt = _Attempt(timeout, deadline)
        try:
            async with deadline:
                return await _exchange(session, request, attempt)
        except Exception as error:
            raise _failure(error, attempt.connected) from None


def _built(adapter: Adapter, message: OutgoingMessage) -> HttpRequest:
    try:
        return adapter.request(message)
    except SendError:
        raise
    except Exception as error:
        log.exception("request_not_built", kind=adapter.kind)
        raise SendError(ErrorKind.OTHER, code="request", text="The request could not be built") from error


async def _exchange(session: aiohttp.ClientSession, request: HttpRequest, attempt: _Attempt) -> HttpResponse:
    async with session.request(
        request.method,
        URL(request.url),
        data=request.body,
        headers=request.headers,
        allow_redirects=False,
        trace_request_ctx=attempt,
    ) as response:
        body = await _read(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status, headers, _unpacked(headers.get("content-encoding"), body))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """At most `BODY_LIMIT` bytes; the connection of a longer answer is closed and not reused."""
    pieces: list[bytes] = []
    left = BODY_LIMIT
    while left > 0 and (piece := await response.content.read(left)):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        response.close()
    return b"".join(pieces)


def _unpacked(encoding: str | None, body: bytes) -> bytes:
    """The body of a server that compresses although we asked it not to, up to `BODY_LIMIT` bytes."""
    if encoding is None or encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, BODY_LIMIT)
    except zlib.error:
        return body


def _session(*, guarded: bool) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        ttl_dns_cache=30,
        socket_factory=guarded_socket if guarded else None,
    )
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_connection_ready)
    trace.on_connection_reuseconn.append(_connection_ready)
    trace.on_request_headers_sent.append(_connection_ready)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "Twoticks"},
        auto_decompress=False,
        trust_env=False,
        trace_configs=[trace],
    )


async def _connection_ready(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:
    attempt: _Attempt = context.trace_request_ctx
    if not attempt.connected:
        attempt.connection_ready()


def _failure(error: Exception, connected: bool) -> SendError:
    """What a failed request means: before there was a connection nothing was sent; after it, nobody knows."""
    if connected:
        return _failure_after_connection(error)
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return SendError(ErrorKind.OTHER, code="url", text="The endpoint is no web address")
    code, text = _unreachable(error)
    wait = BLOCKED_RETRY_SECONDS if code == "private_address" else RETRY_SECONDS
    return SendError(ErrorKind.UNAVAILABLE, code=code, text=text, permanent=False, retry_after=wait)


def _failure_after_connection(error: Exception) -> SendError:
    if isinstance(error, TimeoutError):
        return _unknown(ErrorKind.TIMEOUT, "timeout", "The provider did not answer in time")
    if isinstance(error, aiohttp.ClientResponseError):
        return _unknown(ErrorKind.BAD_ANSWER, "http", "The provider's answer is no HTTP")
    return _unknown(ErrorKind.NO_ANSWER, "connection_lost", "The connection was lost before the whole answer was there")


def _unknown(kind: ErrorKind, code: str, text: str) -> SendError:
    return SendError(kind, code=code, text=text, permanent=False, unknown=True)


def _unreachable(error: Exception) -> tuple[str, str]:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns", "The endpoint's name cannot be resolved"
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
        return "tls", "The endpoint's certificate or encryption is not accepted"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, BlockedAddressError):
        return "private_address", "The endpoint leads to a private address"
    if isinstance(error, TimeoutError):
        return "connect_timeout", "The endpoint could not be reached in time"
    return "connect", "The endpoint cannot be reached"
