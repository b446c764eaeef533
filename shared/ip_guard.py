"""Which IP addresses a caller may make the api connect to: public ones, outside every special-purpose block.

The table is IANA's special-purpose registries, written out because `is_global` differs between Python versions. Of IPv6
only global unicast is allowed, less its special blocks, so every address that embeds an IPv4 address (mapped,
translated, 6to4, Teredo) is refused.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_SPECIAL = tuple(
    ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # in no registry: one cloud's virtual machines reach their host there
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not within(address, _SPECIAL)


def within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def parsed(text: str) -> Address | None:
    """An IP address in its canonical form; None for a name and for every other notation of an address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address
