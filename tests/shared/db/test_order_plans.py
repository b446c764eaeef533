"""No statement about orders reads a whole table, however many orders there are."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.db import (
    catalogue_load,
    gang_sheet_prints,
    order_artwork,
    order_events,
    order_items,
    orders,
    orders_load,
    payments,
    pool,
    production,
    reprints,
    shipments,
    stock_reservations,
)
from shared.db.orders import Filter
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.models.order import CUSTOMER, IN_PRODUCTION, PaymentStatus, ProductionStatus
from tests.databases import Databases
from tests.shared.db import plans

ORDERS, PRODUCTS, VARIANTS_EACH = 8_000, 200, 6
MIDDLE = Cursor(datetime.now(UTC) - timedelta(minutes=ORDERS // 2), UUID(int=0))
KEY = UUID(int=0)
SMALL = {"gang_sheet_prints", "jobs", "print_areas", "reprints"}  # in this database: reading them whole is quicker


@pytest.fixture(scope="module")
def shop(databases: Databases) -> Iterator[Database]:
    """A database with many orders, of which few are to be printed or in review."""
    url = databases.lasting()
    database = Database(url, statement_s=60)
    database.open()
    with database.transaction() as connection:
        catalogue_load.add(connection, PRODUCTS, VARIANTS_EACH, "test")
        catalogue_load.analyze(connection)
        orders_load.add(connection, ORDERS)
        orders_load.analyze(connection)
    with pool.session(url) as connection:
        connection.execute("vacuum orders")  # as the server does by itself: counts then read indexes only
    yield database
    database.close()


def _listed(after: Cursor | None = None, **wanted: Any) -> Callable[[Any], object]:
    return lambda connection: orders.page(connection, Filter(**wanted), 20, after)


def _queue(connection: Any, after: Cursor | None) -> object:
    return production.queue(connection, IN_PRODUCTION, 20, after)


def _held(connection: Any) -> object:
    """As when it is cancelled: what it holds is read, and its variants are locked and changed."""
    found = orders.page(connection, Filter(production_status=ProductionStatus.QUEUED), 1, None).items[0]
    items = order_items.of_order(connection, found.id)
    return stock_reservations.take(connection, items, found.order_number, CUSTOMER)


STATEMENTS: Mapping[str, tuple[Callable[[Any], object], set[str]]] = {
    "by id": (lambda connection: orders.find(connection, KEY, KEY), {"orders_pkey"}),
    "by number": (lambda connection: orders.by_number(connection, None, "ST-0000-0000"), {"orders_order_number_key"}),
    "locked": (lambda connection: orders.lock(connection, KEY), {"orders_pkey"}),
    "lines": (lambda connection: order_items.of_order(connection, KEY), {"order_items_order_id_line_key"}),
    "history": (lambda connection: order_events.of_order(connection, KEY), {"order_events_order"}),
    "payments": (lambda connection: payments.of_order(connection, KEY), {"payments_order"}),
    "a customer's": (_listed(customer_id=KEY), {"orders_customer"}),
    "all": (_listed(), {"orders_created"}),
    "all, from the middle": (_listed(MIDDLE), {"orders_created"}),
    "of a common payment status": (_listed(payment_status=PaymentStatus.PAID), set()),
    "of a rare payment status": (_listed(payment_status=PaymentStatus.REVIEW), {"orders_payment_status"}),
    "of no payment status": (_listed(payment_status=PaymentStatus.LOST), {"orders_payment_status"}),
    "counted by status": (orders.count, {"orders_payment_status", "orders_production_status"}),
    "to be printed": (_listed(production_status=ProductionStatus.QUEUED), {"orders_production_status"}),
    "by number, for the shop": (_listed(number="ST-0000-0000"), {"orders_order_number_key"}),
    "by address": (_listed(email="load-7@load.invalid"), {"orders_customer", "customers_email"}),
    "by recipient": (_listed(recipient="load 777"), {"orders_recipient"}),
    "by unknown recipient": (_listed(recipient="nobody"), {"orders_recipient"}),
    "run out": (lambda connection: orders.extend_run_out(connection, 300, 20), {"orders_hold"}),
    "stock": (_held, {"variants_pkey"}),
    "the printer's queue": (lambda connection: _queue(connection, None), {"orders_production_status"}),
    "the printer's queue, from the middle": (
        lambda connection: _queue(connection, MIDDLE),
        {"orders_production_status"},
    ),
    "prints for gang sheets": (
        lambda connection: gang_sheet_prints.waiting(connection, 100),
        {"orders_production_status", "order_items_order_id_line_key", "order_prints_order_item_id_position_key"},
    ),
    "print areas": (lambda connection: production.areas(connection, [KEY]), {"variants_pkey"}),
    "parcels": (lambda connection: shipments.of_order(connection, KEY), {"shipments_order"}),
    "reprints": (lambda connection: reprints.of_items(connection, [KEY]), {"reprints_item"}),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_about_orders_reads_indexes(shop: Database, name: str) -> None:
    work, indexes = STATEMENTS[name]
    plan = plans.of(shop, work)
    assert plan.whole <= SMALL
    assert indexes <= plan.indexes


def test_counts_by_status_are_those_of_the_table_up_to_their_bound(shop: Database) -> None:
    with shop.transaction() as connection:
        counts = orders.count(connection)
        for status, counted in (("payment_status", counts.payment), ("production_status", counts.production)):
            query = f"select {status} as status, count(*) from orders group by 1".encode()
            rows = {row["status"]: min(row["count"], orders.COUNTED) for row in connection.execute(query).fetchall()}
            assert {name: number for name, number in counted.items() if number} == rows
            assert orders.COUNTED in rows.values()


def test_artwork_is_found_by_what_it_is_printed_for(shop: Database) -> None:
    plan = plans.of(shop, lambda connection: order_artwork.expire(connection, 1, 20))
    assert {"order_items_pkey", "orders_pkey"} <= plan.indexes


def test_every_load_order_is_whole(shop: Database) -> None:
    with shop.transaction() as connection:
        row = connection.execute(
            """select count(*) as orders, count(*) filter (where lines = 2 and goods = subtotal_cents and paid) as whole
            from (
                select subtotal_cents, (select count(*) from order_items where order_id = orders.id) as lines,
                    (select sum(total_cents) from order_items where order_id = orders.id) as goods,
                    exists (
                        select from payments
                        where order_id = orders.id and amount_cents = orders.total_cents
                        and (status = 'succeeded') = (received_cents > 0)
                    ) as paid
                from orders
            ) loaded"""
        ).fetchone()
    assert row == {"orders": ORDERS, "whole": ORDERS}
