"""Whether a page of another site sent the request: browsers name the page's origin with every write."""

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import request

from shared import errors

_READS = ("GET", "HEAD", "OPTIONS")


def refuse_foreign_write(allowed: Collection[str]) -> None:
    """Raise Forbidden for a write by a page whose origin is neither this host's nor among `allowed`.

    The scheme of this host's own pages does not count: behind a proxy that ends TLS it is not known.
    """
    origin = request.headers.get("Origin")
    if request.method in _READS or origin is None or origin.lower() in allowed:
        return
    if urlsplit(origin.lower()).netloc != request.host.lower():
        raise errors.Forbidden("Pages of other origins may not do that with their visitors' cookies.")
