"""Proves that a callback comes from Twilio: `X-Twilio-Signature` (Twilio docs, "Webhooks security").

The signature is base64(HMAC-SHA1(auth token, URL + every form field's name and value, sorted by name)). Bodies that are
no forms are covered by their SHA-256, which Twilio puts into the URL as ``bodySHA256``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit

from twoticks.errors import Unverified
from twoticks.providers.base import CallbackRequest
from twoticks.providers.fields import MOST_FIELDS

HEADER = "x-twilio-signature"
_BODY_HASH = "bodySHA256"
_PORTS = {"https": 443, "http": 80}


def verify(callback: CallbackRequest, tokens: Sequence[str]) -> None:
    """Raise `Unverified` unless one of `tokens` signed this callback; all are tried, in constant time each."""
    given, keys = callback.headers.get(HEADER), [token for token in tokens if token]
    if not given or not keys:
        raise Unverified("The callback is not signed" if keys else "No token is configured to check callbacks with")
    try:
        url, signed = urlsplit(callback.url), _signed_fields(callback)
    except ValueError:
        raise Unverified("The callback's signature does not hold") from None
    holds = False
    for spelling in _spellings(callback.url, url):
        for key in keys:
            holds |= hmac.compare_digest(_octets(given), _signature(key, _octets(spelling) + signed))
    if not holds:
        raise Unverified("The callback's signature does not hold")


def _signature(key: str, text: bytes) -> bytes:
    return base64.b64encode(hmac.digest(_octets(key), text, "sha1"))


def _signed_fields(callback: CallbackRequest) -> bytes:
    """What of the body is signed along with the URL; raises ValueError for a body that is none of Twilio's."""
    kind = callback.headers.get("content-type", "application/x-www-form-urlencoded")
    if callback.method != "POST" or not callback.body:
        if callback.body:
            raise ValueError("a body that nothing signs")
        return b""
    if not kind.lower().startswith("application/x-www-form-urlencoded"):
        _check_hash(callback)
        return b""
    text = callback.body.decode("utf-8", "surrogateescape")
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="surrogateescape")
    # Twilio's own libraries drop a value that is repeated under one name.
    return b"".join(_octets(name) + _octets(value) for name, value in sorted(set(pairs)))


def _check_hash(callback: CallbackRequest) -> None:
    pairs = dict(parse_qsl(callback.query, max_num_fields=MOST_FIELDS))
    actual = hashlib.sha256(callback.body).hexdigest()
    if not hmac.compare_digest(_octets(pairs.get(_BODY_HASH, "")), actual.encode()):
        raise ValueError("the body's hash is another")


def _spellings(text: str, url: SplitResult) -> list[str]:
    """The URL as given, without its port and with it: Twilio signs one or the other, by channel and age."""
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = url.port or _PORTS.get(url.scheme)
    return [text, url._replace(netloc=host).geturl(), url._replace(netloc=f"{host}:{port}").geturl()]


def _octets(text: str) -> bytes:
    """The bytes a text stands for, whatever it holds; distinct texts have distinct bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
