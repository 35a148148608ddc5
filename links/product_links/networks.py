"""Which network addresses belong to the public internet. Everything that is not surely there is refused."""

import ipaddress
from typing import Final

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# What `is_global` of some Python versions lets through, or what leads on to an address that is written inside.
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        # Teredo, ORCHID and their like; documentation; 6to4; segment routing.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16"),
    )
)
# Of IPv6 only global unicast: mapped, compatible, translated (NAT64, SIIT) and local addresses are elsewhere.
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")


def is_public(address: IPAddress) -> bool:
    """Whether a stranger's shop can live there."""
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)
