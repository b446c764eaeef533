"""Pictures that were cut out badly, as callers of remove.bg's API told us."""

from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection


def add(connection: Connection, key_id: UUID, asset_id: UUID, filename: str, tag: str) -> UUID:
    """Returns its id."""
    bad_id = ids.new()
    connection.execute(
        "insert into bad_results (id, key_id, asset_id, filename, tag) values (%s, %s, %s, %s, %s)",
        [bad_id, key_id, asset_id, filename, tag],
    )
    return bad_id
