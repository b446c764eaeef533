"""The books: bookings follow from payments, refunds and disputes, and are stored nowhere else."""

from datetime import datetime

from shared.db.pool import Connection
from shared.models.booking import BookDay, Booking, BookingKind

# Every booking of a stretch of time, in real or in test money; each branch reads an index.
_BOOKINGS = """
    select booked.*, orders.order_number, orders.ship_to->>'country' as country
    from (
        select received_at as at, 'payment' as kind, order_id, amount_cents as cents, currency,
            coalesce(intent_id, stripe_id) as stripe_id, null::uuid as refund_id, fee_cents is null as unknown_fee
        from payments
        where received_at >= %(since)s and received_at < %(until)s
        union all
        select received_at, 'fee', order_id, -fee_cents, currency, coalesce(intent_id, stripe_id), null, false
        from payments
        where received_at >= %(since)s and received_at < %(until)s and fee_cents <> 0
        union all
        select refunded_at, 'refund', refunds.order_id, -refunds.amount_cents, currency, refunds.stripe_id, refunds.id,
            false
        from refunds join payments on payments.id = payment_id
        where refunded_at >= %(since)s and refunded_at < %(until)s
        union all
        select failed_at, 'refund_failed', refunds.order_id, refunds.amount_cents, currency, refunds.stripe_id,
            refunds.id, false
        from refunds join payments on payments.id = payment_id
        where failed_at >= %(since)s and failed_at < %(until)s and refunded_at is not null
        union all
        select booked_at, case when taken.amount_cents < 0 then 'dispute' else 'dispute_returned' end,
            disputes.order_id, taken.amount_cents, currency, dispute_id, null, false
        from dispute_transactions taken
            join disputes on disputes.stripe_id = dispute_id join payments on payments.id = payment_id
        where booked_at >= %(since)s and booked_at < %(until)s and taken.amount_cents <> 0
        union all
        select booked_at, 'fee', disputes.order_id, -taken.fee_cents, currency, dispute_id, null, false
        from dispute_transactions taken
            join disputes on disputes.stripe_id = dispute_id join payments on payments.id = payment_id
        where booked_at >= %(since)s and booked_at < %(until)s and taken.fee_cents <> 0
    ) booked join orders on orders.id = order_id
    where orders.test = %(test)s"""


def by_day(connection: Connection, since: datetime, until: datetime, *, test: bool) -> list[BookDay]:
    """The days with bookings, in order, each currency apart."""
    rows = connection.execute(
        f"""
        select (at at time zone 'utc')::date as day, currency,
            coalesce(sum(cents) filter (where kind = 'payment'), 0)::bigint as received_cents,
            coalesce(-sum(cents) filter (where kind in ('refund', 'refund_failed')), 0)::bigint as refunded_cents,
            coalesce(-sum(cents) filter (where kind in ('dispute', 'dispute_returned')), 0)::bigint as disputed_cents,
            coalesce(-sum(cents) filter (where kind = 'fee'), 0)::bigint as fees_cents,
            count(*) filter (where unknown_fee) as unknown_fees
        from ({_BOOKINGS}) bookings
        group by 1, 2
        order by 1, 2
        """,
        {"since": since, "until": until, "test": test},
    ).fetchall()
    return [BookDay(**row) for row in rows]


def sums(
    connection: Connection, since: datetime, until: datetime, *, test: bool
) -> dict[tuple[str, BookingKind, str], int]:
    """The cents by currency, kind and Stripe's id."""
    rows = connection.execute(
        f"""
        select currency, kind, stripe_id, sum(cents)::bigint as cents
        from ({_BOOKINGS}) bookings
        group by currency, kind, stripe_id
        """,
        {"since": since, "until": until, "test": test},
    ).fetchall()
    return {(row["currency"], BookingKind(row["kind"]), row["stripe_id"]): row["cents"] for row in rows}


def bookings(connection: Connection, since: datetime, until: datetime, *, test: bool) -> list[Booking]:
    """All of a stretch of time, which should be short, in the order of time."""
    rows = connection.execute(
        f"""
        select at, kind, order_id, refund_id, order_number, country, cents, currency, stripe_id,
            kind = 'payment' and exists (
                select from payments earlier
                where earlier.order_id = bookings.order_id
                    and (earlier.received_at, coalesce(earlier.intent_id, earlier.stripe_id)) < (at, bookings.stripe_id)
            ) as again
        from ({_BOOKINGS}) bookings
        order by at, stripe_id, kind desc
        """,
        {"since": since, "until": until, "test": test},
    ).fetchall()
    return [Booking(**{**row, "kind": BookingKind(row["kind"])}) for row in rows]
