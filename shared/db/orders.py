"""Orders: made from quotes, found by id or number, locked before anything of theirs changes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import ids, order_items, pagination
from shared.db.pool import Connection
from shared.models.order import (
    CUSTOMER,
    DisputeState,
    Hold,
    Order,
    OrderEvent,
    OrderItem,
    PaymentStatus,
    ProductionStatus,
)
from shared.models.quote import Quote

HOLDS_S = 35 * 60  # how long unpaid stock is reserved: Stripe's Checkout lasts at least 30 minutes
COLUMNS = ", ".join(field.name for field in fields(Order))
_SELECT = f"select {COLUMNS} from orders"
_VISIBLE = "(%(customer)s::uuid is null or customer_id = %(customer)s)"
COUNTED = 1000  # of each status
# In the order of the index, which the planner might not use otherwise for a status that most orders have.
_COUNT = """select '{column}' as kind, status, (
            select count(*)
            from (
                select from orders where {column} = status order by created_at desc, id desc limit %(most)s
            ) as first
        ) as orders
    from unnest(%({column})s::text[]) as status"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which orders a page shows; None leaves a condition out.

    `email` is the customer's address and `recipient` the beginning of a name, in any case.
    """

    customer_id: UUID | None = None
    payment_status: PaymentStatus | None = None
    production_status: ProductionStatus | None = None
    number: str | None = None
    email: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Orders by status, each up to COUNTED."""

    payment: Mapping[PaymentStatus, int]
    production: Mapping[ProductionStatus, int]


def add(
    connection: Connection,
    *,
    order_id: UUID,
    number: str,
    customer_id: UUID,
    quote: Quote,
    items: Sequence[OrderItem],
    ship_to: Mapping[str, str],
    test: bool,
) -> tuple[Order, OrderEvent] | None:
    """Store an order and its lines, of a quote that was used in this transaction; None if another order has the number.

    Its history begins with `placed`, at the time of the transaction, as its `created_at` does.
    """
    charges = quote.charges
    placed = OrderEvent(ids.new(), "placed", {}, CUSTOMER, datetime.now(UTC))
    row = connection.execute(
        f"""with made as (
            insert into orders (
                id, order_number, customer_id, quote_id, test, currency, subtotal_cents, discount_cents, discount_code,
                shipping_cents, shipping_tax_bp, shipping_tax_cents, tax_cents, total_cents, zone, weight_g, ship_to,
                hold_until
            )
            values (
                %(id)s, %(number)s, %(customer)s, %(quote)s, %(test)s, %(currency)s, %(subtotal)s, %(discount)s,
                %(code)s, %(shipping)s, %(shipping_tax_bp)s, %(shipping_tax)s, %(tax)s, %(total)s, %(zone)s,
                %(weight_g)s, %(ship_to)s, now() + %(holds)s * interval '1 second'
            )
            on conflict (order_number) do nothing
            returning {COLUMNS}
        ), happened as (
            insert into order_events (id, order_id, what, actor)
            select %(event)s, id, %(placed)s, %(actor)s from made
        ), {order_items.ADDED}
        select {COLUMNS} from made""",
        {
            "id": order_id,
            "number": number,
            "customer": customer_id,
            "quote": quote.id,
            "test": test,
            "currency": quote.currency,
            "subtotal": charges.subtotal_cents,
            "discount": charges.discount_cents,
            "code": quote.discount_code,
            "shipping": charges.shipping.cents,
            "shipping_tax_bp": charges.shipping.tax_rate_bp,
            "shipping_tax": charges.shipping.tax_cents,
            "tax": charges.tax_cents,
            "total": charges.total_cents,
            "zone": charges.shipping.zone,
            "weight_g": charges.shipping.weight_g,
            "ship_to": Jsonb(dict(ship_to)),
            "holds": HOLDS_S,
            "event": placed.id,
            "placed": placed.what,
            "actor": placed.actor,
            **order_items.parameters(order_id, items),
        },
    ).fetchone()
    return (from_row(row), replace(placed, at=row["created_at"])) if row else None


def find(connection: Connection, customer_id: UUID | None, order_id: UUID) -> Order | None:
    """An order by id; anyone's if `customer_id` is None."""
    return _one(connection, f"{_SELECT} where id = %(key)s and {_VISIBLE}", customer_id, order_id)


def by_number(connection: Connection, customer_id: UUID | None, number: str) -> Order | None:
    """As `find`, by the order number."""
    return _one(connection, f"{_SELECT} where order_number = %(key)s and {_VISIBLE}", customer_id, number)


