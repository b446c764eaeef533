"""Refunds: stored with their key before Stripe is asked, then what Stripe says, never a step back.

    new ──> pending ──> succeeded ──> failed
                 └──> cancelled

Callers hold the lock of the order. What an order has paid back is summed anew with each change, since the answer to our
call and Stripe's event say the same twice, in any order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from shared import shop_errors
from shared.db.pool import Connection
from shared.models.payment import Refund, RefundState

_COLUMNS = ", ".join(field.name for field in fields(Refund))
_RANK = "array_position(array['new', 'pending', 'succeeded', 'cancelled', 'failed'], {})"
_BOUND = "orders_refunds_check"


def add(
    connection: Connection,
    *,
    refund_id: UUID,
    payment_id: UUID,
    order_id: UUID,
    key: str,
    amount_cents: int,
    lines: Sequence[Mapping[str, int]],
    reason: str,
    actor: str,
    claimed: bool = False,
) -> Refund:
    """Store a refund; `key` is the idempotency key of every call for it. Raises MoreThanPaid.

    `claimed`: the caller asks Stripe, and the reconciler does only if that takes too long.
    """
    row = connection.execute(
        f"""insert into refunds (
            id, payment_id, order_id, idempotency_key, amount_cents, lines, reason, actor, checked_at
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, case when %s then now() end)
        returning {_COLUMNS}""",
        [refund_id, payment_id, order_id, key, amount_cents, Jsonb(list(lines)), reason, actor, claimed],
    ).fetchone()
    sum_up(connection, order_id)
    assert row is not None
    return from_row(row)


def set_returned(connection: Connection, refund_id: UUID, pieces: Mapping[int, int]) -> None:
    """Record how many pieces of which line came back with a refund by amount."""
    returned = Jsonb({str(line): quantity for line, quantity in pieces.items()})
    connection.execute("update refunds set returned = %s where id = %s", [returned, refund_id])


def write(
    connection: Connection,
    refund_id: UUID,
    *,
    stripe_id: str | None,
    status: RefundState,
    error_code: str | None,
    refunded_at: datetime | None,
    failed_at: datetime | None,
) -> Refund | None:
    """Write what Stripe says, unless it said more before; None if there is no such refund."""
    row = connection.execute(
        f"""update refunds
        set stripe_id = coalesce(stripe_id, %(stripe_id)s),
            status = case when {_RANK.format("%(status)s")} > {_RANK.format("status")} then %(status)s else status end,
            error_code = coalesce(%(error_code)s, error_code),
            refunded_at = coalesce(refunded_at, %(refunded_at)s, case when %(status)s = 'succeeded' then now() end),
            failed_at = coalesce(failed_at, %(failed_at)s, case when %(status)s = 'failed' then now() end),
            checked_at = now()
        where id = %(id)s
        returning {_COLUMNS}""",
        {
            "id": refund_id,
            "stripe_id": stripe_id,
            "status": status,
            "error_code": error_code,
            "refunded_at": refunded_at,
            "failed_at": failed_at,
        },
    ).fetchone()
    if row is None:
        return None
    sum_up(connection, row["order_id"])
    return from_row(row)


def sum_up(connection: Connection, order_id: UUID) -> None:
    """Sum anew what the order has paid back, and what is on its way. Raises MoreThanPaid."""
    try:
        connection.execute(
            """update orders
            set refunded_cents = sums.refunded, refunding_cents = sums.refunding, version = version + 1
            from (
                select coalesce(sum(refunds.amount_cents) filter (where refunds.status = 'succeeded'), 0) as refunded,
                    coalesce(
                        sum(refunds.amount_cents) filter (where refunds.status in ('new', 'pending')), 0
                    ) as refunding
                from refunds
                join payments on payments.id = payment_id
                where refunds.order_id = %(id)s and not surplus
            ) sums
            where id = %(id)s and (refunded_cents, refunding_cents) <> (sums.refunded, sums.refunding)""",
            {"id": order_id},
        )
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != _BOUND:
            raise
        raise shop_errors.MoreThanPaid from error


def find(connection: Connection, refund_id: UUID) -> Refund | None:
    row = connection.execute(f"select {_COLUMNS} from refunds where id = %s", [refund_id]).fetchone()
    return from_row(row) if row else None


def by_stripe_id(connection: Connection, stripe_id: str) -> Refund | None:
    row = connection.execute(f"select {_COLUMNS} from refunds where stripe_id = %s", [stripe_id]).fetchone()
    return from_row(row) if row else None


def of_order(connection: Connection, order_id: UUID) -> tuple[Refund, ...]:
    """Oldest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from refunds where order_id = %s order by created_at, id", [order_id]
    ).fetchall()
    return tuple(map(from_row, rows))


def left_of_payments(connection: Connection, order_id: UUID) -> Mapping[UUID, int]:
    """What may still be paid back of each payment of the order that succeeded, oldest first."""
    rows = connection.execute(
        """select payments.id, payments.amount_cents - coalesce(sum(refunds.amount_cents), 0)::bigint as cents
        from payments
        left join refunds on refunds.payment_id = payments.id and refunds.status in ('new', 'pending', 'succeeded')
        where payments.order_id = %s and payments.status = 'succeeded' and not surplus
        group by payments.id
        order by payments.received_at, payments.id""",
        [order_id],
    ).fetchall()
    return {row["id"]: row["cents"] for row in rows if row["cents"] > 0}


def from_row(row: Mapping[str, Any]) -> Refund:
    return Refund(**{**row, "status": RefundState(row["status"])})
