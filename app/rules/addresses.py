"""Which addresses the desk may call: only those of the public internet, however they are written (security.md, attack 36)."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import Final

NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


def is_public(address: Address) -> bool:
    """Say whether an address leads out of the company's own networks; one that carries another is judged by that one too."""
    inner = _carried(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _carried(address: Address) -> IPv4Address | None:
    """Return the IPv4 address within an IPv6 one: mapped, 6to4, Teredo or NAT64."""
    if not isinstance(address, IPv6Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
