"""Vonage's Messages API for WhatsApp."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from twoticks.errors import BadInput
from twoticks.providers import meta_payload, vonage_callbacks, vonage_errors, vonage_tokens
from twoticks.providers.base import (
    Accepted,
    CallbackRequest,
    HttpRequest,
    HttpResponse,
    OutgoingMessage,
    ParsedItem,
)
from twoticks.providers.bodies import identifier, mapping, optional_text
from twoticks.providers.configuration import read
from twoticks.providers.fields import answer_object
from twoticks.providers.meanings import refusal
from twoticks.providers.meta_errors import Meaning
from twoticks.vocabulary import Capabilities, ErrorKind

API_URL = "https://api.nexmo.com"
Secret = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,1024}$")]
_BAD_RECIPIENT = Meaning(ErrorKind.INVALID_NUMBER, "The recipient's number is not valid")


class VonageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A WhatsApp number, what proves us to Vonage (an application, or a key), and what proves Vonage to us."""

    from_number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{5,20}$")]
    signature_secret: Secret | Annotated[list[Secret], msgspec.Meta(min_length=1, max_length=2)]
    """One secret, or the new and the old one while it is being changed."""
    application_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z-]{8,64}$")] | None = None
    private_key: Annotated[str, msgspec.Meta(min_length=64, max_length=16384)] | None = None
    api_key: Annotated[str, msgspec.Meta(pattern=r"^[!-9;-~]{1,256}$")] | None = None
    api_secret: Secret | None = None
    api_url: str = API_URL


class VonageAdapter:
    """Sends Meta's template object as a `custom` message; our reference travels as `client_ref`."""

    kind: ClassVar[str] = "vonage"
    label: ClassVar[str] = "Vonage"
    capabilities: ClassVar[Capabilities] = Capabilities(pricing=True)
    separate_inbound: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        own = read(VonageSettings, settings, secrets)
        self.callback_url = ""
        self._url = f"{own.api_url.rstrip('/')}/v1/messages"
        self._number = own.from_number.removeprefix("+")
        self._keys = (own.signature_secret,) if isinstance(own.signature_secret, str) else tuple(own.signature_secret)
        self._token, self._basic = _credentials(own)

    def request(self, message: OutgoingMessage) -> HttpRequest:
        """One template message: header, body and buttons as Meta has them."""
        body = {
            "message_type": "custom",
            "channel": "whatsapp",
            "to": message.to.removeprefix("+"),
            "from": self._number,
            "custom": {"type": "template", "template": meta_payload.template_message(message)["template"]},
            "client_ref": message.reference,
        }
        if self.callback_url:
            body["webhook_url"] = self.callback_url
        authorization = self._basic if self._token is None else f"Bearer {self._token.current()}"
        headers = {"authorization": authorization, "content-type": "application/json"}
        return HttpRequest("POST", self._url, headers, msgspec.json.encode(body))

    def answer(self, response: HttpResponse) -> Accepted:
        """Vonage's id of the accepted message, or its problem (RFC 7807)."""
        body = answer_object(response)
        message_id = identifier(body, "message_uuid")
        if 200 <= response.status < 300 and message_id is not None:
            return Accepted(message_id)
        raise refusal(
            response,
            vonage_errors.CODES,
            code=vonage_errors.error_code(body),
            text=optional_text(body, "detail", "title"),
            meaning=_BAD_RECIPIENT if _is_about_the_recipient(body) else None,
        )

    def handshake(self, callback: CallbackRequest) -> HttpResponse | None:
        """Vonage asks nothing before it calls."""
        return None

    def verify(self, callback: CallbackRequest) -> None:
        """A JSON Web Token under the signature secret that names the hash of this body."""
        vonage_tokens.verify(callback, self._keys, time.time())

    def parse(self, callback: CallbackRequest) -> list[ParsedItem]:
        """One status or one incoming message."""
        return vonage_callbacks.parse(callback.body)


def _is_about_the_recipient(body: dict[str, Any]) -> bool:
    parameters = body.get("invalid_parameters")
    first = mapping(parameters[0]) if isinstance(parameters, list) and parameters else {}
    return optional_text(first, "name") == "to"


def _credentials(own: VonageSettings) -> tuple[vonage_tokens.ApplicationToken | None, str]:
    """An application signs tokens of its own; a key goes along as it is. Exactly one of the two."""
    application, key = (own.application_id, own.private_key), (own.api_key, own.api_secret)
    if (own.application_id is None) != (own.private_key is None):
        missing = "application_id" if own.application_id is None else "private_key"
        raise BadInput("is missing", field=f"settings.{missing}", hint="An application has both an id and a key.")
    if (own.api_key is None) != (own.api_secret is None):
        missing = "api_key" if own.api_key is None else "api_secret"
        raise BadInput("is missing", field=f"settings.{missing}", hint="A key has a secret.")
    if (own.application_id is None) == (own.api_key is None):
        hint = "Give application_id and private_key, or api_key and api_secret."
        raise BadInput("needs either an application or a key", field="settings.application_id", hint=hint)
    if application[0] is not None and application[1] is not None:
        return vonage_tokens.ApplicationToken(application[0], application[1], time.time), ""
    return None, "Basic " + base64.b64encode(f"{key[0]}:{key[1]}".encode()).decode()
