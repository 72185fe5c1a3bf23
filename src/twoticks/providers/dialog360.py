"""360dialog: Meta's Cloud API behind its own address, key and error words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from twoticks.errors import Unverified
from twoticks.providers import meta_callbacks, meta_payload
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
    SendError,
)
from twoticks.providers.bodies import UnusableError, identifier, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object, callback_object
from twoticks.providers.meanings import WHATSAPP, refusal, with_meanings
from twoticks.providers.meta_errors import Meaning, read_problem
from twoticks.providers.signatures import same
from twoticks.vocabulary import Capabilities, ErrorKind

API_URL = "https://waba-v2.360dialog.io"
Secret = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,1024}$")]

WORDS: tuple[tuple[str, Meaning], ...] = (
    ("api_key", Meaning(ErrorKind.AUTHENTICATION, "360dialog refused the API key")),
    ("exceeded", Meaning(ErrorKind.RATE_LIMIT, "Rate limit of 360dialog reached", permanent=False, wait=1)),
    ("disabled", Meaning(ErrorKind.ACCOUNT, "The account is switched off at 360dialog")),
    ("payment", Meaning(ErrorKind.ACCOUNT, "360dialog waits for a payment")),
    ("blocked", Meaning(ErrorKind.PERMISSION, "360dialog does not allow this")),
)
"""What 360dialog's own errors say (docs.360dialog.com, "Error Code Reference"): they have words alone, no codes."""
_ENVELOPE = "entry[0].changes[0].value."


class Dialog360Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number's key, and how its messages go out."""

    api_key: Secret
    callback_token: Secret | Annotated[list[Secret], msgspec.Meta(min_length=1, max_length=2)] | None = None
    """What 360dialog was told to send as ``Authorization: Bearer …``; two while it is being changed."""
    marketing_messages: bool = False
    """Send through Meta's Marketing Messages API, which takes marketing templates alone."""
    api_url: str = API_URL


class Dialog360Adapter:
    """Meta's messages, statuses and codes. Callbacks are signed by nobody: 360dialog sends headers of our choice."""

    kind: ClassVar[str] = "dialog360"
    label: ClassVar[str] = "360dialog"
    capabilities: ClassVar[Capabilities] = Capabilities(pricing=True)
    separate_inbound: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(Dialog360Settings, settings, secrets)
        path = "marketing_messages" if own.marketing_messages else "messages"
        self._url = f"{own.api_url.rstrip('/')}/{path}"
        self._headers = {"d360-api-key": own.api_key, "content-type": "application/json"}
        tokens = own.callback_token or []
        self._tokens = (tokens,) if isinstance(tokens, str) else tuple(tokens)

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message of Meta's; our reference comes back as `biz_opaque_callback_data`."""
        body = msgspec.json.encode(meta_payload.template_message(message))
        return HttpRequest("POST", self._url, self._headers, body)

    def answer(self, response: HttpResponse) -> Accepted:
        """The id of the accepted message, in Meta's answer."""
        body = answer_object(response)
        if 200 <= response.status < 300 and "error" not in body:
            messages = body.get("messages")
            first = mapping(messages[0]) if isinstance(messages, list) and messages else {}
            message_id = identifier(first, "id")
            if message_id is not None:
                return Accepted(message_id)
        raise _error(response, body)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """360dialog asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """The token that 360dialog was given, where there is one; else the secret in the URL is the proof."""
        if not self._tokens:
            return
        given = callback.headers.get("authorization", "")
        holds = False
        for token in self._tokens:
            holds |= same(given, f"Bearer {token}")
        if not holds:
            raise Unverified("The callback's token is another" if given else "The callback has no token")

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """Every item of Meta's envelope, or of the older bodies that have none."""
        items = meta_callbacks.parse_clean(callback.body)
        return with_meanings(_parse_odd(callback.body) if items is None else items, WHATSAPP)


def _parse_odd(body: bytes) -> list[ParsedItem]:
    try:
        value = callback_object(body)
    except UnusableError:
        return meta_callbacks.parse_tolerant(body)
    if "entry" in value or not ("statuses" in value or "messages" in value):
        return meta_callbacks.parse_tolerant(body)
    try:
        wrapped = json.dumps({"entry": [{"changes": [{"field": meta_callbacks.MESSAGES, "value": value}]}]})
    except RecursionError:
        return meta_callbacks.parse_tolerant(body)
    items = meta_callbacks.parse_tolerant(wrapped.encode())
    return [msgspec.structs.replace(item, path=item.path.removeprefix(_ENVELOPE)) for item in items]


def _error(response: HttpResponse, body: dict[str, Any]) -> SendError:
    """Meta's error by its code; 360dialog's own by its words, in either of the places where it puts them."""
    problem = read_problem(body.get("error"))
    if problem.code:
        return refusal(response, WHATSAPP, code=problem.code, text=problem.text)
    words = optional_text(mapping(body.get("meta")), "developerMessage", "developer_message")
    text = (
        words
        or optional_text(mapping(body.get("error")), "message")
        or optional_text(body, "error", "message", "detail")
    )
    meaning = next((meaning for word, meaning in WORDS if word in text.lower()), None)
    return refusal(response, WHATSAPP, text=text, meaning=meaning)
