"""Whatever happens to an order's money, in any order: no more leaves than came, and the books equal a ledger."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from shared import shop_errors
from shared.db import books, dispute_transactions, disputes, ids, payments, refunds
from shared.db.pool import Connection, Database
from shared.models.booking import BookingKind
from shared.models.payment import (
    DisputeTransaction,
    Payment,
    PaymentFact,
    PaymentKind,
    PaymentState,
    Refund,
    RefundState,
)
from tests.shared.db import booked

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEPS, ORDERS = 40, 3
Entry = tuple[str, BookingKind, str]  # currency, kind, Stripe's id


@dataclass
class Tale:
    """Orders to which anything happens that can, with a ledger of what moved, kept apart from the product's rows."""

    connection: Connection
    random: Random
    now: datetime = FIRST
    orders: list[UUID] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    disputes: dict[str, tuple[UUID, int]] = field(default_factory=dict)  # of which payment, and what it has taken now
    ledger: dict[datetime, Counter[Entry]] = field(default_factory=lambda: defaultdict(Counter))

    def book(self, kind: BookingKind, stripe_id: str, cents: int) -> None:
        day = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        self.ledger[day]["usd", kind, stripe_id] += cents

    def step(self) -> None:
        self.now += HOUR * self.random.random() * 7
        acts: list[Callable[[], None]] = [self.pay, self.decline, self.refund, self.refund, self.settle_refund]
        self.random.choice([*acts, self.fail_refund, self.dispute, self.move_dispute, self.cancel])()

    def pay(self) -> None:
        """The whole order, now and then twice or with another amount, and told twice."""
        order_id = self.random.choice(self.orders)
        payment_id, intent = ids.new(), f"pi_{ids.new().hex}"
        cents = self.random.choice((3000, 3000, 3000, 2500))
        fee = self.random.choice((0, 117, None))
        self.connection.execute(
            """insert into payments (id, order_id, kind, idempotency_key, amount_cents, currency)
            values (%s, %s, %s, %s, 3000, 'usd')""",
            [payment_id, order_id, PaymentKind.PAYMENT_INTENT, f"pay_{payment_id}"],
        )
        received = {"amount_cents": cents, "currency": "usd", "received_at": self.now, "intent_id": intent}
        for known in (None, fee):
            payment = payments.find(self.connection, payment_id)
            assert payment is not None
            fact = PaymentFact(PaymentState.SUCCEEDED, stripe_id=intent, fee_cents=known, **received)  # type: ignore[arg-type]
            payments.learn(self.connection, payment, fact)
        self.book(BookingKind.PAYMENT, intent, cents)
        self.book(BookingKind.FEE, intent, -(fee or 0))

    def decline(self) -> None:
        order_id = self.random.choice(self.orders)
        payment_id = ids.new()
        self.connection.execute(
            """insert into payments (id, order_id, kind, idempotency_key, amount_cents, currency)
            values (%s, %s, 'payment_intent', %s, 3000, 'usd')""",
            [payment_id, order_id, f"pay_{payment_id}"],
        )
        payment = payments.find(self.connection, payment_id)
        assert payment is not None
        payments.learn(self.connection, payment, PaymentFact(PaymentState.FAILED, error_code="card_declined"))

    def _payments(self) -> list[UUID]:
        rows = self.connection.execute("select id from payments where status = 'succeeded' order by id").fetchall()
        return [row["id"] for row in rows]

    def refund(self) -> None:
        """Any amount: refused if it is more than is left of all payments, taken if this payment has it left."""
        if not (paid := self._payments()):
            return
        payment = payments.find(self.connection, self.random.choice(paid))
        assert payment is not None
        left = refunds.left_of_payments(self.connection, payment.order_id)
        cents = self.random.choice((500, 1500, 3000))
        if cents > sum(left.values()):
            with pytest.raises(shop_errors.MoreThanPaid), self.connection.transaction():
                self._ask_for_refund(payment, cents)
        elif cents <= left.get(payment.id, 0):
            self.refunds.append(self._ask_for_refund(payment, cents))

    def _ask_for_refund(self, payment: Payment, cents: int) -> Refund:
        refund_id = ids.new()
        return refunds.add(
            self.connection,
            refund_id=refund_id,
            payment_id=payment.id,
            order_id=payment.order_id,
            key=f"ref_{refund_id}",
            amount_cents=cents,
            lines=[],
            reason="",
            actor="test",
        )

    def settle_refund(self) -> None:
        """Money leaves when the refund is made, be it pending still."""
        if not (waiting := [one for one in self.refunds if one.status in (RefundState.NEW, RefundState.PENDING)]):
            return
        chosen = self.random.choice(waiting)
        status = self.random.choice((RefundState.PENDING, RefundState.SUCCEEDED))
        if chosen.refunded_at is None:
            self.book(BookingKind.REFUND, f"re_{chosen.id.hex}", -chosen.amount_cents)
        self._write(chosen, status, chosen.refunded_at or self.now, None)

    def fail_refund(self) -> None:
        """Even after it has succeeded; what never left does not come back."""
        if not (alive := [one for one in self.refunds if one.status is not RefundState.FAILED]):
            return
        chosen = self.random.choice(alive)
        if chosen.refunded_at:
            self.book(BookingKind.REFUND_FAILED, f"re_{chosen.id.hex}", chosen.amount_cents)
        self._write(chosen, RefundState.FAILED, chosen.refunded_at, self.now)

    def _write(self, chosen: Refund, status: RefundState, left: datetime | None, back: datetime | None) -> None:
        facts = {"stripe_id": f"re_{chosen.id.hex}", "error_code": None, "refunded_at": left, "failed_at": back}
        refunds.write(self.connection, chosen.id, status=status, **facts)  # type: ignore[arg-type]
        written = refunds.write(self.connection, chosen.id, status=status, **facts)  # type: ignore[arg-type]
        assert written is not None
        self.refunds[self.refunds.index(chosen)] = written

    def dispute(self) -> None:
        if paid := self._payments():
            self.disputes[f"du_{ids.new().hex}"] = (self.random.choice(paid), 0)
            self.move_dispute(list(self.disputes)[-1])

    def move_dispute(self, chosen: str | None = None) -> None:
        """It takes what it has not, or gives back what it took: won, lost, appealed, and so on for ever."""
        if not self.disputes:
            return
        dispute_id = chosen or self.random.choice(list(self.disputes))
        payment_id, taken = self.disputes[dispute_id]
        payment = payments.find(self.connection, payment_id)
        assert payment is not None
        cents, fee = (taken, self.random.choice((0, -1500))) if taken else (-payment.amount_cents, 1500)
        self.disputes[dispute_id] = (payment_id, -cents if cents < 0 else 0)
        disputes.write(
            self.connection,
            stripe_id=dispute_id,
            order_id=payment.order_id,
            payment_id=payment_id,
            status="won" if taken else "needs_response",
            amount_cents=payment.amount_cents,
            withdrawn_cents=max(0, -cents),
            reason="fraudulent",
            evidence_due_at=None,
            opened_at=self.now,
            asked_at=self.now,
        )
        moved = DisputeTransaction(f"txn_{ids.new().hex}", dispute_id, cents, fee, self.now)
        dispute_transactions.add(self.connection, [moved])
        dispute_transactions.add(self.connection, [moved])
        self.book(BookingKind.DISPUTE if cents < 0 else BookingKind.DISPUTE_RETURNED, dispute_id, cents)
        self.book(BookingKind.FEE, dispute_id, -fee)

    def cancel(self) -> None:
        self.connection.execute(
            """update orders
            set cancelled_at = now(), production_status = 'cancelled', held_from = null, held_for = null
            where id = %s and cancelled_at is null""",
            [self.random.choice(self.orders)],
        )


