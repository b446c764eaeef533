"""The instances behind one host name, in a random order for each call.

The system's resolver puts the address most like our own first, and a pooled connection stays where it is, so one of
two instances would do all the work.
"""

import random
import socket
from urllib.parse import urlsplit, urlunsplit


def of(url: str) -> list[str]:
    """The same URL with each address of its host; unchanged if it cannot be resolved, or if TLS needs the name."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        return [url]
    port = parts.port or 80
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        return [url]  # the request itself will report why
    hosts = {str(address[0]) for *_, address in found}
    locations = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts]
    random.shuffle(locations)
    return [urlunsplit(parts._replace(netloc=location)) for location in locations]
