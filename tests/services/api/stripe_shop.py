"""An api that pays at the double of Stripe, and orders that are paid there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.payments import events, reading, reconciler, starting, withdrawal
from services.api.payments.objects import Intent
from shared import timeouts
from shared.db import ids, order_items, payments, refunds, variants
from shared.models.order import Order, OrderItem
from shared.models.owner import Scope
from shared.models.payment import PaymentKind, Refund
from tests.doubles import stripe_double as doubles
from tests.doubles.stripe_double import PAID, StripeDouble
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import with_key
from tests.services.api.orders import rows
from tests.shared.db.rows import run


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeDouble]:
    """A double for all tests of a module; it delivers no events by itself."""
    with doubles.running(tmp_path_factory.mktemp("stripe")) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Shop:
    """An api with its double."""

    api: Api
    double: StripeDouble
    clerk: FlaskClient  # who looks after orders

    def ordered(self, **facts: Any) -> Order:
        """An order of three pieces on two lines."""
        with self.api.deps.database.transaction() as connection:
            return rows.order(connection, **facts)

    def pay(self, order: Order, method: str = PAID) -> UUID:
        """Pay at Stripe; the shop is not told. Returns the id of the payment."""
        deps = self.api.deps
        assert deps.stripe is not None
        begun = starting.start(deps, deps.stripe, order.customer_id, order.id, PaymentKind.PAYMENT_INTENT)
        assert isinstance(begun, Intent)
        assert begun.client_secret is not None
        assert self.double.pay(begun.client_secret, method).ok
        payment = run(deps.database, payments.by_stripe_id, begun.id)
        assert payment is not None
        return payment.id

    def check(self, payment_id: UUID) -> None:
        """Let the shop ask what became of a payment."""
        deps = self.api.deps
        assert deps.stripe is not None
        payment = run(deps.database, payments.find, payment_id)
        assert payment is not None
        withdrawal.reconcile(deps, deps.stripe, payment)

    def paid(self, **facts: Any) -> Order:
        order = self.ordered(**facts)
        self.check(self.pay(order))
        return self.found(order)

    def found(self, order: Order) -> Order:
        return run(self.api.deps.database, rows.found, order.id)

    def items(self, order: Order) -> tuple[OrderItem, ...]:
        return run(self.api.deps.database, order_items.of_order, order.id)

    def stock(self, order: Order) -> list[int]:
        """Of the variant of each line."""
        with self.api.deps.database.transaction() as connection:
            found = (variants.find(connection, item.variant_id) for item in self.items(order))
            return [variant.stock for variant in found if variant]

    def refunds(self, order: Order) -> tuple[Refund, ...]:
        return run(self.api.deps.database, refunds.of_order, order.id)

    def intent(self, order: Order) -> str:
        """The id of the newest intent that succeeded."""
        found = [one for one in run(self.api.deps.database, payments.of_order, order.id) if one.received_at]
        assert found[-1].intent_id
        return found[-1].intent_id

    def refund(self, order: Order, key: str | None = None, /, **body: Any) -> TestResponse:
        headers = {"Idempotency-Key": key or str(ids.new())}
        return self.clerk.post(f"/api/admin/orders/{order.id}/refunds", json=body, headers=headers)

    def tell(self, kind: str, order: Order) -> int:
        """Let the shop hear of the events of a kind about an order, all that there are; returns how many."""
        deps = self.api.deps
        assert deps.stripe is not None
        intents = [one.intent_id for one in run(deps.database, payments.of_order, order.id) if one.intent_id]
        told = [one for one in self.double.events(kind) if any(intent in str(one) for intent in intents)]
        for one in told:
            events.take(deps, deps.stripe, reading.event(one))
        return len(told)

    def turn(self) -> bool:
        return reconciler.turn(self.api.deps)

    def age(self, table: str, seconds: float) -> None:
        """Let time pass for all rows of a table."""
        columns = {
            "orders": ("hold_until",),
            "reconciler_tasks": ("due_at",),
            "webhook_events": ("received_at", "tried_at"),
        }
        names = columns.get(table, ("created_at", "checked_at"))
        sets = ", ".join(f"{name} = {name} - %(s)s * interval '1 second'" for name in names)
        with self.api.deps.database.transaction() as connection:
            connection.execute(f"update {table} set {sets}".encode(), {"s": seconds})


@pytest.fixture
def shop(
    environment: pytest.MonkeyPatch, start: Start, double: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """An api whose reconciler does nothing by itself, and that asks Stripe once."""
    monkeypatch.setattr(reconciler, "TURN_S", 3600)
    monkeypatch.setattr(timeouts, "STRIPE_TRIES", 1)
    for name, value in {**double.environment, "PUBLIC_URL": "http://localhost"}.items():
        environment.setenv(name, value)
    api = start()
    yield Shop(api, double, with_key(api, Scope.ORDERS))
    double.no_faults()
