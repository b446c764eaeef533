"""The address of a request's client, for everything that is counted by it."""

import ipaddress
import re

from flask import request

_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<four>[\d.]+):\d+")
_UNKNOWN = "unknown"  # one client, or a proxy that writes anything else would make every request another one


def client() -> str:
    """The IPv4 address, without the port that some proxies append; of IPv6 the /64 network, which is one customer's."""
    given = request.remote_addr or ""
    found = _WITH_PORT.fullmatch(given)
    text = (found["six"] or found["four"]) if found else given
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return _UNKNOWN
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
