"""What every provider adapter must keep, and what the contract needs to know of each kind to check it.

A new kind brings an `Example` here and recorded payloads in ``tests/payloads/<kind>/``: ``<name>.json`` is a body as it
arrives, ``<name>.expected.json`` beside it says where it arrives and what it means. ``<name>.form`` is the body of a
form, ``<name>.query`` the query of a GET.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

import msgspec

from tests.providers.mutations import dump
from twoticks.providers.base import (
    Adapter,
    ButtonValue,
    CallbackRequest,
    HeaderValue,
    HttpResponse,
    Incoming,
    OutgoingMessage,
    ParsedItem,
    Status,
    TellsCallbackUrl,
)
from twoticks.providers.registry import build, split
from twoticks.providers.sandbox_format import SIGNATURE_HEADER

PAYLOADS = Path(__file__).parent / "payloads"
REFERENCE = "12|7|k3x9|12"
STATUS_URL = "https://twoticks.example/callbacks/1/secret/status"
Sign = Callable[[bytes, str], str]
"""The signature of a callback's body under a secret."""


@dataclass(frozen=True)
class Example:
    """One configured provider of a kind, and answers of its remote side."""

    settings: Mapping[str, Any]
    """What a user posts."""
    accepted: HttpResponse
    message_id: str | None
    refused: HttpResponse
    throttled: HttpResponse
    """With ``Retry-After: 7``."""
    credentials: tuple[str, ...] = ()
    """Values of secret settings: words that must not be found in public settings."""
    process: Mapping[str, Any] = field(default_factory=dict)
    """Settings that belong to the running process and that no user may set."""
    signature_header: str | None = None
    secret: str = ""
    """What callbacks are signed with, where they are signed."""
    sign: Sign = field(default=lambda body, key: "sha256=" + hmac.digest(key.encode(), body, "sha256").hex())
    reads_body: Callable[[bytes], Any] = msgspec.json.decode
    """Reads the body of a send."""
    reads_recipient: Callable[[dict[str, Any]], Any] = field(default=lambda body: body["to"])
    """Finds the digits of the recipient's number in the body of a send."""
    reads_reference: Callable[[dict[str, Any]], Any] | None = field(default=lambda body: body["reference"])
    """Finds our reference in the body of a send; None where the provider has no field for it."""
    batches: bool = True
    """Whether one callback may tell of several messages."""
    message: Mapping[str, Any] = field(default_factory=dict)
    """Parts of a message that stand in the place of those which this kind cannot carry."""
    url_buttons: bool = True
    """Whether the address of a button may vary."""

    def signature(self, body: bytes) -> str:
        """The signature of a callback."""
        return self.sign(body, self.secret)


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a URL-encoded form."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _twilio_signature(body: bytes, key: str) -> str:
    lossless = "surrogateescape"
    pairs = parse_qsl(body.decode("utf-8", lossless), keep_blank_values=True, errors=lossless)
    text = STATUS_URL + "".join(name + value for name, value in sorted(pairs))
    return base64.b64encode(hmac.digest(key.encode(), text.encode("utf-8", lossless), "sha1")).decode()


def vonage_token(body: bytes, key: str, header: object = None, **changed: Any) -> str:
    """A callback's token as Vonage makes it, with claims changed."""
    claims = {"iss": "Vonage", "iat": 1, "jti": "x", "payload_hash": hashlib.sha256(body).hexdigest(), **changed}
    parts = [msgspec.json.encode(part) for part in (header or {"alg": "HS256", "typ": "JWT"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key.encode(), text, "sha256")).rstrip(b"=")
    return f"Bearer {text.decode()}.{signature.decode()}"


def _json(status: int, body: object, **headers: str) -> HttpResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, names, msgspec.json.encode(body))


