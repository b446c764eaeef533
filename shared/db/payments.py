"""Payments of orders: a row with its key is stored before Stripe is called, and then learns what Stripe says of it.

Callers hold the lock of the order. What it has received is summed anew with each change, since facts come in any order
and any number of times.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import Order
from shared.models.payment import Payment, PaymentFact, PaymentKind, PaymentState

_COLUMNS = ", ".join(field.name for field in fields(Payment))
_SELECT = f"select {_COLUMNS} from payments"
_RANK: Mapping[PaymentState, int] = {  # Stripe's own order: what is said late changes nothing
    PaymentState.NEW: 0,
    PaymentState.OPEN: 1,
    PaymentState.PROCESSING: 1,  # back to open if the bank declines
    PaymentState.FAILED: 2,
    PaymentState.CANCELLED: 2,
    PaymentState.SUCCEEDED: 3,
}

_PAYING, _LONGEST = "interval '36 minutes'", "interval '2 hours'"  # to pay, and to hold stock altogether
# Production needs the whole amount, in the order's currency, once; what is doubtful stops until a person has looked.
_SUMS = """
    select
        orders.id,
        coalesce(received.cents, 0) as received_cents,
        received.at as paid_at,
        coalesce(received.processing, false) as processing,
        coalesce((
            select error_code is not null
            from payments
            where order_id = orders.id
            order by created_at desc, id desc
            limit 1
        ), false) as declined,
        coalesce(review, case
            when received.foreign then 'currency'
            when cancelled_at is not null then null -- whatever comes is paid back
            when received.times > 1 then 'paid_twice'
            when received.cents <> total_cents then 'amount'
        end) as review
    from orders
    cross join lateral (
        select
            sum(amount_cents) filter (where status = 'succeeded' and payments.currency = orders.currency) as cents,
            min(received_at) filter (where payments.currency = orders.currency) as at,
            bool_or(status = 'processing') as processing,
            bool_or(status = 'succeeded' and payments.currency <> orders.currency) as foreign,
            count(*) filter (where status = 'succeeded') as times
        from payments
        where order_id = orders.id and not surplus
    ) received
    where orders.id = %(id)s
"""
_STOPS = "sums.review is not null and production_status in ('queued', 'printing', 'printed', 'packed')"


def add(connection: Connection, order: Order, kind: PaymentKind) -> Payment:
    """A payment of the whole order, with a key of its own; its stock stays reserved while that is open.

    The database refuses a second payment that is unsettled.
    """
    payment_id = ids.new()
    row = connection.execute(
        f"""insert into payments (id, order_id, kind, idempotency_key, amount_cents, currency)
        values (%s, %s, %s, %s, %s, %s)
        returning {_COLUMNS}""",
        [payment_id, order.id, kind, f"pay_{payment_id}", order.total_cents, order.currency],
    ).fetchone()
    connection.execute(
        f"""update orders
        set hold_until = greatest(hold_until, least(now() + {_PAYING}, created_at + {_LONGEST}))
        where id = %s and hold_until is not null""",
        [order.id],
    )
    sum_up(connection, order.id)
    assert row is not None
    return from_row(row)


def find(connection: Connection, payment_id: UUID) -> Payment | None:
    return _one(connection, "id = %s", payment_id)


def by_stripe_id(connection: Connection, stripe_id: str) -> Payment | None:
    """The payment of an intent or of a Checkout session."""
    return _one(connection, "%s in (stripe_id, intent_id)", stripe_id)


def unsettled(connection: Connection, order_id: UUID) -> Payment | None:
    """The payment that may still succeed; an order has one at most."""
    return _one(connection, "order_id = %s and status in ('new', 'open', 'processing')", order_id)


def of_order(connection: Connection, order_id: UUID) -> list[Payment]:
    """Oldest first."""
    rows = connection.execute(f"{_SELECT} where order_id = %s order by created_at, id", [order_id]).fetchall()
    return [from_row(row) for row in rows]


def received(connection: Connection, order_id: UUID) -> list[Payment]:
    """The payments that have succeeded and do not go back as a surplus, oldest first."""
    rows = connection.execute(
        f"{_SELECT} where order_id = %s and status = 'succeeded' and not surplus order by received_at, id", [order_id]
    ).fetchall()
    return [from_row(row) for row in rows]


def learn(connection: Connection, payment: Payment, fact: PaymentFact) -> Payment:
    """Write what Stripe says, unless more is known already. `payment` was read with its order locked."""
    later = _RANK[fact.status] >= _RANK[payment.status]
    row = connection.execute(
        f"""update payments set
            checked_at = now(),
            stripe_id = coalesce(stripe_id, %(stripe_id)s),
            intent_id = coalesce(intent_id, %(intent_id)s),
            fee_cents = coalesce(%(fee_cents)s, fee_cents),
            status = case when %(later)s then %(status)s else status end,
            error_code = case when %(later)s then %(error_code)s else error_code end,
            received_at = case
                when %(succeeded)s and %(fee_cents)s::bigint is not null then %(received_at)s -- as Stripe books it
                when %(succeeded)s then coalesce(received_at, %(received_at)s, now())
                else received_at
            end,
            amount_cents = case when %(succeeded)s then %(amount_cents)s else amount_cents end,
            currency = case when %(succeeded)s then %(currency)s else currency end
        where id = %(id)s
        returning {_COLUMNS}""",
        {
            **asdict(fact),
            "id": payment.id,
            "later": later,
            "succeeded": fact.status is PaymentState.SUCCEEDED,
        },
    ).fetchone()
    assert row is not None
    sum_up(connection, payment.order_id)
    return from_row(row)


def set_surplus(connection: Connection, payment: Payment, *, surplus: bool) -> None:
    """Leave a payment out of what its order has received, or count it again."""
    connection.execute("update payments set surplus = %s where id = %s", [surplus, payment.id])
    sum_up(connection, payment.order_id)


def sum_up(connection: Connection, order_id: UUID) -> None:
    """Write what the order's payments mean for it; its version changes if anything does."""
    connection.execute(
        f"""with sums as ({_SUMS})
        update orders
        set received_cents = sums.received_cents,
            processing = sums.processing,
            declined = sums.declined,
            review = sums.review,
            paid_at = sums.paid_at,
            hold_until = case when sums.received_cents = 0 then hold_until end,
            production_status = case when {_STOPS} then 'held' else production_status end,
            held_from = case when {_STOPS} then production_status else held_from end,
            held_for = case when {_STOPS} then 'review' else held_for end,
            version = version + 1
        from sums
        where orders.id = sums.id
            and (orders.received_cents, orders.processing, orders.declined, orders.review)
            is distinct from (sums.received_cents, sums.processing, sums.declined, sums.review)""",
        {"id": order_id},
    )


def _one(connection: Connection, condition: str, key: object) -> Payment | None:
    row = connection.execute(f"{_SELECT} where {condition}", [key]).fetchone()
    return from_row(row) if row else None


def from_row(row: Mapping[str, Any]) -> Payment:
    return Payment(**{**row, "kind": PaymentKind(row["kind"]), "status": PaymentState(row["status"])})
