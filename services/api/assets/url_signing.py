"""HMAC signatures of URLs that grant access on their own.

A signature covers the whole grant, so nothing in it can be changed, and its purpose (`link:`, `upload:`), so that one
kind never passes for another.
"""

import hmac
import time
from uuid import UUID

from shared import errors

LINK_S = 900  # long enough for a download to begin


def link(secret: str, asset_id: UUID) -> tuple[str, int]:
    """The query string of a new link to a picture, and its expiry in seconds since the epoch."""
    expires = int(time.time()) + LINK_S
    return f"expires={expires}&signature={_link(secret, asset_id, str(expires))}", expires


def check_link(secret: str, asset_id: UUID, expires: str, signature: str) -> None:
    """Raise Forbidden unless the link is genuine, unchanged and not expired."""
    genuine = hmac.compare_digest(_link(secret, asset_id, expires).encode(), signature.encode())
    if not genuine or not 0 < int(expires) - time.time() <= LINK_S:
        raise errors.Forbidden("This link is not valid, or has expired.")


def upload(secret: str, upload_id: UUID) -> str:
    """The signature that lets its holder send an announced picture; the row holds the expiry and the expected file."""
    return _sign(secret, f"upload:{upload_id}")


def check_upload(secret: str, upload_id: UUID, signature: str) -> None:
    """Raise NotFound unless the signature is genuine."""
    if not hmac.compare_digest(upload(secret, upload_id).encode(), signature.encode()):
        raise errors.NotFound


def _link(secret: str, asset_id: UUID, expires: str) -> str:
    return _sign(secret, f"link:{asset_id}:{expires}")


def _sign(secret: str, grant: str) -> str:
    return hmac.new(secret.encode(), grant.encode(), "sha256").hexdigest()
