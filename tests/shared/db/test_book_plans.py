"""The books of a day read that day's rows, however many there are."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.db import books
from shared.db.pool import Database
from tests.databases import Databases
from tests.shared.db import booked, plans

SINCE = datetime(2026, 11, 2, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
PAYMENTS = """
    with ordered as (
        insert into orders (id, order_number, customer_id, quote_id, test, currency, subtotal_cents, discount_cents,
            shipping_cents, shipping_tax_bp, shipping_tax_cents, tax_cents, total_cents, zone, weight_g, ship_to)
        select gen_random_uuid(), 'ST-AAAA-' || lpad(n::text, 4, '0'), customer_id, gen_random_uuid(), false, 'usd',
            0, 0, 900, 0, 0, 0, 900, 'DE', 0, '{}'
        from orders, generate_series(1, 6000) n
        returning id
    ), paid as (
        insert into payments (id, order_id, kind, idempotency_key, stripe_id, intent_id, status, amount_cents, currency,
            fee_cents, received_at)
        select id, id, 'payment_intent', id, 'pi_' || id, 'pi_' || id, 'succeeded', 900, 'usd', 56,
            '2024-01-01'::timestamptz + row_number() over () * interval '5 hours'
        from ordered
        returning id, received_at
    ), refunded as (
        insert into refunds (id, payment_id, order_id, idempotency_key, stripe_id, amount_cents, lines, status, actor,
            refunded_at, failed_at)
        select id, id, id, id, 're_' || id, 100, '[]', 'failed', 'test', received_at, received_at
        from paid
    ), disputed as (
        insert into disputes (stripe_id, order_id, payment_id, status, amount_cents, opened_at)
        select 'du_' || id, id, id, 'lost', 900, received_at
        from paid
        returning stripe_id, opened_at
    )
    insert into dispute_transactions (stripe_id, dispute_id, amount_cents, fee_cents, booked_at)
    select stripe_id, stripe_id, -900, 1500, opened_at
    from disputed"""
READ: Mapping[str, Callable[[Any], object]] = {
    "sums of days": lambda connection: books.by_day(connection, SINCE, UNTIL, test=False),
    "sums by id": lambda connection: books.sums(connection, SINCE, UNTIL, test=False),
    "bookings": lambda connection: books.bookings(connection, SINCE, UNTIL, test=False),
}


@pytest.fixture(scope="module")
def years(databases: Databases) -> Iterator[Database]:
    """Three years of orders that were all paid, paid back, and disputed."""
    database = Database(databases.lasting(), statement_s=60)
    database.open()
    with database.transaction() as connection:
        booked.order(connection)
        connection.execute(PAYMENTS.encode())
        connection.execute("analyze orders, payments, refunds, disputes, dispute_transactions")
    yield database
    database.close()


@pytest.mark.parametrize("name", READ)
def test_the_books_of_a_day_read_indexes(years: Database, name: str) -> None:
    plan = plans.of(years, READ[name])
    assert plan.whole == set()
    assert {
        *("payments_received", "refunds_refunded", "refunds_failed", "dispute_transactions_booked", "orders_pkey"),
    } <= plan.indexes
