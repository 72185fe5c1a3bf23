"""Twilio's Programmable Messaging for WhatsApp."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode, urlsplit

import msgspec

from twoticks.errors import BadInput
from twoticks.providers import twilio_callbacks, twilio_errors, twilio_signature
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HeaderValue,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
)
from twoticks.providers.bodies import identifier, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object
from twoticks.providers.meanings import refusal
from twoticks.vocabulary import Capabilities

API_URL = "https://api.twilio.com"
Secret = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,1024}$")]


class TwilioSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account, the WhatsApp sender or messaging service it sends with, and how we prove who we are."""

    account_sid: Annotated[str, msgspec.Meta(pattern=r"^AC[0-9A-Za-z]{32}$")]
    auth_token: Secret | Annotated[list[Secret], msgspec.Meta(min_length=1, max_length=2)]
    """What Twilio signs callbacks with: one token, or the new and the old one while it is being changed."""
    from_number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{5,20}$")] | None = None
    messaging_service_sid: Annotated[str, msgspec.Meta(pattern=r"^MG[0-9A-Za-z]{32}$")] | None = None
    api_key_sid: Annotated[str, msgspec.Meta(pattern=r"^SK[0-9A-Za-z]{32}$")] | None = None
    api_key_secret: Secret | None = None
    api_url: str = API_URL


class TwilioAdapter:
    """Sends Content templates: a template's name is its ContentSid. Statuses carry no time."""

    kind: ClassVar[str] = "twilio"
    label: ClassVar[str] = "Twilio"
    capabilities: ClassVar[Capabilities] = Capabilities(timestamps=False)
    separate_inbound: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(TwilioSettings, settings, secrets)
        self.callback_url = ""
        self._tokens = (own.auth_token,) if isinstance(own.auth_token, str) else tuple(own.auth_token)
        self._from = _sending_fields(own)
        self._url = f"{own.api_url.rstrip('/')}/2010-04-01/Accounts/{own.account_sid}/Messages.json"
        self._headers = {
            "authorization": _credentials(own, self._tokens[0]),
            "content-type": "application/x-www-form-urlencoded",
        }

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One message of a Content template; our reference travels in the status callback URL."""
        fields = {"To": f"whatsapp:{message.to}", **self._from, "ContentSid": message.template}
        variables = content_variables(message)
        if variables:
            fields["ContentVariables"] = msgspec.json.encode(variables).decode()
        if self.callback_url:
            fields["StatusCallback"] = f"{self.callback_url}?{twilio_callbacks.reference_field(message.reference)}"
        return HttpRequest("POST", self._url, self._headers, urlencode(fields).encode())

    def answer(self, response: HttpResponse) -> Accepted:
        """The message's sid, unless Twilio refused it or knows already that it failed."""
        body = answer_object(response)
        message_id = identifier(body, "sid")
        failed = optional_text(body, "status").lower() in ("failed", "undelivered")
        if 200 <= response.status < 300 and message_id is not None and not failed:
            return Accepted(message_id)
        code = optional_text(body, "error_code" if failed else "code", limit=64)
        text = optional_text(body, "error_message" if failed else "message", limit=300)
        raise refusal(response, twilio_errors.CODES, code=code, text=text)

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Twilio asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """`X-Twilio-Signature` over the URL as Twilio was given it, and the form."""
        twilio_signature.verify(callback, self._tokens)

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """One status or one incoming message."""
        return twilio_callbacks.parse(callback)


def content_variables(message: OutgoingMessage) -> dict[str, str]:
    """The variables of a Content template, numbered through: body, header, then buttons in their order."""
    values = [*message.body]
    if message.header is not None:
        values += _header_values(message.header)
    values += [
        button.parameter
        for button in message.buttons
        if button.type == "copy_code" or (button.type == "url" and button.dynamic)
    ]
    return {str(number): value for number, value in enumerate(values, start=1)}


def _header_values(header: HeaderValue) -> list[str]:
    """A media variable is the end of an address whose beginning the Content template fixes (twilio/media)."""
    if header.type == "text":
        return [*header.parameters]
    if header.type == "location":
        return []
    address = urlsplit(header.link)
    return [address.path.removeprefix("/") + (f"?{address.query}" if address.query else "")]


def _sending_fields(own: TwilioSettings) -> dict[str, str]:
    if own.from_number is None and own.messaging_service_sid is None:
        hint = "Give from_number, messaging_service_sid, or both."
        raise BadInput("needs a sender", field="settings.from_number", hint=hint)
    fields = {}
    if own.from_number is not None:
        fields["From"] = f"whatsapp:+{own.from_number.removeprefix('+')}"
    if own.messaging_service_sid is not None:
        fields["MessagingServiceSid"] = own.messaging_service_sid
    return fields


def _credentials(own: TwilioSettings, token: str) -> str:
    """HTTP Basic with the account's token, or with an API key where there is one."""
    if (own.api_key_sid is None) != (own.api_key_secret is None):
        field = "settings.api_key_secret" if own.api_key_secret is None else "settings.api_key_sid"
        raise BadInput("is missing", field=field, hint="An API key has both a sid and a secret.")
    pair = (own.api_key_sid, own.api_key_secret) if own.api_key_sid else (own.account_sid, token)
    return "Basic " + base64.b64encode(f"{pair[0]}:{pair[1]}".encode()).decode()
