"""Keeps provider endpoints from reaching into our own network: checked when saved and again at every connection."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Any

from yarl import URL

from twoticks.errors import BadInput

LONGEST = 2048
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\\]")
_LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "home.arpa", "ip6-localhost")
_HINT = "Set TWOTICKS_ALLOW_PRIVATE_ENDPOINTS=true to allow providers on private addresses."

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF assignments; Oracle's metadata service answers on 192.0.0.192
        "168.63.129.16/32",  # Azure's host agent: a public number that is always local
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "64:ff9b:1::/48",  # local NAT64
        "fec0::/10",  # site-local
    )
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class BlockedAddressError(OSError):
    """The endpoint's name led to an address that is not public."""


def check_endpoint(url: str, *, field: str, allow_private: bool) -> None:
    """Raise `BadInput` unless requests may be sent to `url`: http or https, no credentials in it, a public host."""
    host = _host(url, field)
    if not allow_private and not _may_be_public(host):
        raise BadInput("points to a private address", field=field, hint=_HINT)


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """Make the socket for a resolved address, or raise `BlockedAddressError`.

    Given to aiohttp as `socket_factory`: it sees the very address that is connected to, so a name that was public
    when it was checked and leads elsewhere now (DNS rebinding) is caught, as is every way of writing an address.
    """
    family, kind, protocol, _, target = address
    if not is_public(str(target[0])):
        raise BlockedAddressError("the endpoint's address is not public")
    return socket.socket(family, kind, protocol)


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the public internet, also where it holds an IPv4 address inside."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(str(inner))
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None


def _host(url: str, field: str) -> str:
    """The host of a well-formed endpoint, read by the parser that will connect to it."""
    if len(url) > LONGEST or _FORBIDDEN.search(url):
        raise BadInput("is no web address", field=field)
    try:
        parsed = URL(url)
        host = parsed.raw_host
    except ValueError:
        raise BadInput("is no web address", field=field) from None
    if parsed.scheme not in ("http", "https"):
        raise BadInput("must begin with https:// or http://", field=field)
    if "@" in parsed.raw_authority:
        raise BadInput("must not hold a user name or password", field=field, hint="Use the auth setting.")
    if not host or parsed.port == 0 or parsed.raw_fragment:
        raise BadInput("is no web address", field=field)
    return host.rstrip(".").lower()


def _may_be_public(host: str) -> bool:
    """False for addresses that are private in any notation, and for names that are local by convention."""
    if ":" in host:
        return is_public(host)
    try:
        return is_public(socket.inet_ntoa(socket.inet_aton(host)))
    except OSError:
        return bool(host) and not any(host == name or host.endswith("." + name) for name in _LOCAL_NAMES)
