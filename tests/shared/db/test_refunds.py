"""Refunds: never more than was received, whatever comes at once, and what Stripe says in any order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import permutations
from threading import Barrier
from uuid import UUID

import pytest

from shared import errors, shop_errors
from shared.db import ids, refunds
from shared.db.pool import Connection, Database
from shared.models.payment import Refund, RefundState
from tests.shared.db import disputed_orders
from tests.shared.db.disputed_orders import TOTAL
from tests.shared.db.rows import run

AT = datetime(2026, 11, 30, 13, tzinfo=UTC)
THREADS = 30


def _add(connection: Connection, order_id: UUID, payment_id: UUID, cents: int = 1000) -> Refund:
    connection.execute("select from orders where id = %s for update", [order_id])
    refund_id = ids.new()
    return refunds.add(
        connection,
        refund_id=refund_id,
        payment_id=payment_id,
        order_id=order_id,
        key=f"ref_{refund_id}",
        amount_cents=cents,
        lines=[{"line": 1, "quantity": 0, "cents": cents, "taxCents": 0}],
        reason="too small",
        actor="ann",
    )


def _write(connection: Connection, refund: Refund, status: RefundState) -> Refund:
    written = refunds.write(
        connection,
        refund.id,
        stripe_id=f"re_{refund.id.hex}",
        status=status,
        error_code="declined" if status is RefundState.FAILED else None,
        refunded_at=AT,
        failed_at=None,
    )
    assert written is not None
    return written


def _sums(connection: Connection, order_id: UUID) -> tuple[int, int, str]:
    row = connection.execute(
        "select refunded_cents, refunding_cents, payment_status from orders where id = %s", [order_id]
    ).fetchone()
    assert row is not None
    return row["refunded_cents"], row["refunding_cents"], row["payment_status"]


def test_a_refund_is_on_its_way_until_it_has_succeeded(database: Database) -> None:
    order_id, payment_id = disputed_orders.paid(database)
    refund = run(database, _add, order_id, payment_id)
    assert run(database, _sums, order_id) == (0, 1000, "paid")
    assert run(database, _write, refund, RefundState.PENDING).status is RefundState.PENDING
    assert run(database, _sums, order_id) == (0, 1000, "paid")
    succeeded = run(database, _write, refund, RefundState.SUCCEEDED)
    assert (succeeded.refunded_at, succeeded.failed_at) == (AT, None)
    assert run(database, _sums, order_id) == (1000, 0, "partly_refunded")
    assert run(database, refunds.of_order, order_id) == (succeeded,)
    assert run(database, refunds.find, refund.id) == succeeded
    assert run(database, refunds.by_stripe_id, f"re_{refund.id.hex}") == succeeded


def test_the_last_cent_makes_an_order_refunded(database: Database) -> None:
    order_id, payment_id = disputed_orders.paid(database)
    run(database, _write, run(database, _add, order_id, payment_id, TOTAL), RefundState.SUCCEEDED)
    assert run(database, _sums, order_id) == (TOTAL, 0, "refunded")


def test_a_refund_that_fails_later_leaves_the_money(database: Database) -> None:
    order_id, payment_id = disputed_orders.paid(database)
    refund = run(database, _write, run(database, _add, order_id, payment_id, TOTAL), RefundState.SUCCEEDED)
    failed = run(database, _write, refund, RefundState.FAILED)
    assert run(database, _sums, order_id) == (0, 0, "paid")
    assert (failed.error_code, failed.refunded_at) == ("declined", AT)
    assert failed.failed_at is not None
    assert run(database, _add, order_id, payment_id, TOTAL).amount_cents == TOTAL


@pytest.mark.parametrize("said", [*permutations((RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED))])
def test_what_stripe_says_ends_the_same_in_any_order(database: Database, said: tuple[RefundState, ...]) -> None:
    order_id, payment_id = disputed_orders.paid(database)
    refund = run(database, _add, order_id, payment_id)
    for status in (*said, *said):
        run(database, _write, refund, status)
    assert run(database, _sums, order_id) == (0, 0, "paid")


def test_more_than_is_left_is_refused_and_nothing_stored(database: Database) -> None:
    order_id, payment_id = disputed_orders.paid(database)
    run(database, _write, run(database, _add, order_id, payment_id), RefundState.SUCCEEDED)
    run(database, _add, order_id, payment_id)
    with pytest.raises(shop_errors.MoreThanPaid):
        run(database, _add, order_id, payment_id, TOTAL - 1999)
    assert len(run(database, refunds.of_order, order_id)) == 2
    run(database, _add, order_id, payment_id, TOTAL - 2000)


def test_of_thirty_at_once_as_many_pass_as_there_is_money_for(database: Database) -> None:
    order_id, payment_id = disputed_orders.paid(database)
    barrier = Barrier(THREADS)

    def ask(_: int) -> str:
        barrier.wait()
        for _ in range(100):
            try:
                run(database, _add, order_id, payment_id, 1000)
            except shop_errors.MoreThanPaid as failure:
                return failure.code
            except errors.Unavailable:  # the pool is small
                continue
            return "added"
        return "never"

    with ThreadPoolExecutor(THREADS) as pool:
        said = list(pool.map(ask, range(THREADS)))
    assert sorted(set(said)) == ["added", "more_than_paid"]
    assert said.count("added") == TOTAL // 1000
    assert run(database, _sums, order_id) == (0, TOTAL // 1000 * 1000, "paid")


def test_what_is_left_of_each_payment(database: Database) -> None:
    order_id, first = disputed_orders.paid(database)
    second = run(database, disputed_orders.payment, order_id, TOTAL)
    run(database, _write, run(database, _add, order_id, first, 1000), RefundState.SUCCEEDED)
    run(database, _write, run(database, _add, order_id, first, 500), RefundState.FAILED)
    run(database, _add, order_id, second, TOTAL)
    assert run(database, refunds.left_of_payments, order_id) == {first: TOTAL - 1000}


def test_a_refund_that_is_not_ours_is_not_written(database: Database) -> None:
    with database.transaction() as connection:
        assert not refunds.write(
            connection,
            ids.new(),
            stripe_id="re_1",
            status=RefundState.SUCCEEDED,
            error_code=None,
            refunded_at=None,
            failed_at=None,
        )
