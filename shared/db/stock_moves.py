"""Stock: each change with its reason. The sum of a variant's moves is its stock."""

from typing import Any
from uuid import UUID

from shared import errors, shop_errors
from shared.db import ids, pagination
from shared.db.pool import Connection
from shared.models.stock_move import MAX_STOCK, StockMove, StockReason

_COLUMNS = "id, variant_id, quantity, reason, note, actor, created_at"


def move(
    connection: Connection, variant_id: UUID, quantity: int, reason: StockReason, note: str, actor: str
) -> tuple[StockMove, int]:
    """Add a quantity, which may be negative; returns the move and the stock after it.

    Raises NotFound, or OutOfStock, and changes nothing, if fewer would be left than none or more than MAX_STOCK.
    """
    changed = connection.execute(
        f"""update variants
        set stock = stock + %(quantity)s
        where id = %(id)s
        and stock + %(quantity)s between 0 and {MAX_STOCK}
        returning stock""",
        {"id": variant_id, "quantity": quantity},
    ).fetchone()
    if changed is None:
        raise _refusal(connection, variant_id)
    row = connection.execute(
        f"""insert into stock_moves (id, variant_id, quantity, reason, note, actor)
        values (%s, %s, %s, %s, %s, %s)
        returning {_COLUMNS}""",
        [ids.new(), variant_id, quantity, reason, note, actor],
    ).fetchone()
    assert row is not None
    return _move(row), int(changed["stock"])


def page(
    connection: Connection, variant_id: UUID, limit: int, after: pagination.Cursor | None
) -> pagination.Page[StockMove]:
    """The moves of a variant, newest first."""
    select = f"select {_COLUMNS} from stock_moves where variant_id = %(variant)s"
    return pagination.fetch(connection, select, {"variant": variant_id}, _move, limit, after)


def _refusal(connection: Connection, variant_id: UUID) -> errors.Failure:
    row = connection.execute("select sku, stock from variants where id = %s", [variant_id]).fetchone()
    return shop_errors.OutOfStock(details={row["sku"]: row["stock"]}) if row else errors.NotFound()


def _move(row: dict[str, Any]) -> StockMove:
    return StockMove(**{**row, "reason": StockReason(row["reason"])})
