"""Orders in production: their states, the queue, and the prints of their pieces."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from shared.db import jobs, orders, pagination
from shared.db.pool import Connection
from shared.models.job import Job
from shared.models.order import Hold, Order, OrderPrint, ProductionStatus
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea


def release(connection: Connection, order_id: UUID) -> bool:
    """Queue an order that waits to be paid, also while it is held; False, and nothing changes, for any other."""
    return bool(
        connection.execute(
            """update orders
            set production_status = case production_status when 'waiting' then 'queued' else production_status end,
                held_from = case held_from when 'waiting' then 'queued' end,
                hold_until = null,
                version = version + 1
            where id = %s
            and (production_status = 'waiting' or held_from = 'waiting')""",
            [order_id],
        ).rowcount
    )


def set_status(
    connection: Connection,
    order: Order,
    to: ProductionStatus,
    *,
    held_for: Hold | None = None,
    held_reason: str | None = None,
) -> Order:
    """Store the state of an order that is locked, and return it as it is now.

    `held_for` is why it is held; it is None exactly if it is not. `held_reason` are the words of an admin's hold.
    """
    held_from = order.reached if held_for else None
    connection.execute(
        """update orders
        set production_status = %s, held_from = %s, held_for = %s, held_reason = %s, version = version + 1
        where id = %s""",
        [to, held_from, held_for, held_reason, order.id],
    )
    changed = orders.find(connection, None, order.id)
    assert changed is not None  # it is locked
    return changed


def queue(
    connection: Connection, statuses: Collection[ProductionStatus], limit: int, after: pagination.Cursor | None
) -> pagination.Page[Order]:
    """Orders in these states, oldest first, but for those that were paid back whole."""
    rows = connection.execute(
        f"""with due as materialized (  -- few of all orders: their index is read first, whatever page is asked for
            select id, created_at
            from orders
            where production_status = any(%(statuses)s)
            and payment_status <> 'refunded'
        ), page as (
            select id
            from due
            where %(at)s::timestamptz is null or (created_at, id) > (%(at)s::timestamptz, %(after)s::uuid)
            order by created_at, id
            limit %(limit)s
        )
        select {orders.COLUMNS}
        from orders
        where id = any(array(select id from page))
        order by created_at, id""",
        {
            "statuses": list(statuses),
            "limit": limit + 1,
            "at": after.created_at if after else None,
            "after": after.id if after else None,
        },
    ).fetchall()
    items = list(map(orders.from_row, rows[:limit]))
    more = len(rows) > limit
    return pagination.Page(items, pagination.Cursor(items[-1].created_at, items[-1].id) if more else None)


def set_jobs(connection: Connection, made: Mapping[UUID, UUID]) -> None:
    """Store which job makes the file of which print."""
    connection.execute(
        """update order_prints
        set print_job_id = made.job_id
        from unnest(%s::uuid[], %s::uuid[]) made (print_id, job_id)
        where order_prints.id = made.print_id""",
        [list(made), list(made.values())],
    )


def find_jobs(connection: Connection, job_ids: Collection[UUID]) -> Mapping[UUID, Job]:
    """Those that have not been deleted since."""
    rows = connection.execute(f"select {jobs.COLUMNS} from jobs where id = any(%s)", [list(job_ids)]).fetchall()
    return {row["id"]: jobs.from_row(row) for row in rows}


def reject(connection: Connection, print_ids: Collection[UUID], reason: str) -> None:
    """Record why the artwork of these prints cannot be printed."""
    connection.execute(
        "update order_prints set rejected_at = now(), rejection = %s where id = any(%s)", [reason, list(print_ids)]
    )


def replace_artwork(connection: Connection, changed: Collection[OrderPrint]) -> None:
    """Store other pictures and boxes of prints, which are then neither rejected nor laid out on a gang sheet."""
    connection.execute("delete from gang_sheet_prints where order_print_id = any(%s)", [[one.id for one in changed]])
    with connection.cursor() as cursor:
        cursor.executemany(
            """update order_prints
            set asset_id = %s, left_um = %s, top_um = %s, width_um = %s, height_um = %s,
                print_job_id = null, rejected_at = null, rejection = null
            where id = %s""",
            [(one.asset_id, one.left_um, one.top_um, one.width_um, one.height_um, one.id) for one in changed],
        )


def areas(connection: Connection, variant_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], PrintArea]:
    """The print areas of the products of variants, by variant and name."""
    rows = connection.execute(
        """select variants.id as variant_id, print_areas.*
        from variants join print_areas using (product_id)
        where variants.id = any(%s)""",
        [list(variant_ids)],
    ).fetchall()
    return {(row["variant_id"], row["placement"]): _area(row) for row in rows}


def _area(row: Mapping[str, Any]) -> PrintArea:
    methods = tuple(map(PrintMethod, row["methods"]))
    return PrintArea(row["placement"], row["width_um"], row["height_um"], methods, row["garment"])
