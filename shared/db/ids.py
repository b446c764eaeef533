"""Identifiers: UUIDv7, ordered by time, so that new rows are adjacent in every index."""

# this variant makes the standard library's type, which psycopg can adapt
from uuid_utils.compat import uuid7 as new

__all__ = ["new"]
