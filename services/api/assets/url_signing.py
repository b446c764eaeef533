"""HMAC signatures of URLs that grant access on their own.

A signature covers the whole grant, so nothing in it can be changed, and its purpose (`asset:`, `mockups:`, `link:`,
`upload:`), so that one kind never passes for another.
"""

import hmac
import time
from uuid import UUID

from shared import errors

LINK_S = 900  # long enough for a download to begin
# How long the address of a picture lasts at least, and at most twice as long: as long as a page that shows it is open.
# Within each such stretch of time a picture has one address, so that browsers find it in their caches.
ASSET_S = 3600


def asset(secret: str, key: str) -> str:
    """The grant that makes a picture's key its address."""
    return _grant(secret, f"asset:{key}", _expiry())


def check_asset(secret: str, key: str, grant: str) -> None:
    """Raise Forbidden unless the grant is genuine, for this picture, and not expired."""
    _check_grant(secret, f"asset:{key}", grant)


def mockups(secret: str, asset_id: UUID) -> tuple[str, int]:
    """The grant that lets its holder see a picture on any garment, and its expiry in seconds since the epoch."""
    expires = _expiry()
    return _grant(secret, f"mockups:{asset_id}", expires), expires


def check_mockups(secret: str, asset_id: UUID, grant: str) -> None:
    """Raise Forbidden unless the grant is genuine, for this picture, and not expired."""
    _check_grant(secret, f"mockups:{asset_id}", grant)


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


def _expiry() -> int:
    return (int(time.time()) // ASSET_S + 2) * ASSET_S


def _grant(secret: str, purpose: str, expires: int | str) -> str:
    return f"{expires}-{_sign(secret, f'{purpose}:{expires}')[:32]}"  # 128 bits: a page may show dozens of addresses


def _check_grant(secret: str, purpose: str, grant: str) -> None:
    expires = grant.partition("-")[0]
    genuine = hmac.compare_digest(_grant(secret, purpose, expires).encode(), grant.encode())
    if not genuine or int(expires) <= time.time():
        raise errors.Forbidden("This address is not valid, or has expired; ask for the picture or its job again.")


def _link(secret: str, asset_id: UUID, expires: str) -> str:
    return _sign(secret, f"link:{asset_id}:{expires}")


def _sign(secret: str, grant: str) -> str:
    return hmac.new(secret.encode(), grant.encode(), "sha256").hexdigest()
