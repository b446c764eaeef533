"""Identifiers: UUIDv7, ordered by time, so that new rows lie together in every index."""

from uuid import UUID

# the compat type is the standard library's, which psycopg can adapt
from uuid_utils.compat import uuid7


def new() -> UUID:
    """A fresh id."""
    return uuid7()
