"""Finding a row that must exist and be visible to the caller (`auth.visible_owner`)."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from services.api.dependencies import Dependencies
from shared import errors
from shared.db.pool import Connection
from shared.models.owner import Owner

Row = TypeVar("Row")  # the newer syntax needs Python 3.12
Find = Callable[[Connection, Owner | None, UUID], Row | None]


def require(deps: Dependencies, find: Find[Row], owner: Owner | None, row_id: UUID) -> Row:
    """The row, found with `find` of its module. Raises NotFound, for another owner's row as well."""
    with deps.database.transaction() as connection:
        row = find(connection, owner, row_id)
    if row is None:
        raise errors.NotFound
    return row
