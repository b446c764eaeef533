"""What the reconciler has to do: each row and task is given to one caller, and to no other until it is due again.

Open payments and refunds are asked about two minutes after they were made or last asked about, and the longer they have
been open, the less often: a bank may take weeks, and events tell us sooner. Payments are asked about as well for a week
while Stripe's fee is not known.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from shared.db import payments, refunds
from shared.db.pool import Connection
from shared.models.payment import CLOSED_DISPUTES, Payment, Refund

_NEXT = """{asked} + least(interval '6 hours', greatest(interval '2 minutes', (now() - created_at) / 10))"""
_PAYMENT = _NEXT.format(asked="coalesce(checked_at, created_at)")
_REFUND = _NEXT.format(asked="coalesce(checked_at, '-infinity')")  # null: nobody else asks for it
_PAYMENTS = "status in ('new', 'open', 'processing')"
_REFUNDS = "status in ('new', 'pending')"
_FEELESS = "status = 'succeeded' and fee_cents is null and received_at > now() - interval '7 days'"


def claim_payment(connection: Connection) -> Payment | None:
    row = _claim(connection, "payments", f"({_PAYMENTS} or {_FEELESS}) and {_PAYMENT} < now()", Payment)
    return payments.from_row(row) if row else None


def claim_refund(connection: Connection) -> Refund | None:
    row = _claim(connection, "refunds", f"{_REFUNDS} and {_REFUND} < now()", Refund)
    return refunds.from_row(row) if row else None


def claim_dispute(connection: Connection) -> str | None:
    """Stripe's id of an open dispute that was last read a day ago."""
    row = connection.execute(
        """update disputes
        set checked_at = now()
        where id = (
            select id
            from disputes
            where status <> all(%s) and checked_at < now() - interval '1 day'
            limit 1
            for update skip locked
        )
        returning stripe_id""",
        [list(CLOSED_DISPUTES)],
    ).fetchone()
    return row["stripe_id"] if row else None


def begin(connection: Connection, task: str, every: timedelta, since: timedelta) -> datetime | None:
    """Claim a task that is due, for `every`; returns how far it has come, at first `since` ago."""
    row = connection.execute(
        """insert into reconciler_tasks as known (task, due_at, until)
        values (%(task)s, now() + %(every)s, now() - %(since)s)
        on conflict (task) do update set due_at = excluded.due_at where known.due_at <= now()
        returning until""",
        {"task": task, "every": every, "since": since},
    ).fetchone()
    return row["until"] if row else None


def advance(connection: Connection, task: str, until: datetime) -> None:
    """Record how far a task has come."""
    connection.execute("update reconciler_tasks set until = %s where task = %s", [until, task])


def overdue_s(connection: Connection) -> float:
    """For how long what has been due longest has waited for a reconciler: payments, refunds, and holds that ran out."""
    row = connection.execute(
        f"""select extract(epoch from greatest(
            (select now() - min({_PAYMENT}) from payments where {_PAYMENTS}),
            (select now() - min(greatest({_REFUND}, created_at)) from refunds where {_REFUNDS}),
            (select now() - min(hold_until) from orders where hold_until is not null and hold_until < now()),
            interval '0'
        ))::float as overdue_s"""
    ).fetchone()
    assert row is not None
    return float(row["overdue_s"])


def _claim(
    connection: Connection, table: str, condition: str, model: type[Payment | Refund]
) -> Mapping[str, Any] | None:
    return connection.execute(
        f"""update {table}
        set checked_at = now()
        where id = (
            select id
            from {table}
            where {condition}
            order by created_at
            limit 1
            for update skip locked
        )
        returning {", ".join(field.name for field in fields(model))}"""
    ).fetchone()
