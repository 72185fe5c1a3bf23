"""Vonage: sends, answers, tokens of both sides and callbacks."""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.provider_contract import EXAMPLES, REFERENCE, STATUS_URL, adapter_of, callback, message, vonage_token
from twoticks.errors import BadInput, Unverified
from twoticks.providers.base import HttpResponse, SendError, Status, Unusable
from twoticks.providers.registry import Limits, build, limits, split
from twoticks.providers.vonage import VonageAdapter
from twoticks.providers.vonage_errors import CODES
from twoticks.providers.vonage_tokens import LIFE_SECONDS, SLACK_SECONDS, ApplicationToken
from twoticks.vocabulary import ErrorKind

EXAMPLE = EXAMPLES["vonage"]
UUID = "d8f86df1-dec6-442f-870a-2241be27d721"
APPLICATION = "78d335fa-323d-0114-9c3d-d6f0d48968cf"
ERRORS = "https://developer.vonage.com/api-errors/messages#"


def _pem(key: Any, *, password: bytes | None = None) -> str:
    secrecy = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    private = serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(serialization.Encoding.PEM, private, secrecy).decode())


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    """An application's key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _application(key: Any) -> dict[str, Any]:
    return {"api_key": None, "api_secret": None, "application_id": APPLICATION, "private_key": _pem(key)}


def _refusal(status: int, body: object, **headers: str) -> SendError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(SendError) as caught:
        adapter_of("vonage").answer(HttpResponse(status, headers, raw))
    return caught.value


def _parse(**body: Any) -> Any:
    found = adapter_of("vonage").parse(callback(msgspec.json.encode({"message_uuid": UUID, **body})))
    return found[0] if found else None


def _verify(token: str, body: bytes = b"{}", **changed: Any) -> None:
    adapter_of("vonage", **changed).verify(callback(body, headers={"authorization": token}))


def _token(body: bytes = b"{}", key: str = EXAMPLE.secret, **changed: Any) -> str:
    return vonage_token(body, key, **{"iat": int(time.time()), **changed})


def test_send_is_a_custom_message_with_metas_template() -> None:
    request = adapter_of("vonage").request(message())
    meta = msgspec.json.decode(adapter_of("cloud_api").request(message()).body)
    assert request.url == "https://api.nexmo.com/v1/messages"
    assert request.headers == {
        "authorization": "Basic " + base64.b64encode(b"a1b2c3d4:v0nage-secret").decode(),
        "content-type": "application/json",
    }
    assert msgspec.json.decode(request.body) == {
        "message_type": "custom",
        "channel": "whatsapp",
        "to": "919999999999",
        "from": "447700900001",
        "custom": {"type": "template", "template": meta["template"]},
        "client_ref": REFERENCE,
        "webhook_url": STATUS_URL,
    }


def test_without_a_callback_url_the_one_set_at_vonage_counts() -> None:
    adapter = adapter_of("vonage", api_url="https://api-eu.vonage.com/")
    assert isinstance(adapter, VonageAdapter)
    adapter.callback_url = ""
    request = adapter.request(message())
    assert request.url == "https://api-eu.vonage.com/v1/messages"
    assert b"webhook_url" not in request.body


def test_application_signs_its_own_token(rsa_key: rsa.RSAPrivateKey) -> None:
    header = adapter_of("vonage", **_application(rsa_key)).request(message()).headers["authorization"]
    text, _, signature = header.removeprefix("Bearer ").rpartition(".")
    octets = base64.urlsafe_b64decode(signature + "==")
    rsa_key.public_key().verify(octets, text.encode(), padding.PKCS1v15(), SHA256())
    kind, claims = (msgspec.json.decode(base64.urlsafe_b64decode(part + "==")) for part in text.split("."))
    assert kind == {"alg": "RS256", "typ": "JWT"}
    assert claims["application_id"] == APPLICATION
    assert claims["exp"] - claims["iat"] == LIFE_SECONDS
    assert abs(claims["iat"] - time.time()) < 60


def test_token_is_renewed_before_it_expires(rsa_key: rsa.RSAPrivateKey) -> None:
    now = 1_700_000_000.0
    token = ApplicationToken(APPLICATION, _pem(rsa_key), lambda: now)
    first = token.current()
    now += 599
    assert token.current() == first
    now += 1
    second = token.current()
    assert second != first
    now -= 3600  # the clock was set back
    assert token.current() != second


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"application_id": APPLICATION}, "settings.private_key"),
        ({"private_key": "x" * 100}, "settings.application_id"),
        ({"api_secret": None}, "settings.api_secret"),
        ({"api_key": None}, "settings.api_key"),
        ({"api_key": None, "api_secret": None}, "settings.application_id"),
        ({"application_id": APPLICATION, "private_key": "x" * 100}, "settings.application_id"),
        (
            {"application_id": APPLICATION, "private_key": "x" * 100, "api_key": None, "api_secret": None},
            "settings.private_key",
        ),
        ({"signature_secret": ""}, "settings.signature_secret"),
        ({"signature_secret": None}, "settings.signature_secret"),
        ({"from_number": "Shop"}, "settings.from_number"),
        ({"api_key": "a:b"}, "settings.api_key"),
        ({"api_url": "nexmo"}, "settings.api_url"),
    ],
)
def test_fault_in_settings_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        split("vonage", {**EXAMPLE.settings, **changed})
    assert caught.value.field == field


def test_key_of_another_sort_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    curve = _pem(ec.generate_private_key(ec.SECP256R1()))
    for pem in (curve, _pem(rsa_key, password=b"x")):
        with pytest.raises(BadInput) as caught:
            adapter_of("vonage", **{**_application(rsa_key), "private_key": pem})
        assert caught.value.field == "settings.private_key"


def test_private_key_is_secret(rsa_key: rsa.RSAPrivateKey) -> None:
    public, secrets = split("vonage", {**EXAMPLE.settings, **_application(rsa_key)})
    assert set(secrets) == {"signature_secret", "private_key"}
    assert "PRIVATE" not in str(public)
    assert isinstance(build("vonage", public, secrets), VonageAdapter)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_an_answer(code: str) -> None:
    error = _refusal(422, {"type": ERRORS + code, "title": "Title", "detail": "Detail"})
    meaning = CODES[code]
    assert (error.kind, error.code, error.text) == (meaning.kind, code, "Detail")
    assert (error.permanent, error.retry_after) == (meaning.wait is None, meaning.wait)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (
            401,
            {"type": "https://developer.vonage.com/api-errors#unauthorized"},
            ErrorKind.AUTHENTICATION,
            "unauthorized",
        ),
        (402, {"type": "https://developer.nexmo.com/api-errors/#low-balance"}, ErrorKind.ACCOUNT, "low-balance"),
        (402, {}, ErrorKind.ACCOUNT, "http_402"),
        (
            422,
            {"type": ERRORS + "invalid_params", "invalid_parameters": [{"name": "to", "reason": "x"}]},
            ErrorKind.INVALID_NUMBER,
            "invalid_params",
        ),
        (
            422,
            {"type": ERRORS + "invalid_params", "invalid_parameters": [{"name": "from"}]},
            ErrorKind.OTHER,
            "invalid_params",
        ),
        (422, {"title": "1040"}, ErrorKind.INVALID_NUMBER, "1040"),
        (422, {"type": ERRORS + "1040", "title": "1000"}, ErrorKind.INVALID_NUMBER, "1040"),
        (404, b"", ErrorKind.OTHER, "http_404"),
    ],
)
def test_problem_is_a_final_no(status: int, body: object, kind: ErrorKind, code: str) -> None:
    error = _refusal(status, body)
    assert (error.kind, error.code, error.permanent, error.unknown, error.retry_after) == (
        kind,
        code,
        True,
        False,
        None,
    )
    assert error.text


@pytest.mark.parametrize("body", [b"", {"type": ERRORS + "internal", "title": "Internal error"}])
def test_server_error_leaves_it_open(body: object) -> None:
    assert _refusal(500, body).unknown


def test_throttled_by_its_code_whatever_the_http_status() -> None:
    error = _refusal(422, {"type": ERRORS + "1000"}, **{"retry-after": "4"})
    assert (error.kind, error.permanent, error.retry_after) == (ErrorKind.RATE_LIMIT, False, 4.0)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": int(time.time()) + 60},
        {"exp": int(time.time()) - SLACK_SECONDS + 60},
        {"iat": int(time.time()) - 86400},
        {"iat": int(time.time()) + SLACK_SECONDS - 60},
        {"exp": "soon", "iat": None},
        {"payload_hash": "44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A"},
    ],
)
def test_token_of_this_body_holds(claims: dict[str, Any]) -> None:
    _verify(_token(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"payload_hash": None},
        {"payload_hash": ""},
        {"payload_hash": "0" * 64},
        {"payload_hash": ["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]},
        {"exp": int(time.time()) - SLACK_SECONDS - 60},
        {"iat": int(time.time()) + SLACK_SECONDS + 60},
        {"nbf": int(time.time()) + SLACK_SECONDS + 60},
    ],
)
def test_token_with_other_claims_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Unverified):
        _verify(_token(**claims))


def test_token_of_another_body_is_refused_although_its_signature_holds() -> None:
    with pytest.raises(Unverified):
        _verify(_token(b'{"a":1}'), b'{"a":2}')


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS384"}, {"alg": "RS256"}, {"alg": "hs256"}, {"typ": "JWT"}, ["HS256"], "HS256"],
)
def test_token_of_another_algorithm_is_refused(header: object) -> None:
    with pytest.raises(Unverified):
        _verify(_token(header=header))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer ..",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer é.é.é",
        "Bearer \udcff.\udcff.\udcff",
        "Bearer " + "a" * 9000 + ".b.c",
        "Basic a.b.c",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Unverified):
        _verify(token)


@pytest.mark.parametrize("part", ["e30", "bm8", "W10", "_w", "e30=", ""])
def test_signed_rubbish_is_refused(part: str) -> None:
    text = f"{part}.{part}"
    signature = base64.urlsafe_b64encode(hmac.digest(EXAMPLE.secret.encode(), text.encode(), "sha256")).decode()
    with pytest.raises(Unverified):
        _verify(f"Bearer {text}.{signature.rstrip('=')}")


def test_unsigned_token_is_refused() -> None:
    whole = _token(header={"alg": "none", "typ": "JWT"})
    with pytest.raises(Unverified):
        _verify(whole.rpartition(".")[0] + ".")


def test_either_of_two_secrets_holds() -> None:
    for key in ("new", "old"):
        _verify(_token(key=key), signature_secret=["new", "old"])
    with pytest.raises(Unverified):
        _verify(_token(key="older"), signature_secret=["new", "old"])


def test_without_a_secret_nothing_holds() -> None:
    adapter = adapter_of("vonage")
    assert isinstance(adapter, VonageAdapter)
    adapter._keys = ("",)
    with pytest.raises(Unverified):
        adapter.verify(callback(b"{}", headers={"authorization": _token(key="")}))


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_a_failed_status(code: str) -> None:
    meaning = CODES[code]
    found = _parse(status="rejected", error={"type": ERRORS + code})
    assert (found.kind, found.code, found.text, found.permanent) == (
        meaning.kind,
        code,
        meaning.text,
        meaning.permanent,
    )


@pytest.mark.parametrize("error", [None, 5, [], {}, {"type": [5]}, {"type": "#"}, {"title": ["x"]}])
def test_failure_with_an_unreadable_error_is_still_a_failure(error: object) -> None:
    found = _parse(status="undeliverable", error=error)
    assert (found.status, found.kind, found.code) == ("failed", ErrorKind.OTHER, "")


@pytest.mark.parametrize(
    ("at", "milliseconds"),
    [("2023-05-01T14:00:00.000Z", 1_682_949_600_000), ("2023-05-01T14:00:00+0200", 1_682_942_400_000), ("now", None)],
)
def test_time_of_a_status(at: str, milliseconds: int | None) -> None:
    assert _parse(status="read", timestamp=at) == Status("viewed", None, UUID, milliseconds)


@pytest.mark.parametrize("reference", [5, "", "é", "a" * 600, None, ["x"]])
def test_client_ref_that_is_no_reference_leaves_the_id(reference: object) -> None:
    assert _parse(status="read", client_ref=reference).reference is None


def test_either_body_is_understood_on_either_url() -> None:
    body = msgspec.json.encode({"message_uuid": UUID, "status": "read"})
    assert adapter_of("vonage").parse(callback(body, "inbound")) == [Status("viewed", None, UUID)]


def test_body_of_neither_shape_is_unusable() -> None:
    assert adapter_of("vonage").parse(callback(b'{"channel":"whatsapp"}')) == [Unusable("is missing", "status")]


def test_limits_of_the_kind() -> None:
    assert limits("vonage", {}) == Limits(50, 20, 15.0)
