"""Keyset pages: newest first, each beginning after (created_at, id) of the last row before, so new rows shift no page.

The cursor is opaque text for callers; a forged one only reaches another page of the caller's own rows.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

from shared import errors
from shared.db.pool import Connection


class Dated(Protocol):
    """A row that can be paged."""

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
        """Raises errors.InvalidCursor."""
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
    """The rows of one page, and the cursor of the next page or None."""

    items: list[Row]
    next: Cursor | None

    @property
    def next_cursor(self) -> str | None:
        """The cursor as text."""
        return str(self.next) if self.next else None


def fetch(
    connection: Connection,
    select: str,
    parameters: Mapping[str, object],
    from_row: Callable[[dict[str, Any]], Row],
    limit: int,
    after: Cursor | None,
) -> Page[Row]:
    """One page of `select`, a statement up to its last condition."""
    keyset = {"limit": limit + 1, "at": after.created_at if after else None, "after": after.id if after else None}
    rows = connection.execute(
        f"""{select}
        and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s::timestamptz, %(after)s::uuid))
        order by created_at desc, id desc
        limit %(limit)s""",
        {**parameters, **keyset},
    ).fetchall()
    items = [from_row(row) for row in rows[:limit]]  # a row beyond the limit shows that there is a next page
    more = len(rows) > limit
    return Page(items, Cursor(items[-1].created_at, items[-1].id) if more else None)
