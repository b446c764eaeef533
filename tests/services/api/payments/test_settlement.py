"""What an order has received: its total once, in its currency; anything else stops, and a person looks."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.db import order_events, payments
from shared.models.order import Order, PaymentStatus, ProductionStatus
from shared.models.payment import PaymentKind
from tests.doubles.stripe_double import PAID
from tests.services.api.orders import rows
from tests.services.api.payments.conftest import Shop

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def _receive(shop: Shop, order: Order, **differing: Any) -> Order:
    """Stripe receives the order's total for a new payment, or what differs from it, and tells us."""
    with shop.api.deps.database.transaction() as connection:
        payment = payments.add(connection, order, PaymentKind.PAYMENT_INTENT)
    money: dict[str, Any] = {"amount": order.total_cents, "currency": order.currency} | differing
    named = {"payment_method": PAID, "confirm": "true", "metadata[payment_id]": str(payment.id)}
    made = shop.double.call("POST", "/v1/payment_intents", **money, **named)
    assert made.status_code == 200, made.text
    assert set(shop.deliver("payment_intent.succeeded")) == {200}
    return shop.found(order)


def test_the_total_makes_an_order_paid(shop: Shop) -> None:
    order = _receive(shop, shop.order())
    assert (order.payment_status, order.review, order.received_cents) == (PaymentStatus.PAID, None, order.total_cents)


@pytest.mark.parametrize("cents", [-1, 1, 100_000])
def test_another_amount_puts_the_order_in_review(shop: Shop, cents: int) -> None:
    order = shop.order()
    found = _receive(shop, order, amount=order.total_cents + cents)
    assert (found.payment_status, found.review) == (PaymentStatus.REVIEW, "amount")
    assert (found.received_cents, found.production_status) == (order.total_cents + cents, ProductionStatus.WAITING)
    assert "paid" not in _history(shop, order)
    assert "review" in _history(shop, order)


def test_another_currency_puts_the_order_in_review_and_is_not_counted(shop: Shop) -> None:
    found = _receive(shop, shop.order(), currency="eur")
    assert (found.payment_status, found.review) == (PaymentStatus.REVIEW, "currency")
    assert (found.received_cents, found.paid_at) == (0, None)
    assert [payment.currency for payment in shop.payments(found)] == ["eur"]


@pytest.mark.parametrize("production", ["queued", "printing", "printed", "packed"])
def test_a_second_payment_stops_the_production(shop: Shop, production: str) -> None:
    order = _receive(shop, shop.order())
    _change(shop, order, production_status=production)
    found = _receive(shop, order)
    assert (found.payment_status, found.review) == (PaymentStatus.REVIEW, "paid_twice")
    assert found.received_cents == 2 * order.total_cents
    assert (found.production_status, found.held_from, found.held_for) == (ProductionStatus.HELD, production, "review")


@pytest.mark.parametrize("production", ["shipped", "delivered", "held"])
def test_a_second_payment_after_shipping_is_reviewed_as_well(shop: Shop, production: str) -> None:
    order = _receive(shop, shop.order())
    held = {"held_from": "printing", "held_for": "artwork"} if production == "held" else {}
    _change(shop, order, production_status=production, **held)
    found = _receive(shop, order)
    assert (found.payment_status, found.production_status) == (PaymentStatus.REVIEW, production)
    assert found.held_for == held.get("held_for")


def test_money_for_a_cancelled_order_is_counted_without_a_review(shop: Shop) -> None:
    order = shop.order()
    _change(shop, order, cancelled_at=LONG_AGO, production_status="cancelled", hold_until=None)
    found = _receive(shop, order)
    assert (found.review, found.production_status) == (None, ProductionStatus.CANCELLED)
    assert found.received_cents == order.total_cents
    assert "paid" not in _history(shop, order)


def test_a_review_that_began_for_another_reason_keeps_it(shop: Shop) -> None:
    order = shop.order()
    _change(shop, order, review="asked by the customer")
    found = _receive(shop, order, amount=order.total_cents + 1)
    assert found.review == "asked by the customer"


def test_every_change_of_what_was_received_is_a_new_version(shop: Shop) -> None:
    order = shop.order()
    paid = _receive(shop, order)
    assert paid.version > order.version
    shop.deliver("payment_intent.succeeded")
    assert shop.found(order).version == paid.version


def _change(shop: Shop, order: Order, **facts: object) -> None:
    with shop.api.deps.database.transaction() as connection:
        rows.change(connection, order.id, **facts)


def _history(shop: Shop, order: Order) -> list[str]:
    with shop.api.deps.database.transaction() as connection:
        return [event.what for event in order_events.of_order(connection, order.id)]
