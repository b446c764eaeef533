"""The reconciler finds what no event told, whatever fails meanwhile, and any number of them do it once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from services.api.dependencies import Dependencies
from services.api.payments import reconciler, reconciling
from services.api.payments.reconciler import Reconciler
from shared import errors, shop_errors
from shared.db import order_events, payments
from shared.models.order import Order
from shared.models.payment import RefundState
from tests.services.api import stripe_shop
from tests.services.api.conftest import Start
from tests.services.api.mail.inbox import until
from tests.services.api.stripe_shop import Shop
from tests.shared.db.rows import run

double, shop = stripe_shop.double, stripe_shop.shop  # in place of this folder's
HOUR = 3600.0


def _found(what: str) -> float:
    return REGISTRY.get_sample_value("stolentee_reconciler_differences_total", {"found": what}) or 0.0


def _history(shop: Shop, order: Order) -> list[str]:
    return [event.what for event in run(shop.api.deps.database, order_events.of_order, order.id)]


def test_a_payment_that_no_event_told_of_is_found_once(shop: Shop) -> None:
    order, before = shop.ordered(), _found("payment")
    shop.pay(order)
    assert shop.turn()
    assert shop.found(order).payment_status == "unpaid"  # its event may be on its way
    shop.age("payments", 121)
    assert shop.turn()
    assert shop.turn()
    assert shop.found(order).payment_status == "paid"
    assert _history(shop, order).count("paid") == 1
    assert _found("payment") == before + 1


def test_with_the_endpoint_off_for_an_hour_everything_is_found_within_fifteen_minutes(shop: Shop) -> None:
    """Refunds and disputes begun at Stripe are only in its list; its clock is the test's, so ours is moved."""
    told, disputed, unpaid = shop.paid(), shop.paid(), shop.ordered()
    shop.turn()
    shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(told), amount=1000).raise_for_status()
    shop.double.dispute(shop.intent(disputed))
    shop.pay(unpaid)
    before = _found("event")
    _let_pass(shop, 15 * 60)
    assert shop.turn()
    shop.age("webhook_events", 21)
    assert shop.turn()
    assert shop.found(told).refunded_cents == 1000
    assert shop.found(disputed).payment_status == "disputed"
    assert shop.found(unpaid).payment_status == "paid"
    assert _found("event") > before


def _let_pass(shop: Shop, seconds: float) -> None:
    for table in ("payments", "refunds", "webhook_events", "reconciler_tasks"):
        shop.age(table, seconds)


@pytest.fixture(autouse=True)
def no_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are missing at once: the double's clock cannot be moved back."""
    monkeypatch.setattr(reconciling, "_DELIVERY", reconciling._DELIVERY * 0)


def test_events_are_listed_every_ten_minutes_and_each_is_stored_once(shop: Shop) -> None:
    order = shop.paid()
    shop.turn()
    shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order), amount=100).raise_for_status()
    listed = len(shop.double.calls("/v1/events", "GET"))
    shop.turn()
    assert len(shop.double.calls("/v1/events", "GET")) == listed
    shop.age("reconciler_tasks", 601)
    before = _found("event")
    shop.turn()
    assert len(shop.double.calls("/v1/events", "GET")) == listed + 1
    found = _found("event") - before
    shop.age("reconciler_tasks", 601)
    shop.turn()
    assert _found("event") - before == found > 0


def test_an_event_that_could_not_be_applied_is_applied_later(shop: Shop) -> None:
    order = shop.paid()
    shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order), amount=100).raise_for_status()
    shop.double.fault("500_before", "GET /v1/refunds", times=10)
    shop.tell("refund.created", order)
    assert shop.found(order).refunded_cents == 0
    shop.double.no_faults()
    shop.age("webhook_events", 60)
    shop.turn()
    assert shop.found(order).refunded_cents == 100


def test_a_pending_refund_is_asked_about_until_it_ends(shop: Shop) -> None:
    order, before = shop.paid(), _found("refund")
    shop.double.fault("reset_after", "POST /v1/refunds")
    shop.refund(order, amountCents=300)
    shop.age("refunds", 121)
    shop.turn()
    assert shop.refunds(order)[0].status is RefundState.SUCCEEDED
    assert _found("refund") == before + 1


def test_a_refund_that_was_never_answered_is_not_asked_for_once_stripe_has_forgotten_its_key(shop: Shop) -> None:
    order = shop.paid()
    shop.double.fault("500_before", "POST /v1/refunds")
    shop.refund(order, amountCents=300)
    shop.age("refunds", 24 * HOUR)
    asked = len(shop.double.calls("/v1/refunds"))
    shop.turn()
    assert len(shop.double.calls("/v1/refunds")) == asked
    assert shop.refunds(order)[0].status is RefundState.NEW


