"""The statements about orders at the scale of a large shop: how long they take, and by which indexes."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.catalogue import queries
from bench.catalogue.queries import BY_ID, COUNTS, JOIN, LIST, SEARCH, Query
from services.api.orders.whole import WholeOrder
from shared.db import (
    gang_sheet_prints,
    orders,
    orders_load,
    payments,
    production,
)
from shared.db.orders import Filter
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.models.order import PaymentStatus, ProductionStatus

ORDERS = 200_000
_DUE = (ProductionStatus.QUEUED, ProductionStatus.PRINTING, ProductionStatus.PRINTED, ProductionStatus.PACKED)


def load(database: Database) -> float:
    """Fill an empty database; returns the seconds it took."""
    began = time.perf_counter()
    queries.load(database)
    with database.transaction() as connection:
        orders_load.add(connection, ORDERS)
    with database.transaction() as connection:
        orders_load.analyze(connection)
    return time.perf_counter() - began


def about_orders(database: Database) -> Mapping[str, Query]:
    with database.transaction() as connection:
        known = connection.execute(
            """select orders.id, order_number, customer_id, orders.created_at, intent_id, email, ship_to ->> 'name' name
            from orders join payments on order_id = orders.id join customers on customers.id = customer_id
            order by orders.created_at desc, orders.id desc"""
        ).fetchall()
    deep = known[len(known) * 3 // 4 :]

    def of(run: int) -> Mapping[str, Any]:
        return known[run * 977 % len(known)]

    def listed(wanted: Callable[[int], Filter], after: bool = False) -> Callable[[Any, int], object]:
        cursors = [Cursor(row["created_at"], row["id"]) for row in deep[: queries.RUNS]]
        return lambda connection, run: orders.page(connection, wanted(run), 50, cursors[run] if after else None)

    def whole(connection: Any, run: int) -> None:
        order = orders.find(connection, None, of(run)["id"])
        assert order is not None
        WholeOrder.read(connection, order)
        payments.of_order(connection, order.id)

    return {
        "order by id": Query(lambda connection, run: orders.find(connection, None, of(run)["id"]), BY_ID),
        "order by number": Query(
            lambda connection, run: orders.by_number(connection, None, of(run)["order_number"]), BY_ID
        ),
        "payment by Stripe's id": Query(
            lambda connection, run: payments.by_stripe_id(connection, of(run)["intent_id"]), BY_ID
        ),
        "counts by status": Query(lambda connection, _: orders.count(connection), COUNTS),
        "order with all that is shown of it": Query(whole, JOIN),
        "a customer's orders": Query(listed(lambda run: Filter(customer_id=of(run)["customer_id"])), LIST),
        "all orders": Query(listed(lambda _: Filter()), LIST),
        "all orders, from far behind": Query(listed(lambda _: Filter(), after=True), LIST),
        "paid orders": Query(listed(lambda _: Filter(payment_status=PaymentStatus.PAID)), LIST),
        "orders in review": Query(listed(lambda _: Filter(payment_status=PaymentStatus.REVIEW)), LIST),
        "refunded orders, of which there are none": Query(
            listed(lambda _: Filter(payment_status=PaymentStatus.REFUNDED)), LIST
        ),
        "queued orders": Query(listed(lambda _: Filter(production_status=ProductionStatus.QUEUED)), LIST),
        "the printer's queue": Query(lambda connection, _: production.queue(connection, _DUE, 20, None), LIST),
        "prints that wait for film": Query(lambda connection, _: gang_sheet_prints.waiting(connection, 200), LIST),
        "by a customer's address": Query(listed(lambda run: Filter(email=of(run)["email"])), SEARCH),
        "by the beginning of a recipient": Query(listed(lambda run: Filter(recipient=of(run)["name"])), SEARCH),
    }
