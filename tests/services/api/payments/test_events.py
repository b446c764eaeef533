"""Events of Stripe have their effect once, in any order, however often and late they come, and none is lost."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from services.api.payments import events
from shared.db import order_events, webhook_events
from shared.models.order import Order, PaymentStatus
from shared.models.payment import PaymentState
from tests.doubles.stripe_double import DECLINED, PAID, SLOW
from tests.services.api.client import refused
from tests.services.api.payments.conftest import Shop

KINDS = ("payment_intent", "checkout_session")
SUCCEEDED = {"payment_intent": "payment_intent.succeeded", "checkout_session": "checkout.session.completed"}


def _paid(shop: Shop, kind: str, method: str = PAID) -> Order:
    """An order that was paid at Stripe, of which the api knows nothing yet."""
    order = shop.order()
    shop.pay(shop.begun(order, kind), method)
    assert shop.found(order).payment_status is PaymentStatus.UNPAID
    return order


def _history(shop: Shop, order: Order) -> list[str]:
    with shop.api.deps.database.transaction() as connection:
        return [event.what for event in order_events.of_order(connection, order.id)]


def _handled() -> float:
    """How many events this process has applied."""
    value = REGISTRY.get_sample_value("stolentee_stripe_events_total", {"outcome": "handled"})
    assert value is not None
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_success_makes_an_order_paid_with_its_fee(shop: Shop, kind: str) -> None:
    order = _paid(shop, kind)
    assert set(shop.deliver(SUCCEEDED[kind])) == {200}
    paid, (payment,) = shop.found(order), shop.payments(order)
    (booked,) = shop.double.objects("balance_transaction")
    assert (paid.payment_status, paid.received_cents, paid.hold_until) == (PaymentStatus.PAID, order.total_cents, None)
    assert (payment.status, payment.amount_cents, payment.fee_cents) == (
        PaymentState.SUCCEEDED,
        booked["amount"],
        booked["fee"],
    )
    assert payment.received_at is not None
    assert int(payment.received_at.timestamp()) == booked["created"]
    assert payment.intent_id == shop.double.objects("payment_intent")[0]["id"]
    assert paid.paid_at == payment.received_at
    assert _history(shop, order).count("paid") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_debit_is_processing_until_it_has_arrived(shop: Shop, kind: str) -> None:
    order = _paid(shop, kind, SLOW)
    shop.deliver()
    assert shop.found(order).payment_status is PaymentStatus.PROCESSING
    shop.double.settle_payment(shop.double.objects("payment_intent")[0]["id"])
    shop.deliver()
    assert shop.found(order).payment_status is PaymentStatus.PAID


@pytest.mark.parametrize("kind", KINDS)
def test_a_debit_that_fails_lets_the_customer_pay_again(shop: Shop, kind: str) -> None:
    order = _paid(shop, kind, SLOW)
    shop.deliver()
    shop.double.settle_payment(shop.double.objects("payment_intent")[0]["id"], "failed")
    shop.deliver()
    assert shop.found(order).payment_status is PaymentStatus.FAILED
    response = shop.ask(order, kind, "again")
    assert response.status_code == 200, response.text


def test_an_event_sent_a_thousand_times_fifty_at_once_and_40_days_later_has_one_effect(shop: Shop) -> None:
    order = _paid(shop, "payment_intent")
    (event,) = shop.double.events("payment_intent.succeeded")
    statuses: list[int] = []
    effects = _handled()
    gate = threading.Barrier(50)

    def send() -> None:
        gate.wait()
        statuses.extend(shop.send(event).status_code for _ in range(20))

    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 1000
    assert _handled() == effects + 1
    version = shop.found(order).version
    with shop.api.deps.database.transaction() as connection:
        connection.execute(
            "update webhook_events set (received_at, handled_at) = (now() - interval '40 d', now() - interval '40 d')"
        )
    assert shop.send(event).status_code == 200
    assert shop.found(order).version == version
    assert _history(shop, order).count("paid") == 1


def test_an_event_that_comes_before_our_own_answer_is_applied(shop: Shop) -> None:
    """The row with its key is stored before Stripe is called, so an event finds it without Stripe's id."""
    order = _paid(shop, "payment_intent")
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set stripe_id = null, intent_id = null, status = 'new'")
    shop.deliver("payment_intent.succeeded")
    assert shop.found(order).payment_status is PaymentStatus.PAID


def test_an_event_of_a_payment_that_is_not_visible_yet_stays_open_until_it_is(shop: Shop) -> None:
    order = _paid(shop, "payment_intent")
    hidden = UUID(int=1)
    with shop.api.deps.database.transaction() as connection:
        real = connection.execute(
            "update payments set stripe_id = null, intent_id = null, status = 'new' returning id"
        ).fetchone()
        connection.execute("update payments set id = %s", [hidden])
    assert real is not None
    assert shop.deliver("payment_intent.succeeded") == [200]
    ((event_id, row),) = shop.events().items()
    assert (row["handled_at"], row["error"], row["attempts"]) == (None, "NotYet", 1)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set id = %s", [real["id"]])
    assert events.retry(shop.api.deps, shop.stripe, 10) == 0  # not at once
    _wait(shop, minutes=1)
    assert events.retry(shop.api.deps, shop.stripe, 10) == 1
    assert shop.events()[event_id]["handled_at"]
    assert shop.found(order).payment_status is PaymentStatus.PAID


