"""The instances behind one name, in an order drawn for each call.

The system's resolver puts the address most like our own first, and a kept connection stays where it is, so one of two
instances would do all the work.
"""

import random
import socket
from urllib.parse import urlsplit, urlunsplit


def of(url: str) -> list[str]:
    """The same URL for each address its host has; as it is where there is no choice, or TLS wants the name."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        return [url]
    port = parts.port or 80
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        return [url]  # whoever asks hears why
    hosts = {str(address[0]) for *_, address in found}
    places = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts]
    random.shuffle(places)
    return [urlunsplit(parts._replace(netloc=place)) for place in places]
