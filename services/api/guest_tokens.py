"""Guests' tokens: 128 random bits and their HMAC, so that a token is known to be ours without a look-up."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

_BYTES = 16  # of each half; together 43 characters


def issue(secret: str) -> str:
    """A new token."""
    return _token(secret, secrets.token_bytes(_BYTES))


def issued(secret: str, token: str) -> bool:
    """Whether `issue` made this token of 43 URL-safe characters with this secret."""
    return hmac.compare_digest(token, _token(secret, urlsafe_b64decode(f"{token}=")[:_BYTES]))


def _token(secret: str, chosen: bytes) -> str:
    tag = hmac.digest(secret.encode(), b"guest:" + chosen, "sha256")[:_BYTES]
    return urlsafe_b64encode(chosen + tag).decode().rstrip("=")
