"""Pieces of orders that are made once more, without a new charge."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import Reprint

_COLUMNS = ", ".join(field.name for field in fields(Reprint))


def add(connection: Connection, quantities: Mapping[UUID, int], reason: str, actor: str) -> None:
    """Ask for so many pieces of these lines again, by the id of the line."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into reprints (id, order_item_id, quantity, reason, actor) values (%s, %s, %s, %s, %s)",
            [(ids.new(), item_id, quantity, reason, actor) for item_id, quantity in quantities.items()],
        )


def set_printed(connection: Connection, item_ids: Collection[UUID]) -> None:
    """Record that all that were asked for of these lines are printed."""
    connection.execute(
        """update reprints
        set printed_at = now()
        where order_item_id = any(%s)
        and printed_at is null""",
        [list(item_ids)],
    )


def of_items(connection: Connection, item_ids: Collection[UUID]) -> Sequence[Reprint]:
    """Oldest first."""
    rows = connection.execute(
        f"""select {_COLUMNS}
        from reprints
        where order_item_id = any(%s)
        order by created_at, id""",
        [list(item_ids)],
    ).fetchall()
    return [Reprint(**row) for row in rows]
