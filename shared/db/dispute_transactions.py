"""What disputes took from the shop's balance at Stripe, and gave back."""

from collections.abc import Sequence

from shared.db.pool import Connection
from shared.models.payment import DisputeTransaction


def add(connection: Connection, transactions: Sequence[DisputeTransaction]) -> None:
    """Store what is not stored yet: Stripe never changes a transaction. Their dispute must have a row."""
    for one in transactions:
        connection.execute(
            """
            insert into dispute_transactions (stripe_id, dispute_id, amount_cents, fee_cents, booked_at)
            values (%s, %s, %s, %s, %s)
            on conflict do nothing
            """,
            [one.stripe_id, one.dispute_id, one.amount_cents, one.fee_cents, one.booked_at],
        )