def _sums_hold(tale: Tale) -> None:
    """Of each order: nothing below 0, no more paid back than came, and both are what the rows say."""
    for order_id in tale.orders:
        row = tale.connection.execute(
            """select received_cents, refunded_cents, refunding_cents,
                (select coalesce(sum(amount_cents), 0) from payments
                    where order_id = orders.id and status = 'succeeded') as received,
                (select coalesce(sum(amount_cents), 0) from refunds
                    where order_id = orders.id and status in ('new', 'pending', 'succeeded')) as back
            from orders where id = %s""",
            [order_id],
        ).fetchone()
        assert row is not None
        back = row["refunded_cents"] + row["refunding_cents"]
        assert 0 <= row["refunded_cents"] <= back <= row["received_cents"]
        assert (row["received_cents"], back) == (row["received"], row["back"])


@pytest.mark.parametrize("seed", range(12))
def test_no_more_leaves_than_came_and_the_books_equal_the_ledger(database: Database, seed: int) -> None:
    with database.transaction() as connection:
        tale = Tale(connection, Random(seed))
        tale.orders += [booked.order(connection) for _ in range(ORDERS)]
        for _ in range(STEPS):
            tale.step()
            _sums_hold(tale)
        until = tale.now + timedelta(days=1)
        for day, entries in tale.ledger.items():
            found = Counter(books.sums(connection, day, day + timedelta(days=1), test=False))
            assert found == entries  # a counter takes an entry of 0 for none
        days = books.by_day(connection, FIRST, until, test=False)
        assert sum(day.net_cents for day in days) == sum(sum(entries.values()) for entries in tale.ledger.values())
        bookings = books.bookings(connection, FIRST, until, test=False)
        assert sum(booking.cents for booking in bookings) == sum(day.net_cents for day in days)
