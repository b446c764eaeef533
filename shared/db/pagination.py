"""Keyset pages: newest first, marked by (created_at, id) of the last row, so that new rows never shift a page.

The marker is opaque text for callers; a forged one can only ask for another page of the caller's own rows.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from shared import errors


class Dated(Protocol):
    """What a page can hold."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=Dated)  # the newer syntax needs Python 3.12


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of the page before."""

    created_at: datetime
    id: UUID

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.created_at.isoformat()} {self.id}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a marker, or raise errors.InvalidCursor."""
        try:
            plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            at, _, identifier = plain.partition(" ")
            cursor = cls(datetime.fromisoformat(at), UUID(identifier))
            if cursor.created_at.tzinfo is None:
                raise ValueError("no time zone")
        except (ValueError, binascii.Error) as error:
            raise errors.InvalidCursor from error
        return cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page, and the marker of the next or None."""

    items: list[Row]
    next: Cursor | None

    @property
    def marker(self) -> str | None:
        """The next page's marker as text."""
        return str(self.next) if self.next else None


def page(rows: list[Row], limit: int) -> Page[Row]:
    """Cut `limit + 1` fetched rows into a page: the extra one only tells that there is more."""
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items, Cursor(items[-1].created_at, items[-1].id) if more else None)