EXAMPLES: dict[str, Example] = {
    "generic": Example(
        settings={
            "endpoint": "https://provider.example/send",
            "waba_number": "919999999999",
            "auth": {"basic": {"username": "ann", "password": "pa:ss-wörd"}},
        },
        accepted=_json(200, {"status": "success"}),
        message_id=None,
        refused=_json(200, {"status": "failure", "error": {"code": 2002, "message": "Invalid phone number"}}),
        throttled=_json(429, {"message": "Too many requests to process"}, retry_after="7"),
        credentials=("pa:ss-wörd",),
        reads_reference=lambda body: body["msgId"],
    ),
    "cloud_api": Example(
        settings={
            "phone_number_id": "106540352242922",
            "waba_id": "102290129340398",
            "access_token": "EAAtoken",
            "app_secret": "5ecretofapp",
            "verify_token": "v3rify",
        },
        accepted=_json(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": "+16505551234", "wa_id": "16505551234"}],
                "messages": [{"id": "wamid.HBgL1", "message_status": "accepted"}],
            },
        ),
        message_id="wamid.HBgL1",
        refused=_json(
            400,
            {
                "error": {
                    "message": "(#132001) Template name does not exist in the translation",
                    "type": "OAuthException",
                    "code": 132001,
                    "error_data": {"messaging_product": "whatsapp", "details": "template name does not exist"},
                    "fbtrace_id": "A",
                }
            },
        ),
        throttled=_json(
            429,
            {"error": {"message": "(#130429) Rate limit hit", "type": "OAuthException", "code": 130429}},
            retry_after="7",
        ),
        credentials=("EAAtoken", "5ecretofapp", "v3rify"),
        signature_header="x-hub-signature-256",
        secret="5ecretofapp",
        reads_reference=lambda body: body["biz_opaque_callback_data"],
    ),
    "sandbox": Example(
        settings={"signing_secret": "sandbox-signing-secret"},
        accepted=_json(200, {"id": "sb.1"}),
        message_id="sb.1",
        refused=_json(400, {"error": {"code": "invalid_number", "title": "The phone number is not valid"}}),
        throttled=_json(429, {"error": {"code": "rate_limit", "title": "Too many requests"}}, retry_after="7"),
        credentials=("sandbox-signing-secret",),
        process={"endpoint": "http://127.0.0.1:9/sandbox"},
        signature_header=SIGNATURE_HEADER.lower(),
        secret="sandbox-signing-secret",
    ),
    "twilio": Example(
        settings={
            "account_sid": "AC00000000000000000000000000000001",
            "auth_token": "7wilio-t0ken",
            "from_number": "+14155238886",
        },
        accepted=_json(201, {"sid": "SM5af0eeb1db1d4b6bb0b9a2b8b5a30001", "status": "queued", "error_code": None}),
        message_id="SM5af0eeb1db1d4b6bb0b9a2b8b5a30001",
        refused=_json(400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}),
        throttled=_json(429, {"code": 20429, "message": "Too Many Requests", "status": 429}, retry_after="7"),
        credentials=("7wilio-t0ken",),
        signature_header="x-twilio-signature",
        secret="7wilio-t0ken",
        sign=_twilio_signature,
        reads_body=read_form,
        reads_recipient=lambda body: body["To"].removeprefix("whatsapp:+"),
        reads_reference=lambda body: body["StatusCallback"].split("?ref=")[1].replace("-", "|"),
        batches=False,
    ),
    "gupshup": Example(
        settings={"api_key": "gup-k3y", "app_name": "DemoApp", "source": "919163805873"},
        accepted=_json(202, {"status": "submitted", "messageId": "ee4a68a0-1203-4c85-8dc3-49d0b3226a35"}),
        message_id="ee4a68a0-1203-4c85-8dc3-49d0b3226a35",
        refused=_json(400, {"status": "error", "message": "Invalid Destination"}),
        throttled=_json(429, {"status": "error", "message": "Too Many Requests"}, retry_after="7"),
        credentials=("gup-k3y",),
        reads_body=read_form,
        reads_recipient=lambda body: body["destination"],
        reads_reference=None,
    ),
    "infobip": Example(
        settings={
            "base_url": "https://xyz123.api.infobip.com",
            "api_key": "1nf0-k3y",
            "sender": "441134960000",
        },
        accepted=_json(
            200,
            {
                "messages": [
                    {
                        "to": "919999999999",
                        "messageCount": 1,
                        "messageId": "a28dd97c-1ffb-4fcf-99f1-0b557ed381da",
                        "status": {"groupId": 1, "groupName": "PENDING", "id": 7, "name": "PENDING_ENROUTE"},
                    }
                ],
                "bulkId": "2034072219640523073",
            },
        ),
        message_id="a28dd97c-1ffb-4fcf-99f1-0b557ed381da",
        refused=_json(
            200,
            {
                "messages": [
                    {
                        "to": "919999999999",
                        "messageId": "a28dd97c-1ffb-4fcf-99f1-0b557ed381da",
                        "status": {"groupId": 5, "groupName": "REJECTED", "id": 52, "name": "REJECTED_DESTINATION"},
                    }
                ]
            },
        ),
        throttled=_json(
            429,
            {"requestError": {"serviceException": {"messageId": "TOO_MANY_REQUESTS", "text": "Too many requests"}}},
            retry_after="7",
        ),
        credentials=("1nf0-k3y",),
        reads_recipient=lambda body: body["messages"][0]["to"],
        reads_reference=lambda body: body["messages"][0]["callbackData"],
    ),
    "dialog360": Example(
        settings={"api_key": "d360-k3y", "callback_token": "c4llback"},
        accepted=_json(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": "+16505551234", "wa_id": "16505551234"}],
                "messages": [{"id": "wamid.HBgL1", "message_status": "accepted"}],
            },
        ),
        message_id="wamid.HBgL1",
        refused=_json(400, {"error": {"message": "(#132001) Template", "type": "OAuthException", "code": 132001}}),
        throttled=_json(429, {"error": {"message": "(#130429) Rate limit hit", "code": 130429}}, retry_after="7"),
        credentials=("d360-k3y", "c4llback"),
        reads_reference=lambda body: body["biz_opaque_callback_data"],
    ),
    "vonage": Example(
        settings={
            "from_number": "447700900001",
            "signature_secret": "s1gnature-secret",
            "api_key": "a1b2c3d4",
            "api_secret": "v0nage-secret",
        },
        accepted=_json(202, {"message_uuid": "d8f86df1-dec6-442f-870a-2241be27d721"}),
        message_id="d8f86df1-dec6-442f-870a-2241be27d721",
        refused=_json(
            422,
            {
                "type": "https://developer.vonage.com/api-errors/messages#1022",
                "title": "Invalid template",
                "detail": "Invalid template or template parameters",
                "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
            },
        ),
        throttled=_json(
            429,
            {"type": "https://developer.vonage.com/api-errors#throttled", "title": "Rate Limit Hit", "instance": "b"},
            retry_after="7",
        ),
        credentials=("s1gnature-secret", "v0nage-secret"),
        signature_header="authorization",
        secret="s1gnature-secret",
        sign=vonage_token,
        reads_reference=lambda body: body["client_ref"],
        batches=False,
    ),
    "route_mobile": Example(
        settings={"username": "shop", "password": "r0ute-pa55"},
        accepted=_json(
            202,
            {
                "message": "message received successfully",
                "status": "processing",
                "request_id": "5a9f3040-85ae-11ec-8168-0242ac120002",
            },
        ),
        message_id="5a9f3040-85ae-11ec-8168-0242ac120002",
        refused=_json(
            400, {"status": "failed", "message": "unable to process request", "reason": "invalid phone number"}
        ),
        throttled=_json(429, {"status": "failed", "message": "too many requests"}, retry_after="7"),
        credentials=("r0ute-pa55",),
        reads_recipient=lambda body: body["phone"].removeprefix("+"),
        reads_reference=lambda body: body["extra"],
    ),
    "kaleyra": Example(
        settings={"sid": "HXAP1693000000IN", "api_key": "k4l-k3y", "from_number": "919163805873"},
        accepted=_json(202, {"id": "58f86fab-85c5-4f7c-9b68-9c323248afc4:0"}),
        message_id="58f86fab-85c5-4f7c-9b68-9c323248afc4:0",
        refused=_json(400, {"error": {"to": "invalid number"}}),
        throttled=_json(429, {"error": {"to": "invalid number"}}, retry_after="7"),
        credentials=("k4l-k3y",),
        reads_body=read_form,
        reads_reference=None,
        batches=False,
        message={"buttons": (ButtonValue(0, "url", "Track", "c/AbC", dynamic=True),)},
    ),
    "netcore": Example(
        settings={"api_key": "n3t-k3y", "source": "461089f9-1000-4211-b182-c7f0291f3d45"},
        accepted=_json(
            200,
            {
                "data": {"id": "4c1f1a52-8f3b-4d0e-9c56-0c2b7a1e0001"},
                "message": "Request received successfully.",
                "status": "success",
            },
        ),
        message_id="4c1f1a52-8f3b-4d0e-9c56-0c2b7a1e0001",
        refused=_json(400, {"status": "failed", "error": {"code": 8003, "message": "Contact does not exist"}}),
        throttled=_json(429, {"status": "failed", "message": "Too many requests"}, retry_after="7"),
        credentials=("n3t-k3y",),
        reads_recipient=lambda body: body["message"][0]["recipient_whatsapp"],
        reads_reference=lambda body: body["message"][0]["x-apiheader"],
        message={"buttons": (ButtonValue(0, "quick_reply", "Yes"),)},
        url_buttons=False,
    ),
}


