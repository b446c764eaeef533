"""A payment is over when Stripe says so, and then its order is surely unpaid; else it is paid."""

from datetime import timedelta

import pytest

from services.api.payments import facts, starting, withdrawal
from shared import shop_errors
from shared.db import payments
from shared.models.order import Order, PaymentStatus
from shared.models.payment import Payment, PaymentKind, PaymentState
from tests.doubles.stripe_double import PAID, SLOW
from tests.services.api.client import refused
from tests.services.api.payments.conftest import Shop

KINDS = ("payment_intent", "checkout_session")


def _withdraw(shop: Shop, order: Order) -> bool:
    return withdrawal.withdraw(shop.api.deps, order.id)


def _reconcile(shop: Shop, order: Order) -> Payment:
    return withdrawal.reconcile(shop.api.deps, shop.stripe, shop.payments(order)[0])


def test_an_order_without_a_payment_is_unpaid_and_stripe_is_not_asked(shop: Shop) -> None:
    assert _withdraw(shop, shop.order())
    assert shop.double.calls() == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_payment_is_cancelled_at_stripe_and_cannot_be_paid_any_more(shop: Shop, kind: str) -> None:
    order = shop.order()
    begun = shop.begun(order, kind)
    assert _withdraw(shop, order)
    assert _withdraw(shop, order)
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.CANCELLED]
    if begun["clientSecret"]:
        assert shop.double.pay(begun["clientSecret"]).status_code == 400
    assert shop.double.objects("balance_transaction") == []
    assert [thing["status"] for thing in shop.double.objects(kind.replace("checkout_", "checkout."))] in (
        ["canceled"],
        ["expired"],
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_payment_that_was_just_made_is_found_instead(shop: Shop, kind: str) -> None:
    order = shop.order()
    shop.pay(shop.begun(order, kind), PAID)
    assert not _withdraw(shop, order)
    assert shop.found(order).payment_status is PaymentStatus.PAID


def test_a_page_whose_debit_is_processing_is_not_withdrawn(shop: Shop) -> None:
    order = shop.order()
    shop.pay(shop.begun(order, "checkout_session"), SLOW)
    assert not _withdraw(shop, order)
    assert shop.found(order).payment_status is PaymentStatus.PROCESSING


@pytest.mark.parametrize("kind", KINDS)
def test_while_stripe_is_away_nothing_is_withdrawn(shop: Shop, kind: str) -> None:
    order = shop.order()
    shop.begun(order, kind)
    shop.double.fault("500_before", "POST", times=2)
    with pytest.raises(shop_errors.PaymentUnavailable):
        _withdraw(shop, order)
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.OPEN]


def test_a_payment_whose_answer_was_lost_ends_and_its_secret_is_never_given_out(shop: Shop) -> None:
    """The request that began it may still be running: its answer comes after the payment was withdrawn."""
    order = shop.order()
    customer = shop.customer(order)
    with shop.api.deps.database.transaction() as connection:
        payment = payments.add(connection, order, PaymentKind.PAYMENT_INTENT)
    assert _withdraw(shop, order)
    intent = shop.stripe.create_intent(payment, order.order_number)
    learnt = starting._learn(shop.api.deps, payment, facts.of_intent(intent))
    assert (learnt.status, learnt.stripe_id) == (PaymentState.CANCELLED, intent.id)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = now() - interval '1 second'")
    refused(shop.ask(order, by=customer), 409, "not_payable")


@pytest.mark.parametrize("kind", KINDS)
def test_reconciling_finds_what_no_event_told(shop: Shop, kind: str) -> None:
    order = shop.order()
    begun = shop.begun(order, kind)
    assert _reconcile(shop, order).status is PaymentState.OPEN
    shop.pay(begun, PAID)
    assert _reconcile(shop, order).status is PaymentState.SUCCEEDED
    assert shop.found(order).payment_status is PaymentStatus.PAID


def test_a_payment_that_nobody_began_ends_after_ten_minutes(shop: Shop) -> None:
    order = shop.order()
    with shop.api.deps.database.transaction() as connection:
        payments.add(connection, order, PaymentKind.PAYMENT_INTENT)
    _reconcile(shop, order)
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.NEW]
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set created_at = created_at - %s", [timedelta(minutes=11)])
    _reconcile(shop, order)
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.CANCELLED]


def test_a_payment_that_stripe_does_not_know_has_failed(shop: Shop) -> None:
    """The secret key is now that of another account."""
    order = shop.order()
    shop.begun(order)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set stripe_id = 'pi_unknown', intent_id = null")
    assert _reconcile(shop, order).status is PaymentState.FAILED
    assert shop.payments(order)[0].error_code == "resource_missing"
