"""Which prints of orders lie on which gang sheet: each once, and once more for each time it is printed again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import UniqueViolation

from shared.db.pool import Connection
from shared.models.print_check import PrintMethod

_FREE = """not exists (
        select
        from gang_sheet_prints laid left join jobs on jobs.id = laid.job_id
        where laid.order_print_id = found.print_id
        and laid.reprint_id is not distinct from found.reprint_id
        and coalesce(jobs.status, 'done') not in ('failed', 'cancelled')
    )"""


class Taken(Exception):
    """Another sheet has one of the prints."""


@dataclass(frozen=True, slots=True)
class WaitingPrint:
    """A print that lies on no sheet yet, and how many copies of it are due."""

    print_id: UUID
    reprint_id: UUID | None
    order_id: UUID
    order_number: str
    line: int
    asset_id: UUID
    width_um: int
    height_um: int
    copies: int


@dataclass(frozen=True, slots=True)
class LaidPrint:
    """A print on a sheet: its order, and the item of the sheet's job that shows it."""

    order_number: str
    line: int
    item: int
    copies: int


def waiting(connection: Connection, limit: int) -> list[WaitingPrint]:
    """The prints on film of queued orders that were paid, of the oldest order first; of a reprint, what it asks for."""
    queued = connection.execute(
        """select id
        from orders
        where production_status = 'queued'
        and payment_status in ('paid', 'partly_refunded')"""
    ).fetchall()
    rows = connection.execute(
        f"""with found as (  -- order by order and line by line, by their indexes
            select orders.created_at, orders.id as order_id, order_number, line, position, method,
                order_prints.id as print_id, asset_id, width_um, height_um,
                again.id as reprint_id, coalesce(again.quantity, order_items.quantity) as copies,
                bool_or(again.id is not null) over (partition by orders.id) as reprinted
            from orders
                cross join lateral (
                    select *
                    from order_items
                    where order_id = orders.id
                    offset 0
                ) order_items
                left join reprints again on again.order_item_id = order_items.id and again.printed_at is null
                left join lateral (
                    select *
                    from order_prints
                    where order_item_id = order_items.id
                    offset 0
                ) order_prints on true
            where orders.id = any(%s)
        )
        select print_id, reprint_id, order_id, order_number, line, asset_id, width_um, height_um, copies
        from found
        where method = %s
        and (reprint_id is not null or not reprinted)
        and {_FREE}
        order by created_at, order_id, line, position
        limit %s""",
        [[row["id"] for row in queued], PrintMethod.DTF, limit],
    ).fetchall()
    return [WaitingPrint(**row) for row in rows]


def add(connection: Connection, job_id: UUID, items: Collection[Collection[WaitingPrint]]) -> None:
    """Record what lies on a sheet, by the items of its job. Raises Taken, which costs the transaction."""
    rows = [
        (job_id, one.print_id, one.reprint_id, number, one.copies)
        for number, of_item in enumerate(items)
        for one in of_item
    ]
    connection.execute(
        """delete from gang_sheet_prints
        using jobs
        where jobs.id = job_id
        and status in ('failed', 'cancelled')
        and order_print_id = any(%s)""",
        [[row[1] for row in rows]],
    )
    try:
        with connection.cursor() as cursor:
            cursor.executemany(
                """insert into gang_sheet_prints (job_id, order_print_id, reprint_id, item, copies)
                values (%s, %s, %s, %s, %s)""",
                rows,
            )
    except UniqueViolation:
        raise Taken from None


def of_prints(connection: Connection, print_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """The newest sheet of each print that lies on one: the id of its job."""
    rows = connection.execute(
        """select distinct on (order_print_id) order_print_id, job_id
        from gang_sheet_prints
        where order_print_id = any(%s)
        order by order_print_id, created_at desc""",
        [list(print_ids)],
    ).fetchall()
    return {row["order_print_id"]: row["job_id"] for row in rows}


def of_job(connection: Connection, job_id: UUID) -> list[LaidPrint]:
    """What lies on a sheet."""
    rows = connection.execute(
        """select order_number, line, item, copies
        from gang_sheet_prints
            join order_prints on order_prints.id = order_print_id
            join order_items on order_items.id = order_item_id
            join orders on orders.id = order_id
        where job_id = %s
        order by item, orders.created_at, line, position""",
        [job_id],
    ).fetchall()
    return [LaidPrint(**row) for row in rows]
