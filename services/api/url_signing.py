"""Signatures of links that end.

A signature covers all that a link says, the picture and its end, so that nothing in it can be changed. It is made with
SECRET_KEY under a word of its own, so that no other signature of ours can be taken for one.
"""

import hmac
import time
from uuid import UUID

from shared import errors

LINK_S = 900  # long enough for a download to begin


def link(secret: str, asset_id: UUID) -> tuple[str, int]:
    """The query of a new link to a picture, and when it ends (seconds since the epoch)."""
    expires = int(time.time()) + LINK_S
    return f"expires={expires}&signature={_signature(secret, asset_id, str(expires))}", expires


def check_link(secret: str, asset_id: UUID, expires: str, signature: str) -> None:
    """Raise Forbidden unless the link is ours, unchanged, and not yet over."""
    genuine = hmac.compare_digest(_signature(secret, asset_id, expires).encode(), signature.encode())
    if not genuine or not 0 < int(expires) - time.time() <= LINK_S:
        raise errors.Forbidden("This link is not valid, or no longer so.")


def upload(secret: str, upload_id: UUID) -> str:
    """The signature that lets anybody send an announced picture; its row says until when, and what may be sent."""
    return _signed(secret, f"upload:{upload_id}")


def check_upload(secret: str, upload_id: UUID, signature: str) -> None:
    """Raise NotFound unless the signature is ours."""
    if not hmac.compare_digest(upload(secret, upload_id).encode(), signature.encode()):
        raise errors.NotFound


def _signature(secret: str, asset_id: UUID, expires: str) -> str:
    return _signed(secret, f"link:{asset_id}:{expires}")


def _signed(secret: str, words: str) -> str:
    return hmac.new(secret.encode(), words.encode(), "sha256").hexdigest()
