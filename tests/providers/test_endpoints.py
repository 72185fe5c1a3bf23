"""Endpoints on private addresses are refused in every notation, and again at the socket."""

from __future__ import annotations

import socket

import pytest

from twoticks.errors import BadInput
from twoticks.providers.endpoints import BlockedAddressError, check_endpoint, guarded_socket, is_public

PRIVATE = [
    "http://@127.0.0.1/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8123/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://localhost/",
    "http://LOCALHOST:9000/",
    "http://localhost./",
    "http://api.localhost/",
    "http://printer.local/",
    "http://metadata.google.internal/",
]
MALFORMED = [
    "",
    "provider.example/send",
    "//provider.example/send",
    "file:///etc/passwd",
    "gopher://provider.example/",
    "ftp://provider.example/",
    "javascript:alert(1)",
    "http://",
    "http:///send",
    "http://ann:secret@provider.example/",
    "http://ann@provider.example/",
    "http://provider.example@127.0.0.1/",
    "http://provider.example:0/",
    "http://provider.example:99999/",
    "http://provider.example:port/",
    "http://provider.example/#fragment",
    "http://provider.example/a b",
    "http://provider.example/\r\nHost: other",
    "http://127.0.0.1\\@provider.example/",
    "http://[::1/",
    "http://provider.example/" + "a" * 3000,
]


@pytest.mark.parametrize("url", PRIVATE)
def test_private_address_is_refused_in_every_notation(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_endpoint(url, field="settings.endpoint", allow_private=False)
    assert caught.value.field == "settings.endpoint"


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.parametrize("allow_private", [True, False])
def test_what_is_no_plain_web_address_is_always_refused(url: str, allow_private: bool) -> None:
    with pytest.raises(BadInput):
        check_endpoint(url, field="settings.endpoint", allow_private=allow_private)


def test_refusal_does_not_repeat_the_address() -> None:
    with pytest.raises(BadInput) as caught:
        check_endpoint("http://ann:hunter2@provider.example/", field="settings.endpoint", allow_private=True)
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/send", "http://localhost/", "http://[::1]:81/x", "http://10.0.0.1"]
)
def test_private_address_may_be_allowed(url: str) -> None:
    check_endpoint(url, field="settings.endpoint", allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://provider.example/send?key=1",
        "http://8.8.8.8:8080/",
        "https://[2606:4700::1111]/",
        "https://bücher.example/",
        "https://graph.facebook.com",
        "https://localhost.example/",
    ],
)
def test_public_address_is_taken(url: str) -> None:
    check_endpoint(url, field="settings.endpoint", allow_private=False)


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize("text", ["", "provider.example", "127.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0"])
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(text)


def test_socket_is_made_only_for_public_addresses() -> None:
    guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))).close()
    with pytest.raises(BlockedAddressError):
        guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443)))
    with pytest.raises(BlockedAddressError):
        guarded_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:127.0.0.1", 443, 0, 0)))