def adapter_of(kind: str, **changed: Any) -> Adapter:
    """The adapter of a kind's example, by the way that a provider of a user's takes."""
    example = EXAMPLES[kind]
    public, secrets = split(kind, {**example.settings, **changed}, allow_private=True)
    adapter = build(kind, {**public, **example.process}, secrets)
    if isinstance(adapter, TellsCallbackUrl):
        adapter.callback_url = STATUS_URL
    return adapter


@dataclass(frozen=True)
class Recorded:
    """One recorded payload."""

    kind: str
    name: str
    body: bytes
    endpoint: Literal["status", "inbound"]
    expected: list[dict[str, Any]]
    shape: Literal["json", "form", "query"] = "json"
    query: str = ""
    """What follows the callback URL that was given to the provider."""

    def request(self, body: bytes) -> CallbackRequest:
        """A callback with `body` in the place of what was recorded."""
        if self.shape == "query":
            query = body.decode("latin-1")
            return CallbackRequest("GET", f"{STATUS_URL}?{query}", query, {}, b"", self.endpoint)
        query, url = self.query, f"{STATUS_URL}?{self.query}" if self.query else STATUS_URL
        return CallbackRequest("POST", url, query, {}, body, self.endpoint)

    def value(self) -> Any:
        """What the body holds."""
        return json.loads(self.body) if self.shape == "json" else read_form(self.body)

    def written(self, value: object) -> bytes:
        """The body that holds `value`."""
        if self.shape == "json":
            return dump(value)
        pairs = value.items() if isinstance(value, dict) else [(value, "")]
        return "&".join(f"{_quoted(name)}={_quoted(inner)}" for name, inner in pairs).encode()


