"""Vonage's JSON Web Tokens (RFC 7519): ours that prove us to Vonage, and Vonage's that prove a callback."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from twoticks.errors import BadInput, Unverified
from twoticks.providers.base import CallbackRequest
from twoticks.providers.signatures import same

LIFE_SECONDS = 900
RENEWED_BEFORE_SECONDS = 300
SLACK_SECONDS = 300
"""How far Vonage's clock may differ from ours."""
LONGEST = 8192
_SCHEME = "Bearer "


class ApplicationToken:
    """An application's token, signed anew (RS256) some minutes before it expires. `now` gives Unix seconds."""

    def __init__(self, application_id: str, private_key: str, now: Callable[[], float]) -> None:
        self._application = application_id
        self._key = _load(private_key)
        self._now = now
        self._token = ""
        self._renewed_at = float("-inf")

    def current(self) -> str:
        """A token that is valid for some minutes."""
        now = self._now()
        if not 0 <= now - self._renewed_at < LIFE_SECONDS - RENEWED_BEFORE_SECONDS:
            self._token, self._renewed_at = self._signed(int(now)), now
        return self._token

    def _signed(self, now: int) -> str:
        claims = {
            "application_id": self._application,
            "iat": now,
            "exp": now + LIFE_SECONDS,
            "jti": secrets.token_hex(16),
        }
        text = b".".join(_encoded(msgspec.json.encode(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        signature = self._key.sign(text, padding.PKCS1v15(), SHA256())
        return b".".join((text, _encoded(signature))).decode()


def verify(callback: CallbackRequest, keys: Sequence[str], now: float) -> None:
    """Raise `Unverified` unless the callback's token is signed (HS256) with one of `keys` and names this very body.

    The signature alone would let a token of another callback pass: `payload_hash` is the SHA-256 of the body.
    """
    header, known = callback.headers.get("authorization", ""), [key for key in keys if key]
    if not header or not known:
        raise Unverified("The callback is not signed" if known else "No secret is configured to check callbacks with")
    parts = header.removeprefix(_SCHEME).split(".")
    if not header.startswith(_SCHEME) or len(header) > LONGEST or len(parts) != 3:
        raise Unverified("The callback's token is none")
    text = f"{parts[0]}.{parts[1]}".encode("utf-8", "surrogatepass")
    holds = False
    for key in known:
        holds |= same(parts[2], _encoded(hmac.digest(key.encode(), text, "sha256")).decode())
    if not holds or _decoded(parts[0]).get("alg") != "HS256":
        raise Unverified("The callback's signature does not hold")
    _check_claims(_decoded(parts[1]), callback.body, now)


def _check_claims(claims: dict[str, Any], body: bytes, now: float) -> None:
    given = claims.get("payload_hash")
    if not isinstance(given, str) or not same(given.lower(), hashlib.sha256(body).hexdigest()):
        raise Unverified("The callback's token is that of another body")
    if _seconds(claims.get("exp"), now) < now - SLACK_SECONDS:
        raise Unverified("The callback's token has expired")
    if max(_seconds(claims.get("iat"), now), _seconds(claims.get("nbf"), now)) > now + SLACK_SECONDS:
        raise Unverified("The callback's token is not valid yet")


def _seconds(value: object, missing: float) -> float:
    """A claim's time; one that is not there is not held against the token."""
    return value if isinstance(value, int | float) else missing


def _load(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadInput("is no RSA private key in PEM without a password", field="settings.private_key")
    return key


def _encoded(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _decoded(text: str) -> dict[str, Any]:
    """The object of one part of a token, empty where it is none."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError, binascii.Error, RecursionError):
        return {}
