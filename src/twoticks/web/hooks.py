"""The two hot, unauthenticated doors, as raw ASGI: provider callbacks and tracked links."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

import structlog

from twoticks.callbacks.receive import OK, Receiver
from twoticks.errors import NotFound, TooLarge, TwoticksError, Unauthorized, Unavailable
from twoticks.jobs.clock import now_ms
from twoticks.jobs.logs import describe
from twoticks.jobs.redirects import Redirects
from twoticks.providers.base import CallbackRequest, HttpResponse
from twoticks.records.items import ClickItem
from twoticks.records.journal import Journal
from twoticks.tracking.bots import automated
from twoticks.tracking.links import LinkTokens
from twoticks.web.patience import BODY_SECONDS, Patience

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_CLICK_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
)
_STATUS = {Unauthorized: 401, TooLarge: 413, Unavailable: 503}
_TEXT = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
_OK_START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_OK_BODY: Message = {"type": "http.response.body", "body": b""}
_ENDPOINTS: dict[str, Literal["status", "inbound"]] = {"status": "status", "inbound": "inbound"}


class Hooks:
    """Answers `/callbacks/{provider}/{secret}/{status|inbound}` and `/c/{token}`."""

    def __init__(
        self,
        receiver: Receiver,
        journal: Journal,
        tokens: LinkTokens,
        redirects: Redirects,
        *,
        base_url: str,
        limit: int,
    ) -> None:
        self._receiver = receiver
        self._journal = journal
        self._tokens = tokens
        self._redirects = redirects
        self._base_url = base_url
        self._limit = limit
        self._patience = Patience(BODY_SECONDS)

    async def callback(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A provider tells us something: 200 only once it is on disk."""
        try:
            response = await self._callback(scope, receive)
        except NotFound:
            # The same whether the provider or its secret is wrong: nobody learns which providers there are.
            response = HttpResponse(404, _TEXT, b"no such callback address")
        except Exception as error:
            response = _refusal(error)
        if response is OK:
            # By far the most frequent answer is made once.
            await send(_OK_START)
            await send(_OK_BODY)
        else:
            await respond(send, response)

    async def _callback(self, scope: Scope, receive: Receive) -> HttpResponse:
        parts = scope["path"].split("/")
        if len(parts) != 5 or not _is_id(parts[2]) or parts[4] not in _ENDPOINTS:
            raise NotFound("no such callback address")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await self._patience.wait(read_body(headers.get("content-length"), receive, self._limit))
        query = scope["query_string"].decode("latin-1")
        request = CallbackRequest(
            method=scope["method"],
            url=f"{self._base_url}{scope['path']}{'?' + query if query else ''}",
            query=query,
            headers=headers,
            body=body,
            endpoint=_ENDPOINTS[parts[4]],
        )
        return await self._receiver.receive(int(parts[2]), parts[3], request)

    async def click(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A tracked link is opened: journal the hit, then send the browser to the stored destination."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, HttpResponse(405, {"allow": "GET, HEAD"}))
            return
        try:
            destination = await self._follow(scope)
        except NotFound:
            response = HttpResponse(404, _TEXT, b"This link does not exist.")
        except Exception as error:
            response = _refusal(error)
        else:
            response = HttpResponse(302, {"location": destination})
        await respond(send, response, _CLICK_HEADERS)

    async def _follow(self, scope: Scope) -> str:
        """Note the hit and return where the link leads; the address itself says nothing of that."""
        target = self._tokens.decode(scope["path"][3:])
        if target is None:
            raise NotFound("no such link")
        campaign, seq, link = target
        destination = await self._redirects.destination(campaign, link)
        if destination is None:
            raise NotFound("no such link")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        hit = ClickItem(
            at=now_ms(),
            campaign=campaign,
            seq=seq,
            link=link,
            event=secrets.randbits(63) | 1,
            automated=automated(scope["method"], headers),
        )
        try:
            await self._journal.append(hit)
        except Unavailable:
            # The person clicked to get somewhere: a full disk of ours must not stand in the way.
            self._redirects.lost += 1
        return destination


def _is_id(text: str) -> bool:
    return len(text) <= 9 and text.isascii() and text.isdecimal()


async def read_body(content_length: str | None, receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises `TooLarge` as soon as it is known to be longer than `limit` bytes, `Unavailable` when it breaks off.
    """
    if content_length is not None and content_length.isdecimal() and int(content_length[:19]) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unavailable("the body broke off")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is longer than {limit} bytes")


def _refusal(error: Exception) -> HttpResponse:
    if not isinstance(error, TwoticksError):
        log.error("door_failed", error=describe(error))
        return HttpResponse(500, _TEXT, b"something went wrong here")
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
    again = {"retry-after": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return HttpResponse(status, {**_TEXT, **again}, error.message.encode())


async def respond(send: Send, response: HttpResponse, extra: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Write a whole response."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    headers.extend(extra)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
