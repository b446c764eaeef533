"""Disputes, as Stripe has them. A lost one may come back by an appeal, so the newest answer of Stripe counts."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import pagination
from shared.db.pool import Connection
from shared.models.order import DisputeState
from shared.models.payment import CLOSED_DISPUTES, Dispute

_NAMES = tuple(field.name for field in fields(Dispute))
_COLUMNS = ", ".join(f"disputes.{name}" for name in _NAMES)
_BY_WEIGHT = (DisputeState.OPEN, DisputeState.LOST, DisputeState.WON)  # of several, the first counts for the order


@dataclass(frozen=True, slots=True)
class ListedDispute:
    """A dispute in a list, with what a person needs to know of its order."""

    id: UUID
    dispute: Dispute
    order_number: str
    currency: str
    production_status: str

    @property
    def created_at(self) -> datetime:
        return self.dispute.created_at


def write(
    connection: Connection,
    *,
    stripe_id: str,
    order_id: UUID,
    payment_id: UUID,
    status: str,
    amount_cents: int,
    withdrawn_cents: int,
    reason: str,
    evidence_due_at: datetime | None,
    opened_at: datetime,
    asked_at: datetime,
) -> None:
    """Write what Stripe answered to a question of `asked_at`, unless a later one was answered before.

    The caller holds the lock of the order.
    """
    connection.execute(
        """insert into disputes (
            stripe_id, order_id, payment_id, status, amount_cents, withdrawn_cents, reason, evidence_due_at, opened_at,
            updated_at
        )
        values (
            %(stripe_id)s, %(order_id)s, %(payment_id)s, %(status)s, %(amount)s, %(withdrawn)s, %(reason)s, %(due)s,
            %(opened)s, %(asked)s
        )
        on conflict (stripe_id) do update
        set status = excluded.status, amount_cents = excluded.amount_cents,
            withdrawn_cents = excluded.withdrawn_cents, reason = excluded.reason,
            evidence_due_at = excluded.evidence_due_at, updated_at = excluded.updated_at, checked_at = now()
        where disputes.updated_at <= excluded.updated_at""",
        {
            "stripe_id": stripe_id,
            "order_id": order_id,
            "payment_id": payment_id,
            "status": status,
            "amount": amount_cents,
            "withdrawn": withdrawn_cents,
            "reason": reason,
            "due": evidence_due_at,
            "opened": opened_at,
            "asked": asked_at,
        },
    )
    sum_up(connection, order_id)


def sum_up(connection: Connection, order_id: UUID) -> None:
    """Write what the order's disputes mean for it: an open one before a lost one before a won one."""
    states = {dispute.state for dispute in of_order(connection, order_id)}
    state = next((one for one in _BY_WEIGHT if one in states), DisputeState.NONE)
    connection.execute(
        "update orders set dispute = %s, version = version + 1 where id = %s and dispute <> %s",
        [state, order_id, state],
    )


def of_order(connection: Connection, order_id: UUID) -> tuple[Dispute, ...]:
    """Oldest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from disputes where order_id = %s order by opened_at, stripe_id", [order_id]
    ).fetchall()
    return tuple(Dispute(**row) for row in rows)


def page(
    connection: Connection, limit: int, after: pagination.Cursor | None, *, is_open: bool | None = None
) -> pagination.Page[ListedDispute]:
    """Newest first; only those that are open, or are not, unless `is_open` is None."""
    select = f"""select *
        from (
            select {_COLUMNS}, orders.order_number, orders.currency, orders.production_status
            from disputes
            join orders on orders.id = disputes.order_id
        ) listed
        where (%(open)s::boolean is null or (status <> all(%(closed)s)) = %(open)s)"""
    return pagination.fetch(
        connection, select, {"open": is_open, "closed": list(CLOSED_DISPUTES)}, _listed, limit, after
    )


def _listed(row: Mapping[str, Any]) -> ListedDispute:
    dispute = Dispute(**{name: row[name] for name in _NAMES})
    return ListedDispute(dispute.id, dispute, row["order_number"], row["currency"], row["production_status"])