def lock(connection: Connection, order_id: UUID) -> Order | None:
    """The order, which no other transaction changes until this one ends."""
    return _one(connection, f"{_SELECT} where id = %(key)s and {_VISIBLE} for update", None, order_id)


def unfinished(connection: Connection, customer_id: UUID) -> list[str]:
    """Numbers of a customer's orders that money or goods still move for, all of whose orders are locked by this."""
    rows = connection.execute(
        """select order_number, payment_status in ('disputed', 'review')
            or production_status not in ('shipped', 'delivered')
            and payment_status not in ('cancelled', 'refunded', 'lost') as unfinished
        from orders
        where customer_id = %s
        order by id
        for update""",
        [customer_id],
    ).fetchall()
    return [row["order_number"] for row in rows if row["unfinished"]]


def cancel(connection: Connection, order_id: UUID) -> Order:
    """Cancel a locked order, whatever its state."""
    row = connection.execute(
        f"""update orders
        set cancelled_at = now(), production_status = 'cancelled', hold_until = null, version = version + 1,
            held_from = null, held_for = null, held_reason = null
        where id = %s
        returning {COLUMNS}""",
        [order_id],
    ).fetchone()
    assert row is not None
    return from_row(row)


def end_review(connection: Connection, order_id: UUID) -> None:
    """Record that a person has decided. The database refuses it while the money is not that of the order."""
    connection.execute("update orders set review = null, version = version + 1 where id = %s", [order_id])


def extend_run_out(connection: Connection, by_s: float, limit: int) -> list[Order]:
    """Orders whose reservation has run out, which no other transaction has; it now lasts `by_s` longer."""
    rows = connection.execute(
        f"""with due as materialized (
            select id as order_id
            from orders
            where hold_until <= now()
            order by hold_until
            limit %s
            for update skip locked
        )
        update orders
        set hold_until = now() + %s * interval '1 second'
        from due
        where id = order_id
        returning {COLUMNS}""",
        [limit, by_s],
    ).fetchall()
    return list(map(from_row, rows))


def page(connection: Connection, wanted: Filter, limit: int, after: pagination.Cursor | None) -> pagination.Page[Order]:
    """Newest first."""
    conditions = {
        "customer_id = %(customer)s": wanted.customer_id,
        "payment_status = %(payment)s": wanted.payment_status,
        "production_status = %(production)s": wanted.production_status,
        "order_number = %(number)s": wanted.number,
        "customer_id = (select id from customers where lower(email) = lower(%(email)s))": wanted.email,
        "lower(ship_to ->> 'name') like lower(%(recipient)s)": wanted.recipient,
    }
    asked = [clause for clause, value in conditions.items() if value is not None]
    parameters = {
        "customer": wanted.customer_id,
        "payment": wanted.payment_status,
        "production": wanted.production_status,
        "number": wanted.number,
        "email": wanted.email,
        "recipient": wanted.recipient and re.sub(r"([\\%_])", r"\\\1", wanted.recipient) + "%",
    }
    return pagination.fetch(
        connection, f"{_SELECT} where {' and '.join(asked) or 'true'}", parameters, from_row, limit, after
    )


def count(connection: Connection) -> Counts:
    """How many orders have each status, up to COUNTED: more are not told apart, so that it takes a millisecond."""
    rows = connection.execute(
        f"{_COUNT.format(column='payment_status')} union all {_COUNT.format(column='production_status')}",
        {
            "most": COUNTED,
            "payment_status": list(PaymentStatus),
            "production_status": list(ProductionStatus),
        },
    ).fetchall()
    found = {(row["kind"], row["status"]): row["orders"] for row in rows}
    return Counts(
        {status: found["payment_status", status] for status in PaymentStatus},
        {status: found["production_status", status] for status in ProductionStatus},
    )


def _one(connection: Connection, statement: str, customer_id: UUID | None, key: object) -> Order | None:
    row = connection.execute(statement, {"customer": customer_id, "key": key}).fetchone()
    return from_row(row) if row else None


def from_row(row: Mapping[str, Any]) -> Order:
    """The order in a row of COLUMNS."""
    held_from = ProductionStatus(row["held_from"]) if row["held_from"] else None
    states = {
        "dispute": DisputeState(row["dispute"]),
        "payment_status": PaymentStatus(row["payment_status"]),
        "production_status": ProductionStatus(row["production_status"]),
        "held_from": held_from,
        "held_for": Hold(row["held_for"]) if row["held_for"] else None,
    }
    return Order(**{**row, **states})
