"""Tokens of signed-in customers: random, so that only the database knows them, and longer than a guest's."""

import hashlib
import secrets

PREFIX = "st_"


def make() -> str:
    """A new token of 46 URL-safe characters."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """The hash stored for a token."""
    return hashlib.sha256(token.encode()).hexdigest()
