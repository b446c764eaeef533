"""What the reconciler is given: each row once, and the longer it has been open, the less often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest

from shared.db import disputes, ids, reconciliation, refunds
from shared.db.pool import Connection, Database
from shared.models.payment import Refund, RefundState
from tests.shared.db import disputed_orders
from tests.shared.db.rows import run

THREADS = 8
AGES = (  # of a row, and since Stripe was last asked; whether it is due
    (600, 119, False),
    (600, 121, True),
    (36_000, 3_500, False),
    (36_000, 3_700, True),
    (1e6, 21_500, False),
    (1e6, 21_700, True),
)


def _refund(connection: Connection, *, claimed: bool = False) -> Refund:
    order_id = disputed_orders.order(connection)
    refund_id = ids.new()
    return refunds.add(
        connection,
        refund_id=refund_id,
        payment_id=disputed_orders.payment(connection, order_id),
        order_id=order_id,
        key=f"ref_{refund_id}",
        amount_cents=100,
        lines=[],
        reason="",
        actor="ann",
        claimed=claimed,
    )


def _payment(connection: Connection, /, **facts: object) -> UUID:
    return disputed_orders.payment(connection, disputed_orders.order(connection), disputed_orders.TOTAL, **facts)


def _age(connection: Connection, table: str, created_s: float, checked_s: float | None) -> None:
    ages = "created_at = now() - %s * interval '1 second', checked_at = now() - %s::float * interval '1 second'"
    connection.execute(f"update {table} set {ages}".encode(), [created_s, checked_s])


def test_a_refund_that_nobody_asks_for_is_given_out_at_once_and_once(database: Database) -> None:
    refund = run(database, _refund)
    claimed = run(database, reconciliation.claim_refund)
    assert claimed is not None
    assert (claimed.id, claimed.idempotency_key) == (refund.id, refund.idempotency_key)
    assert run(database, reconciliation.claim_refund) is None


def test_a_refund_that_a_request_asks_for_is_given_out_after_two_minutes(database: Database) -> None:
    run(database, _refund, claimed=True)
    assert run(database, reconciliation.claim_refund) is None
    run(database, _age, "refunds", 121, 121)
    assert run(database, reconciliation.claim_refund)


@pytest.mark.parametrize(("created_s", "checked_s", "is_due"), AGES)
def test_an_old_refund_is_given_out_less_and_less_often(
    database: Database, created_s: float, checked_s: float, *, is_due: bool
) -> None:
    run(database, _refund)
    run(database, _age, "refunds", created_s, checked_s)
    assert bool(run(database, reconciliation.claim_refund)) == is_due


def test_a_settled_refund_is_never_given_out(database: Database) -> None:
    for status in (RefundState.SUCCEEDED, RefundState.FAILED, RefundState.CANCELLED):
        refund = run(database, _refund)
        with database.transaction() as connection:
            refunds.write(
                connection,
                refund.id,
                stripe_id=f"re_{refund.id.hex}",
                status=status,
                error_code=None,
                refunded_at=None,
                failed_at=None,
            )
    run(database, _age, "refunds", 1e6, None)
    assert run(database, reconciliation.claim_refund) is None


@pytest.mark.parametrize(("created_s", "checked_s", "is_due"), [*AGES, (119, None, False), (121, None, True)])
@pytest.mark.parametrize("status", ["open", "processing"])
def test_an_open_payment_is_given_out_less_and_less_often(
    database: Database, status: str, created_s: float, checked_s: float | None, *, is_due: bool
) -> None:
    payment_id = run(database, _payment, status=status, received_at=None)
    run(database, _age, "payments", created_s, checked_s)
    claimed = run(database, reconciliation.claim_payment)
    assert (claimed and claimed.id) == (payment_id if is_due else None)


@pytest.mark.parametrize(
    ("status", "days", "fee_cents", "is_due"),
    [
        ("succeeded", 1, None, True),
        ("succeeded", 1, 30, False),
        ("succeeded", 8, None, False),
        ("failed", None, None, False),
        ("cancelled", None, None, False),
    ],
)
def test_a_settled_payment_is_given_out_for_a_week_while_its_fee_is_unknown(
    database: Database, status: str, days: int | None, fee_cents: int | None, *, is_due: bool
) -> None:
    received_at = datetime.now(UTC) - timedelta(days=days) if days else None
    run(database, _payment, status=status, received_at=received_at, fee_cents=fee_cents)
    run(database, _age, "payments", 1e6, 1e6)
    assert bool(run(database, reconciliation.claim_payment)) == is_due


def test_of_many_instances_each_gets_other_rows(database: Database) -> None:
    for _ in range(20):
        run(database, _refund)
    barrier = Barrier(THREADS)

    def claim_all(_: int) -> list[UUID]:
        barrier.wait()
        found = []
        while refund := run(database, reconciliation.claim_refund):
            found.append(refund.id)
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        claimed = [refund_id for found in pool.map(claim_all, range(THREADS)) for refund_id in found]
    assert len(claimed) == len(set(claimed)) == 20


def _dispute(connection: Connection, stripe_id: str, status: str) -> None:
    order_id = disputed_orders.order(connection)
    now = datetime.now(UTC)
    disputes.write(
        connection,
        stripe_id=stripe_id,
        order_id=order_id,
        payment_id=disputed_orders.payment(connection, order_id),
        status=status,
        amount_cents=100,
        withdrawn_cents=0,
        reason="",
        evidence_due_at=None,
        opened_at=now,
        asked_at=now,
    )


def test_open_disputes_are_given_out_once_a_day(database: Database) -> None:
    run(database, _dispute, "du_1", "needs_response")
    run(database, _dispute, "du_2", "won")
    assert run(database, reconciliation.claim_dispute) is None
    with database.transaction() as connection:
        connection.execute("update disputes set checked_at = now() - interval '25 hours'")
    assert run(database, reconciliation.claim_dispute) == "du_1"
    assert run(database, reconciliation.claim_dispute) is None


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_task_is_begun_once_an_hour_and_goes_on_where_it_ended(database: Database) -> None:
    since = run(database, reconciliation.begin, "events", HOUR, DAY)
    assert since is not None
    assert abs((datetime.now(UTC) - DAY - since).total_seconds()) < 60
    assert run(database, reconciliation.begin, "events", HOUR, DAY) is None
    until = datetime.now(UTC)
    run(database, reconciliation.advance, "events", until)
    with database.transaction() as connection:
        connection.execute("update reconciler_tasks set due_at = now() - interval '1 second'")
    assert run(database, reconciliation.begin, "events", HOUR, DAY) == until


def test_overdue_is_what_has_been_due_longest(database: Database) -> None:
    assert run(database, reconciliation.overdue_s) == 0
    run(database, _payment, status="open", received_at=None)
    run(database, _refund, claimed=True)
    assert run(database, reconciliation.overdue_s) == 0
    run(database, _age, "payments", 150, None)
    assert 29 < run(database, reconciliation.overdue_s) < 60
    run(database, _age, "refunds", 400, None)
    assert 399 < run(database, reconciliation.overdue_s) < 430
    with database.transaction() as connection:
        connection.execute(
            "update orders set hold_until = now() - interval '900 seconds' where id = (select id from orders limit 1)"
        )
    assert 899 < run(database, reconciliation.overdue_s) < 930
