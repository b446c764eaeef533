"""Cancelling, refunds and events at once: an order is kept or its money goes back, never both and never neither."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask.testing import FlaskClient

from services.api.payments import reconciler
from shared import errors
from shared.db import customers, ids
from shared.models.order import Order
from shared.models.payment import RefundState
from tests.services.api.conftest import Start
from tests.services.api.customers import signed_in
from tests.services.api.stripe_shop import Shop

ROUNDS = 8


def _at_once(*works: Callable[[], object]) -> None:
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except errors.Unavailable:  # the pool is small; whoever asked would ask again
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(run, works))


def _customer(shop: Shop, order: Order) -> FlaskClient:
    with shop.api.deps.database.transaction() as connection:
        customer = customers.find(connection, order.customer_id)
    assert customer is not None
    return signed_in(shop.api, customer.email)


def _settle_down(shop: Shop) -> None:
    """What is open is asked about, as time would bring it."""
    for _ in range(2):
        for table in ("payments", "refunds", "webhook_events"):
            shop.age(table, 121)
        shop.turn()


def _assert_one_outcome(shop: Shop, order: Order, stock: int) -> str:
    now = shop.found(order)
    charge = next(one for one in shop.double.objects("charge") if one["payment_intent"] == shop.intent(order))
    assert charge["amount_refunded"] == now.refunded_cents
    assert now.refunding_cents == 0
    if now.cancelled_at:
        assert now.refunded_cents == now.received_cents == order.total_cents
        assert shop.stock(order) == [stock, stock]
        return "cancelled"
    assert (now.refunded_cents, now.received_cents) == (0, order.total_cents)
    assert shop.stock(order) == [stock - item.quantity for item in shop.items(order)]
    return "kept"


def test_an_order_cancelled_while_its_payment_is_told_is_kept_or_paid_back(shop: Shop) -> None:
    for _ in range(ROUNDS):
        order = shop.ordered(stock=10)
        payment_id, customer = shop.pay(order), _customer(shop, order)
        headers = {"Idempotency-Key": str(ids.new())}
        url = f"/api/orders/{order.id}/cancel"
        _at_once(
            lambda customer=customer, url=url, headers=headers: customer.post(url, headers=headers),  # type: ignore[misc]
            lambda payment_id=payment_id: shop.check(payment_id),  # type: ignore[misc]
            lambda order=order: shop.tell("payment_intent.succeeded", order),  # type: ignore[misc]
        )
        _settle_down(shop)
        _assert_one_outcome(shop, order, 10)


def test_a_reservation_that_ends_while_its_payment_is_told_is_kept_or_paid_back(shop: Shop, start: Start) -> None:
    other = start()
    for _ in range(ROUNDS):
        order = shop.ordered(stock=10)
        payment_id = shop.pay(order)
        with shop.api.deps.database.transaction() as connection:
            connection.execute("update orders set hold_until = now() where id = %s", [order.id])
        _at_once(
            shop.turn,
            lambda: reconciler.turn(other.deps),
            lambda payment_id=payment_id: shop.check(payment_id),  # type: ignore[misc]
        )
        _settle_down(shop)
        assert _assert_one_outcome(shop, order, 10) == "kept"  # it was paid before the reservation ended


def test_a_refund_and_the_events_about_it_at_once_are_one_refund(shop: Shop) -> None:
    for _ in range(ROUNDS):
        order = shop.paid()
        shop.double.fault("slow", "POST /v1/refunds", seconds=0.05)
        _at_once(
            lambda order=order: shop.refund(order, amountCents=700),  # type: ignore[misc]
            lambda order=order: [shop.tell("refund.", order) for _ in range(8)],  # type: ignore[misc]
        )
        shop.tell("refund.", order)
        assert [(one.amount_cents, one.status) for one in shop.refunds(order)] == [(700, RefundState.SUCCEEDED)]
        assert shop.found(order).refunded_cents == 700


@pytest.mark.parametrize("made_here", [True, False])
def test_whole_refunds_here_and_at_stripe_at_once_pay_back_once(shop: Shop, *, made_here: bool) -> None:
    order = shop.paid()
    here, there = (
        lambda: shop.refund(order, whole=True),
        lambda: shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order)),
    )
    _at_once(*((here, there) if made_here else (there, here)))
    shop.tell("refund.", order)
    _settle_down(shop)
    shop.age("webhook_events", 3600)
    shop.turn()
    succeeded = [one for one in shop.refunds(order) if one.status is RefundState.SUCCEEDED]
    assert [one.amount_cents for one in succeeded] == [order.total_cents]
    assert shop.found(order).payment_status == "refunded"