def _quoted(value: object) -> str:
    return quote(str(value), safe="", errors="surrogatepass")


def recorded(kind: str) -> list[Recorded]:
    """The recorded payloads of a kind."""
    found = []
    for path in sorted((PAYLOADS / kind).iterdir()):
        if path.name.endswith(".expected.json"):
            continue
        meaning = msgspec.json.decode(path.with_suffix(".expected.json").read_bytes())
        body, shape = path.read_bytes(), path.suffix[1:]
        if shape != "json":
            body = body.strip()
        found.append(
            Recorded(
                kind,
                path.stem,
                body,
                meaning["endpoint"],
                meaning["items"],
                shape,
                meaning.get("query", ""),  # type: ignore[arg-type]
            )
        )
    return found


def callback(
    body: bytes, endpoint: Literal["status", "inbound"] = "status", headers: Mapping[str, str] | None = None
) -> CallbackRequest:
    """A callback as the receiver passes it to an adapter."""
    url = STATUS_URL.removesuffix("status") + endpoint
    return CallbackRequest("POST", url, "", dict(headers or {}), body, endpoint)


def described(items: list[ParsedItem]) -> list[dict[str, Any]]:
    """Items as the expected files write them: the class, and every field that is not its default."""
    return [{"is": type(item).__name__, **_told(item)} for item in items]


def _told(item: ParsedItem) -> dict[str, Any]:
    defaults = {f.name: f.default for f in msgspec.structs.fields(item)}
    values = {name: getattr(item, name) for name in defaults}
    if isinstance(item, Status) and item.status == "failed":
        return {name: value for name, value in values.items() if name == "permanent" or value != defaults[name]}
    return {name: value for name, value in values.items() if value != defaults[name]}


def storable(item: ParsedItem) -> bool:
    """Whether every store can hold an item: UTF-8, no NUL, bounded; and a status names its message."""
    texts = [value for value in msgspec.structs.astuple(item) if isinstance(value, str)]
    sane = all("\0" not in text and len(text.encode()) <= 4 * 4096 for text in texts)
    if isinstance(item, Status):
        sane = sane and bool(item.reference or item.message_id) and len(item.code) <= 64 and len(item.text) <= 300
    if isinstance(item, Incoming):
        sane = sane and bool(re.fullmatch(r"[A-Za-z0-9._-]{3,150}", item.sender))
    return sane


def message(**changed: Any) -> OutgoingMessage:
    """A message with every part that a template can have."""
    parts: dict[str, Any] = {
        "to": "+919999999999",
        "reference": REFERENCE,
        "template": "order_update",
        "language": "en_US",
        "header": HeaderValue("image", link="https://www.example.com/image.png"),
        "body_text": "Hello {{1}}, order {{2}}",
        "body": ("Zoë 👋", "A-1"),
        "footer": 'Reply "stop" to opt out',
        "buttons": (
            ButtonValue(0, "url", "Track", "c/AbC", dynamic=True),
            ButtonValue(1, "url", "Shop", "https://www.example.com/shop"),
            ButtonValue(2, "phone_number", "Call", "+911234567890"),
            ButtonValue(3, "quick_reply", "Yes"),
            ButtonValue(4, "copy_code", "Copy", "SAVE10"),
        ),
        "custom": {"Key1": "Value1"},
    }
    return OutgoingMessage(**{**parts, **changed})