def _wait(shop: Shop, **times: float) -> None:
    """Let so much time pass for the events."""
    with shop.api.deps.database.transaction() as connection:
        connection.execute(
            "update webhook_events set received_at = received_at - %(by)s, tried_at = tried_at - %(by)s",
            {"by": timedelta(**times)},
        )


def test_while_stripe_cannot_be_asked_an_event_waits(shop: Shop) -> None:
    order = _paid(shop, "payment_intent")
    shop.double.fault("500_before", "GET /v1/payment_intents", times=2)
    assert shop.deliver("payment_intent.succeeded") == [200]
    with shop.api.deps.database.transaction() as connection:
        assert webhook_events.waiting_s(connection) > 0
    assert shop.found(order).payment_status is PaymentStatus.UNPAID
    _wait(shop, minutes=1)
    assert events.retry(shop.api.deps, shop.stripe, 10) == 1
    assert shop.found(order).payment_status is PaymentStatus.PAID
    with shop.api.deps.database.transaction() as connection:
        assert webhook_events.waiting_s(connection) == 0


def test_an_event_sent_again_by_stripe_is_applied_if_it_was_not(shop: Shop) -> None:
    order = _paid(shop, "payment_intent")
    shop.double.fault("500_before", "GET /v1/payment_intents", times=2)
    assert shop.deliver("payment_intent.succeeded") + shop.deliver("payment_intent.succeeded") == [200, 200]
    assert shop.found(order).payment_status is PaymentStatus.PAID


@pytest.mark.parametrize("facts", [{}, {"payment_id": "not an id"}], ids=["without our metadata", "with another's"])
def test_what_others_do_with_the_account_is_ignored(shop: Shop, facts: dict[str, str]) -> None:
    form = {f"metadata[{name}]": value for name, value in facts.items()}
    made = shop.double.call(
        "POST", "/v1/payment_intents", amount=500, currency="usd", payment_method=PAID, confirm="true", **form
    )
    assert made.status_code == 200, made.text
    assert set(shop.deliver()) == {200}
    assert {row["error"] for row in shop.events().values()} == {None}
    assert all(row["handled_at"] for row in shop.events().values())


def test_an_intent_that_names_the_payment_of_another_is_left_to_a_person(shop: Shop) -> None:
    order = shop.order()
    shop.begun(order)
    form = {"metadata[payment_id]": str(shop.payments(order)[0].id)}
    shop.double.call(
        "POST", "/v1/payment_intents", amount=500, currency="usd", payment_method=PAID, confirm="true", **form
    )
    assert shop.deliver("payment_intent.succeeded") == [200]
    assert [row["handled_at"] for row in shop.events().values()] == [None]
    assert shop.found(order).payment_status is PaymentStatus.UNPAID


def test_an_event_of_live_mode_is_refused(shop: Shop) -> None:
    _paid(shop, "payment_intent")
    (event,) = shop.double.events("payment_intent.succeeded")
    refused(shop.send({**event, "livemode": True}), 400, "wrong_mode")
    assert shop.events() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_s_own_words_are_not_believed(shop: Shop, kind: str) -> None:
    order = shop.order()
    shop.begun(order, kind)
    thing = shop.double.objects(kind.replace("checkout_", "checkout."))[0]
    forged: dict[str, Any] = {
        **thing,
        "status": "succeeded",
        "payment_status": "paid",
        "amount_received": thing.get("amount"),
    }
    event = {
        "id": "evt_0",
        "object": "event",
        "type": SUCCEEDED[kind],
        "livemode": False,
        "created": 1,
        "data": {"object": forged},
    }
    assert shop.send(event).status_code == 200
    assert shop.found(order).payment_status is PaymentStatus.UNPAID


def test_an_intent_s_event_before_its_session_s_is_applied_at_once(shop: Shop) -> None:
    order = _paid(shop, "checkout_session")
    assert shop.deliver("payment_intent.succeeded") == [200]
    assert shop.found(order).payment_status is PaymentStatus.PAID
    assert set(shop.deliver()) == {200}
    assert all(row["handled_at"] for row in shop.events().values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_dispute_that_overtakes_its_payment_is_not_lost(shop: Shop, kind: str) -> None:
    order = _paid(shop, kind)
    shop.double.dispute(shop.double.objects("payment_intent")[0]["id"])
    shop.deliver("charge.dispute.created")
    shop.deliver(SUCCEEDED[kind])
    assert shop.found(order).payment_status is PaymentStatus.DISPUTED


def test_a_declined_attempt_says_why(shop: Shop) -> None:
    order = _paid(shop, "payment_intent", DECLINED)
    shop.deliver("payment_intent.payment_failed")
    assert shop.payments(order)[0].error_code == "generic_decline"
    assert shop.found(order).payment_status is PaymentStatus.FAILED


def test_a_page_that_expired_ends_its_payment(shop: Shop) -> None:
    order = shop.order()
    shop.begun(order, "checkout_session")
    shop.double.clock(3 * 3600)
    assert shop.deliver("checkout.session.expired") == [200]
    assert shop.payments(order)[0].status is PaymentState.CANCELLED
    assert shop.found(order).payment_status is PaymentStatus.UNPAID
