"""Identifiers: UUIDv7, ordered by time, so that new rows are adjacent in every index."""

from uuid import UUID

# this variant returns the standard library's type, which psycopg can adapt
from uuid_utils.compat import uuid7


def new() -> UUID:
    """A new id."""
    return uuid7()
