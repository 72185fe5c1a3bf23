"""Meta's WhatsApp Cloud API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qsl

import msgspec

from twoticks.providers import meta_callbacks, meta_errors, meta_payload
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
    SendError,
)
from twoticks.providers.bodies import UnusableError, decode, identifier, mapping
from twoticks.providers.configuration import read
from twoticks.providers.retry import retry_after
from twoticks.providers.signatures import same, verify_sha256
from twoticks.vocabulary import Capabilities, ErrorKind

GRAPH_URL = "https://graph.facebook.com"
API_VERSION = "v23.0"
LONGEST_CHALLENGE = 256
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,32}$")]
Secret = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,1024}$")]


class CloudApiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phone number of a WhatsApp Business Account, and the app that sends for it."""

    phone_number_id: Digits
    access_token: Secret
    app_secret: Secret | Annotated[list[Secret], msgspec.Meta(min_length=1, max_length=2)]
    """One secret, or the new and the old one while it is being changed."""
    verify_token: Secret
    waba_id: Digits | None = None
    api_version: Annotated[str, msgspec.Meta(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = API_VERSION
    graph_url: str = GRAPH_URL


class CloudApiAdapter:
    """Sends by Graph API; one signed callback URL for statuses and incoming messages."""

    kind: ClassVar[str] = "cloud_api"
    label: ClassVar[str] = "WhatsApp Cloud API (Meta)"
    capabilities: ClassVar[Capabilities] = Capabilities(pricing=True)
    separate_inbound: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(CloudApiSettings, settings, secrets)
        self._url = f"{own.graph_url.rstrip('/')}/{own.api_version}/{own.phone_number_id}/messages"
        self._headers = {"authorization": f"Bearer {own.access_token}", "content-type": "application/json"}
        self._app_secrets = (own.app_secret,) if isinstance(own.app_secret, str) else tuple(own.app_secret)
        self._verify_token = own.verify_token

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message."""
        body = msgspec.json.encode(meta_payload.template_message(message))
        return HttpRequest("POST", self._url, self._headers, body)

    def answer(self, response: HttpResponse) -> Accepted:
        """The id of the accepted message.

        A message that is held for quality assessment or paused is accepted too: what becomes of it comes as status.
        """
        body = _body(response)
        if 200 <= response.status < 300 and "error" not in body:
            messages = body.get("messages")
            first = mapping(messages[0]) if isinstance(messages, list) and messages else {}
            message_id = identifier(first, "id")
            if message_id is not None:
                return Accepted(message_id)
        raise _error(response, body)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Meta's check of a callback URL: the challenge goes back if the verify token is ours."""
        if callback.method != "GET":
            return None
        try:
            query = dict(parse_qsl(callback.query, keep_blank_values=True, max_num_fields=16))
        except ValueError:
            return HttpResponse(403)
        if query.get("hub.mode") != "subscribe":
            return None
        challenge = query.get("hub.challenge", "")
        if not same(query.get("hub.verify_token", ""), self._verify_token) or len(challenge) > LONGEST_CHALLENGE:
            return HttpResponse(403)
        headers = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
        return HttpResponse(200, headers, challenge.encode("utf-8", "replace"))

    def verify(self, callback: CallbackRequest) -> None:
        """`X-Hub-Signature-256`: HMAC-SHA256 of the raw bytes under the app secret."""
        verify_sha256(callback.body, callback.headers.get("x-hub-signature-256"), self._app_secrets)

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Every status and message of every change of every entry."""
        return meta_callbacks.parse(callback.body)


def _body(response: HttpResponse) -> dict[str, Any]:
    try:
        return mapping(decode(response.body))
    except UnusableError:
        return {}


def _error(response: HttpResponse, body: dict[str, Any]) -> SendError:
    """The refusal in an answer, by the code in its body first and by its HTTP status second.

    A success or a server error that says nothing readable leaves it open whether the message was taken.
    """
    problem, wait = meta_errors.answer_fields(body.get("error"), response.status)
    code = problem.code or f"http_{response.status}"
    unclear = wait is None and not problem.code and (response.status < 300 or response.status >= 500)
    if unclear:
        text = "The answer does not say whether the message was accepted"
        return SendError(ErrorKind.BAD_ANSWER, code=code, text=text, permanent=False, unknown=True)
    return SendError(
        problem.meaning.kind,
        code=code,
        text=problem.text,
        permanent=wait is None,
        retry_after=None if wait is None else retry_after(response.headers, default=wait),
    )
