"""Disputes: what each word of Stripe's means for an order, and that the newest answer counts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.db import disputes
from shared.db.pagination import Cursor
from shared.db.pool import Connection, Database
from shared.models.order import DisputeState
from tests.shared.db import disputed_orders
from tests.shared.db.rows import run

AT = datetime(2026, 11, 30, 13, tzinfo=UTC)


def _write(
    connection: Connection,
    order: tuple[UUID, UUID],
    status: str,
    *,
    stripe_id: str = "du_1",
    minute: int = 0,
    withdrawn_cents: int = 0,
) -> None:
    disputes.write(
        connection,
        stripe_id=stripe_id,
        order_id=order[0],
        payment_id=order[1],
        status=status,
        amount_cents=900,
        withdrawn_cents=withdrawn_cents,
        reason="fraudulent",
        evidence_due_at=AT + timedelta(days=7),
        opened_at=AT,
        asked_at=AT + timedelta(minutes=minute),
    )


def _said(connection: Connection, order_id: UUID) -> tuple[str, str]:
    row = connection.execute("select dispute, payment_status from orders where id = %s", [order_id]).fetchone()
    assert row is not None
    return row["dispute"], row["payment_status"]


@pytest.mark.parametrize(
    ("status", "withdrawn_cents", "state", "payment_status"),
    [
        *(
            (status, 900, "open", "disputed")
            for status in ("needs_response", "under_review", "appeal_needs_response", "appeal_under_review")
        ),
        ("warning_needs_response", 0, "open", "disputed"),
        ("warning_under_review", 0, "open", "disputed"),
        ("a word of tomorrow", 0, "open", "disputed"),
        ("warning_closed", 0, "won", "paid"),
        ("won", 0, "won", "paid"),
        ("lost", 900, "lost", "lost"),
        ("prevented", 0, "won", "paid"),
        ("prevented", 900, "lost", "lost"),
    ],
)
def test_each_word_means(
    database: Database, status: str, withdrawn_cents: int, state: str, payment_status: str
) -> None:
    order = disputed_orders.paid(database)
    run(database, _write, order, status, withdrawn_cents=withdrawn_cents)
    assert run(database, _said, order[0]) == (state, payment_status)
    (dispute,) = run(database, disputes.of_order, order[0])
    assert (dispute.status, dispute.state, dispute.withdrawn_cents) == (status, DisputeState(state), withdrawn_cents)


def test_a_lost_dispute_comes_back_by_an_appeal(database: Database) -> None:
    order, seen = disputed_orders.paid(database), []
    for minute, status in enumerate(("needs_response", "lost", "appeal_under_review", "won")):
        run(database, _write, order, status, minute=minute)
        seen.append(run(database, _said, order[0])[1])
    assert seen == ["disputed", "lost", "disputed", "paid"]


def test_an_answer_that_was_overtaken_changes_nothing(database: Database) -> None:
    order = disputed_orders.paid(database)
    run(database, _write, order, "won", minute=2)
    run(database, _write, order, "needs_response", minute=1)
    assert run(database, _said, order[0]) == ("won", "paid")


def test_of_several_disputes_an_open_one_counts_before_a_lost_one(database: Database) -> None:
    order, seen = disputed_orders.paid(database), []
    for number, status in enumerate(("won", "lost", "needs_response")):
        run(database, _write, order, status, stripe_id=f"du_{number}")
        seen.append(run(database, _said, order[0])[0])
    run(database, _write, order, "won", stripe_id="du_2", minute=1)
    assert [*seen, run(database, _said, order[0])[0]] == ["won", "lost", "open", "lost"]


def test_pages_are_newest_first_with_what_a_person_must_know(database: Database) -> None:
    orders = [disputed_orders.paid(database) for _ in range(3)]
    for number, order in enumerate(orders):
        run(database, _write, order, "won" if number else "needs_response", stripe_id=f"du_{number}")
    first = run(database, disputes.page, 2, None)
    assert [one.dispute.stripe_id for one in first.items] == ["du_2", "du_1"]
    assert first.items[0].order_number == disputed_orders.number(orders[2][0])
    assert (first.items[0].currency, first.items[0].production_status) == ("usd", "waiting")
    rest = run(database, disputes.page, 2, Cursor.parse(str(first.next)))
    assert [one.dispute.stripe_id for one in rest.items] == ["du_0"]
    assert [one.dispute.stripe_id for one in run(database, disputes.page, 9, None, is_open=True).items] == ["du_0"]
    assert len(run(database, disputes.page, 9, None, is_open=False).items) == 2
