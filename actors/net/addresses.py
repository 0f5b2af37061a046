"""Which network addresses belong to the public internet.

Rule 1: pure. Rule 2: an address that carries another one inside (IPv4-mapped, 6to4, NAT64) is as public as that one.
Rule 3: what is not certainly public is not: private, shared, loopback, link-local, multicast and reserved ranges, and
text that is no address at all.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""On networks without IPv4 every IPv4 address is seen through this prefix (RFC 6052)."""


def is_public(address: str) -> bool:
    """Whether `address`, as `getaddrinfo` spells it, may be anybody's on the internet."""
    try:
        return _is_public(ip_address(address))
    except ValueError:
        return False


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    inner = _inside(address)
    if inner is not None:
        return _is_public(inner)
    if address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False):
        return False
    return address.is_global


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
