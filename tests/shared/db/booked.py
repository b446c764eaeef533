"""Orders with money, as the books find them."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import dispute_transactions, ids
from shared.db.pool import Connection
from shared.models.payment import DisputeTransaction

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def order(connection: Connection, cents: int = 3000, *, test: bool = False, currency: str = "usd") -> UUID:
    """An unpaid order of no goods: its total is shipping without tax."""
    customer, order_id, mail = ids.new(), ids.new(), f"{ids.new()}@mail.example"
    connection.execute("insert into customers (id, email, password_hash) values (%s, %s, 'x')", [customer, mail])
    facts = [order_id, f"ST-0000-{next(_numbers):04d}", customer, ids.new(), test, currency]
    connection.execute(
        """insert into orders (id, order_number, customer_id, quote_id, test, currency, subtotal_cents, discount_cents,
            shipping_cents, shipping_tax_bp, shipping_tax_cents, tax_cents, total_cents, zone, weight_g, ship_to)
        values (%s, %s, %s, %s, %s, %s, 0, 0, %s, 0, 0, 0, %s, 'DE', 0, %s)""",
        [*facts, cents, cents, Jsonb({"country": "DE"})],
    )
    return order_id


def payment(
    connection: Connection,
    order_id: UUID,
    cents: int = 3000,
    fee: int | None = 117,
    at: datetime = NOON,
    intent: str = "",
) -> str:
    """A payment that succeeded, in the order's currency; returns the intent's id."""
    payment_id = ids.new()
    intent = intent or f"pi_{payment_id.hex}"
    connection.execute(
        """insert into payments (id, order_id, kind, idempotency_key, stripe_id, intent_id, status, amount_cents,
            currency, fee_cents, received_at)
        select %s, id, 'payment_intent', %s, %s, %s, 'succeeded', %s, currency, %s, %s from orders where id = %s""",
        [payment_id, f"pay_{payment_id}", intent, intent, cents, fee, at, order_id],
    )
    return intent


def refund(
    connection: Connection,
    intent: str,
    cents: int,
    refunded_at: datetime | None = NOON,
    failed_at: datetime | None = None,
    stripe_id: str = "",
) -> str:
    """A refund of a payment; returns Stripe's id of it."""
    refund_id = ids.new()
    stripe_id = stripe_id or f"re_{refund_id.hex}"
    status = "failed" if failed_at else "succeeded" if refunded_at else "pending"
    connection.execute(
        """insert into refunds (id, payment_id, order_id, idempotency_key, stripe_id, amount_cents, lines, status,
            actor, refunded_at, failed_at)
        select %s, id, order_id, %s, %s, %s, %s, %s, 'test', %s, %s from payments where intent_id = %s""",
        [refund_id, f"ref_{refund_id}", stripe_id, cents, Jsonb([]), status, refunded_at, failed_at, intent],
    )
    return stripe_id


def dispute(connection: Connection, intent: str, cents: int, stripe_id: str = "") -> str:
    """A dispute of a payment that took nothing yet; returns its id."""
    stripe_id = stripe_id or f"du_{ids.new().hex}"
    connection.execute(
        """insert into disputes (stripe_id, order_id, payment_id, status, amount_cents, opened_at)
        select %s, order_id, id, 'needs_response', %s, now() from payments where intent_id = %s""",
        [stripe_id, cents, intent],
    )
    return stripe_id


def moved(connection: Connection, dispute_id: str, cents: int, fee: int, at: datetime = NOON) -> None:
    """A dispute takes (below 0) or gives back."""
    transaction = DisputeTransaction(f"txn_{ids.new().hex}", dispute_id, cents, fee, at)
    dispute_transactions.add(connection, [transaction, transaction])


def three_days(connection: Connection, *, test: bool = False) -> None:
    """Four bookings and their fees, one fee unknown, of three days and two currencies."""
    intent = payment(connection, order(connection, test=test), 3000, 117)
    payment(connection, order(connection, test=test), 2000, None, NOON + timedelta(days=1))
    payment(connection, order(connection, test=test, currency="eur"), 900, 56, NOON + timedelta(days=1))
    refund(connection, intent, 700, NOON + timedelta(days=1), NOON + 2 * timedelta(days=1))
    moved(connection, dispute(connection, intent, 3000), -3000, 1500, NOON + 2 * timedelta(days=1))
