"""Whatever happens at Stripe, told late, twice, in any order or not at all: the books equal Stripe's ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from services.api.books import checking
from services.api.orders import cancelling
from services.api.payments import events, reading, starting
from shared import errors
from shared.db import books
from shared.models.order import SHOP, Order
from shared.models.owner import Scope
from shared.models.payment import PaymentKind
from tests.doubles.stripe_double import DECLINED, DISPUTED, PAID, SLOW, StripeDouble
from tests.services.api.conftest import Api
from tests.services.api.customers import with_key
from tests.services.api.stripe_shop import Shop

ORDERS, STEPS = 5, 50
REFUNDED_LATER = "pm_card_pendingRefund"
DECISIONS = ("won", "lost", "appeal_under_review", "under_review")
# What the shop's balance moves for orders; the product's own list is in services/api/books/rules.py.
MOVES = ("charge", "refund", "refund_failure", "dispute", "dispute_reversal")


@dataclass
class Tale:
    """Customers, clerks, banks and a lossy line between Stripe and the shop."""

    shop: Shop
    random: Random
    orders: list[Order] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    def step(self) -> None:
        acts: dict[Callable[[], object], int] = {  # with how often each is chosen
            self.pay: 8,
            self.settle_payment: 3,
            self.refund: 5,
            self.refund_at_stripe: 2,
            self.settle_refund: 4,
            self.dispute: 2,
            self.decide: 4,
            self.cancel: 1,
            self.fees: 2,
            self.tell: 9,
        }
        (act,) = self.random.choices(list(acts), list(acts.values()))
        self.happened.append(act.__name__)
        act()

    def _one(self, kind: str) -> str | None:
        found = self.shop.double.objects(kind)
        return str(self.random.choice(found)["id"]) if found else None

    def pay(self) -> None:
        """With what may be declined, take days, or be disputed at once; nobody is told."""
        order, deps = self.random.choice(self.orders), self.shop.api.deps
        assert deps.stripe
        try:
            begun = starting.start(deps, deps.stripe, order.customer_id, order.id, PaymentKind.PAYMENT_INTENT)
        except errors.Failure:  # it is paid, or cancelled
            return
        method = self.random.choice((PAID, PAID, REFUNDED_LATER, DECLINED, DISPUTED, SLOW))
        self.shop.double.pay(getattr(begun, "client_secret", ""), method)

    def settle_payment(self) -> None:
        if waiting := [one for one in self.shop.double.objects("payment_intent") if one["status"] == "processing"]:
            status = self.random.choice(("succeeded", "succeeded", "failed"))
            self.shop.double.settle_payment(waiting[0]["id"], status)

    def refund(self) -> None:
        asked = self.random.choice(({"whole": True}, {"amountCents": 1000}, {"items": [{"line": 1, "quantity": 1}]}))
        assert self.shop.refund(self.random.choice(self.orders), **asked).status_code in (200, 201, 409)

    def refund_at_stripe(self) -> None:
        """By hand, in the dashboard; Stripe refuses what it must."""
        if intent := self._one("payment_intent"):
            self.shop.double.call("POST", "/v1/refunds", payment_intent=intent, amount=700)

    def settle_refund(self) -> None:
        alive = [one for one in self.shop.double.objects("refund") if one["status"] in ("pending", "succeeded")]
        if alive:
            chosen = self.random.choice(alive)
            status = "failed" if chosen["status"] == "succeeded" else self.random.choice(("succeeded", "failed"))
            self.shop.double.settle_refund(chosen["id"], status)

    def dispute(self) -> None:
        paid = [one for one in self.shop.double.objects("charge") if one["captured"] and not one["disputed"]]
        if paid:
            self.shop.double.dispute(self.random.choice(paid)["payment_intent"])

    def decide(self) -> None:
        """Won, lost, appealed, and back."""
        if dispute := self._one("dispute"):
            self.shop.double.decide(dispute, self.random.choice(DECISIONS))

    def cancel(self) -> None:
        try:
            with cancelling.cancelled(self.shop.api.deps, self.random.choice(self.orders), SHOP):
                pass
        except errors.Failure:  # too late, or not decided
            pass

    def fees(self) -> None:
        self.shop.double.late_fees(self.random.random() < 0.5)

    def tell(self) -> None:
        """Some events, among them old ones, in any order."""
        found = self.shop.double.objects("event")
        self._hear(self.random.sample(found, min(len(found), 6)))

    def _hear(self, told: list[dict[str, object]]) -> None:
        deps = self.shop.api.deps
        assert deps.stripe
        for one in told:
            events.take(deps, deps.stripe, reading.event(one))

    def end(self) -> None:
        """Stripe books all fees, and the line is whole again."""
        self.shop.double.late_fees(False)
        told = self.shop.double.objects("event")
        self._hear(self.random.sample(told, len(told)))
        for _ in range(6):  # what was deferred, and refunds that the shop decided on
            for table in ("payments", "refunds", "webhook_events"):
                self.shop.age(table, 7 * 3600)
            assert self.shop.turn()


@pytest.fixture
def shop_with_clerk(shop: Api, stripe_double: StripeDouble) -> Shop:
    return Shop(shop, stripe_double, with_key(shop, Scope.ORDERS))


def _no_more_leaves_than_came(tale: Tale) -> None:
    for order in map(tale.shop.found, tale.orders):
        back = order.refunded_cents + order.refunding_cents
        assert 0 <= order.refunded_cents <= back <= order.received_cents, (order.order_number, tale.happened)


@pytest.mark.parametrize("seed", range(2))
def test_the_books_equal_stripe_s_ledger(shop_with_clerk: Shop, stripe_double: StripeDouble, seed: int) -> None:
    tale = Tale(shop_with_clerk, Random(seed))
    tale.orders += [tale.shop.ordered() for _ in range(ORDERS)]
    since = datetime.now(UTC) - timedelta(days=1)
    for _ in range(STEPS):
        tale.step()
        _no_more_leaves_than_came(tale)
    tale.end()
    _no_more_leaves_than_came(tale)
    deps, today = tale.shop.api.deps, datetime.now(UTC).date()
    assert deps.stripe
    for day in (today - timedelta(days=1), today):
        assert checking.check(deps.database, deps.stripe, day, 30).differences == (), tale.happened
    with deps.database.transaction() as connection:
        days = books.by_day(connection, since, since + timedelta(days=2), test=True)
    ledger = [one for one in stripe_double.objects("balance_transaction") if one["reporting_category"] in MOVES]
    assert ledger
    assert sum(day.net_cents for day in days) == sum(one["net"] for one in ledger)
    assert sum(day.unknown_fees for day in days) == 0