def test_a_reservation_that_has_run_out_ends_and_one_that_was_paid_does_not(shop: Shop) -> None:
    unpaid, paid = shop.ordered(), shop.ordered()
    shop.pay(paid)
    shop.age("orders", 2 * HOUR)
    shop.turn()
    assert shop.found(unpaid).payment_status == "cancelled"
    assert shop.found(paid).payment_status == "paid"


def test_a_fee_that_stripe_did_not_know_yet_is_asked_for_later(shop: Shop) -> None:
    shop.double.late_fees(True)
    order = shop.paid()
    (payment,) = run(shop.api.deps.database, payments.received, order.id)
    assert payment.fee_cents is None
    shop.double.late_fees(False)
    shop.age("payments", 121)
    shop.turn()
    (payment,) = run(shop.api.deps.database, payments.received, order.id)
    assert payment.fee_cents
    assert _history(shop, order).count("paid") == 1


def test_open_disputes_are_read_again_each_day(shop: Shop) -> None:
    order = shop.paid()
    dispute = shop.double.dispute(shop.intent(order))
    shop.tell("charge.dispute.", order)
    shop.double.decide(dispute, "won")
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update disputes set checked_at = now() - interval '25 hours'")
    shop.turn()
    assert shop.found(order).payment_status == "paid"


def test_two_at_once_ask_for_each_refund_once(shop: Shop, start: Start) -> None:
    other, lost = start(), [shop.paid() for _ in range(6)]
    shop.double.fault("500_before", "POST /v1/refunds", times=len(lost))
    for order in lost:
        shop.refund(order, amountCents=100)
    shop.double.no_faults()
    shop.age("refunds", 121)
    made = len(shop.double.calls("/v1/refunds"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(reconciler.turn, [shop.api.deps, other.deps]))
    assert {shop.found(order).refunded_cents for order in lost} == {100}
    assert len(shop.double.calls("/v1/refunds")) == made + len(lost)


def test_stripe_away_ends_no_turn_and_loses_nothing(shop: Shop) -> None:
    order, unpaid = shop.ordered(), shop.ordered()
    shop.pay(order)
    shop.age("payments", 121)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = now() where id = %s", [unpaid.id])
    shop.double.fault("reset_before", "/v1/", times=100)
    assert not shop.turn()
    assert shop.found(unpaid).payment_status == "cancelled"  # nothing was open at Stripe
    shop.double.no_faults()
    shop.age("payments", 121)
    shop.age("reconciler_tasks", 601)
    assert shop.turn()
    assert shop.found(order).payment_status == "paid"


Calls = list[str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The reconciler's tasks are two: one that fails as the test says, and one that goes on for ever."""
    made: Calls = []
    monkeypatch.setattr(reconciler, "TURN_S", 0.01)
    monkeypatch.setattr(reconciler, "AWAY_S", 0.01)

    def fails(deps: Dependencies) -> bool:
        made.append("fails")
        raise (KeyError("x"), shop_errors.PaymentUnavailable(), errors.Unavailable())[len(made) % 3]

    def works(deps: Dependencies) -> bool:
        made.append("works")
        return True

    monkeypatch.setattr(reconciling, "TASKS", (fails, works))
    return made


def test_it_survives_everything_and_is_bounded(shop: Shop, calls: Calls) -> None:
    running = Reconciler()
    running.start(shop.api.deps)
    until(lambda: calls.count("fails") > 4)
    running.stop()
    running.join(5)
    assert calls[:2] == ["fails", "fails"]
    assert calls[2 : 2 + reconciler.AT_ONCE] == ["works"] * reconciler.AT_ONCE


def test_it_stops_in_the_middle_of_a_turn(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler, "TURN_S", 0.01)
    began, running = threading.Event(), Reconciler()

    def slow(deps: Dependencies) -> bool:
        began.set()
        time.sleep(0.05)
        return True

    monkeypatch.setattr(reconciling, "TASKS", (slow, slow, slow))
    running.start(shop.api.deps)
    assert began.wait(5)
    running.stop()
    running.join(1)
    assert running._thread is not None
    assert not running._thread.is_alive()


def test_the_list_goes_on_where_the_last_one_ended(shop: Shop) -> None:
    shop.turn()
    with shop.api.deps.database.transaction() as connection:
        row = connection.execute("select until from reconciler_tasks where task = 'events'").fetchone()
    assert row is not None
    assert row["until"] <= datetime.now(UTC)
    shop.age("reconciler_tasks", 601)
    shop.turn()
    asked = shop.double.calls("/v1/events", "GET")[-1]["params"]["created"]["gte"]
    assert int(asked) == int(row["until"].timestamp())
