"""Cancelled orders at Stripe: what is open can be paid no more, and what was paid goes back, whole and once."""

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from services.api.orders import cancelling
from shared.db import customers, mails
from shared.models.order import Order, PaymentStatus, ProductionStatus
from shared.models.payment import RefundState
from tests.doubles.stripe_double import SLOW
from tests.services.api.client import body, refused
from tests.services.api.customers import signed_in
from tests.services.api.stripe_shop import Shop
from tests.shared.db.rows import run

_PAST = datetime.now(UTC) - timedelta(minutes=1)


def _customer(shop: Shop, order: Order) -> FlaskClient:
    found = run(shop.api.deps.database, customers.find, order.customer_id)
    assert found is not None
    return signed_in(shop.api, found.email)


def _cancel(shop: Shop, order: Order) -> dict[str, object]:
    response = _customer(shop, order).post(f"/api/orders/{order.id}/cancel", headers={"Idempotency-Key": "key"})
    assert response.status_code == 200, response.text
    return body(response)


def _mailed(shop: Shop) -> list[tuple[str, str]]:
    found = run(shop.api.deps.database, mails.page, 20, None, None)
    return [(mail.template, mail.facts["refund"]) for mail in found.items if mail.template == "order_cancelled"]


def test_a_paid_order_is_paid_back_whole_and_its_pieces_are_for_sale_again(shop: Shop) -> None:
    order = shop.paid()
    shown = _cancel(shop, order)
    (refund,) = shop.refunds(order)
    assert (refund.amount_cents, refund.actor, refund.stripe_id is not None) == (order.total_cents, "customer", True)
    assert [one["amountCents"] for one in shown["refunds"]] == [order.total_cents]  # type: ignore[attr-defined]
    assert shown["productionStatus"] == "cancelled"
    shop.tell("refund.", order)
    now = shop.found(order)
    assert (now.payment_status, now.refunded_cents) == (PaymentStatus.REFUNDED, order.total_cents)
    assert [facts for _, facts in _mailed(shop)] == ["84.70 USD"]


def test_what_was_paid_back_before_is_not_paid_back_again(shop: Shop) -> None:
    order = shop.paid()
    shop.refund(order, amountCents=1000)
    _cancel(shop, order)
    assert sorted(refund.amount_cents for refund in shop.refunds(order)) == [1000, order.total_cents - 1000]


def test_a_refund_that_stripe_does_not_answer_is_asked_for_again(shop: Shop) -> None:
    order = shop.paid()
    shop.double.fault("reset_after", "POST /v1/refunds")
    _cancel(shop, order)
    shop.age("refunds", 3600)
    shop.turn()
    (refund,) = shop.refunds(order)
    assert refund.status is RefundState.SUCCEEDED
    assert (
        len({one["amount"] for one in shop.double.objects("refund") if one["payment_intent"] == shop.intent(order)})
        == 1
    )


def test_an_open_payment_ends_before_its_order_is_cancelled(shop: Shop) -> None:
    order = shop.ordered()
    response = _customer(shop, order).post(
        f"/api/orders/{order.id}/payment", json={"kind": "payment_intent"}, headers={"Idempotency-Key": "pay"}
    )
    secret = body(response)["clientSecret"]
    assert _cancel(shop, order)["paymentStatus"] == "cancelled"
    assert not shop.double.pay(secret).ok


def test_an_order_paid_without_our_knowledge_is_not_given_up(shop: Shop) -> None:
    order = shop.ordered()
    shop.pay(order)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = %s where id = %s", [_PAST, order.id])
    assert cancelling.expire(shop.api.deps) == 0
    now = shop.found(order)
    assert (now.payment_status, now.production_status) == (PaymentStatus.PAID, ProductionStatus.QUEUED)


def test_an_order_is_given_up_only_once_stripe_answers(shop: Shop) -> None:
    order = shop.ordered()
    _customer(shop, order).post(
        f"/api/orders/{order.id}/payment", json={"kind": "payment_intent"}, headers={"Idempotency-Key": "pay"}
    )
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = %s where id = %s", [_PAST, order.id])
    shop.double.fault("500_before", times=5)
    assert cancelling.expire(shop.api.deps) == 0
    assert shop.found(order).payment_status is PaymentStatus.UNPAID
    shop.double.no_faults()
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = %s where id = %s", [_PAST, order.id])
    assert cancelling.expire(shop.api.deps) == 1
    assert shop.found(order).payment_status is PaymentStatus.CANCELLED
    assert _mailed(shop) == [("order_cancelled", "")]


def test_a_payment_on_its_way_is_left_alone(shop: Shop) -> None:
    order = shop.ordered()
    shop.check(shop.pay(order, SLOW))
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = %s where id = %s", [_PAST, order.id])
    before = len(shop.double.calls("/v1/payment_intents/"))
    assert cancelling.expire(shop.api.deps) == 0
    assert len(shop.double.calls("/v1/payment_intents/")) == before
    assert shop.found(order).payment_status is PaymentStatus.PROCESSING


def test_an_order_in_print_is_not_paid_back_by_its_customer(shop: Shop) -> None:
    order = shop.paid()
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set production_status = 'printing' where id = %s", [order.id])
    response = _customer(shop, order).post(f"/api/orders/{order.id}/cancel", headers={"Idempotency-Key": "key"})
    refused(response, 409, "in_production")
    assert shop.refunds(order) == ()
