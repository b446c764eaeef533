"""A payment of an order begins once, whatever is repeated, lost or refused on the way."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from shared.models.order import PaymentStatus
from shared.models.payment import PaymentState
from tests.doubles.stripe_double import DECLINED, PAID, PUBLISHABLE_KEY, SLOW
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in
from tests.services.api.orders import rows
from tests.services.api.payments.conftest import Shop

KINDS = ("payment_intent", "checkout_session")
CREATED = {"payment_intent": "/v1/payment_intents", "checkout_session": "/v1/checkout/sessions"}


def test_a_payment_intent_asks_for_the_total_and_names_the_order(shop: Shop) -> None:
    order = shop.order()
    begun = shop.begun(order)
    (intent,) = shop.double.objects("payment_intent")
    assert (intent["amount"], intent["currency"]) == (order.total_cents, order.currency)
    assert intent["metadata"]["order_number"] == order.order_number
    assert begun == {
        "kind": "payment_intent",
        "clientSecret": intent["client_secret"],
        "url": None,
        "publishableKey": PUBLISHABLE_KEY,
        "expiresAt": None,
        "test": True,
    }


def test_a_checkout_session_asks_for_the_total_and_leads_back_to_the_shop(shop: Shop) -> None:
    order = shop.order()
    begun = shop.begun(order, "checkout_session")
    (session,) = shop.double.objects("checkout.session")
    assert (session["amount_total"], session["currency"]) == (order.total_cents, order.currency)
    assert session["success_url"] == session["cancel_url"] == f"https://shop.example/orders/{order.order_number}"
    assert (begun["url"], begun["clientSecret"]) == (session["url"], None)
    assert begun["expiresAt"]
    expires_at = datetime.fromtimestamp(session["expires_at"], UTC)
    assert timedelta(minutes=30) < expires_at - datetime.now(UTC) < timedelta(minutes=36)


@pytest.mark.parametrize("kind", KINDS)
def test_asked_again_it_is_the_open_payment_and_its_secret_is_fetched_anew(shop: Shop, kind: str) -> None:
    order = shop.order()
    customer = shop.customer(order)
    first = shop.ask(order, kind, "one", customer)
    replayed = shop.ask(order, kind, "one", customer)
    again = shop.ask(order, KINDS[0], "two", customer)
    assert body(first) == body(replayed) == body(again)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert len(shop.double.calls(CREATED[kind])) == 1
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.OPEN]


def test_no_secret_of_stripe_is_stored(shop: Shop) -> None:
    order = shop.order()
    secret = shop.begun(order)["clientSecret"]
    url = shop.begun(shop.order(), "checkout_session")["url"]
    shop.deliver()
    with shop.api.deps.database.transaction() as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for table in tables:
            stored = connection.execute(f"select t::text as row from {table['tablename']} t".encode()).fetchall()
            assert not [row for row in stored if secret in row["row"] or url in row["row"]], table


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_requests_with_one_key_begin_one_payment(shop: Shop, kind: str) -> None:
    order = shop.order()
    token = shop.customer(order).get_cookie("session")
    assert token is not None
    statuses: list[int] = []
    gate = threading.Barrier(50)

    def ask() -> None:
        client = shop.api.guest()
        client.set_cookie("session", token.value)
        gate.wait()
        for _ in range(20):  # a busy machine refuses some at first
            statuses.append(shop.ask(order, kind, "one", client).status_code)
            if statuses[-1] != 503:
                return

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409, 503}
    assert 200 in statuses
    assert len([call for call in shop.double.calls(CREATED[kind]) if not call["replayed"]]) == 1
    assert len(shop.payments(order)) == 1


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *((kind, fault) for kind in KINDS for fault in ("500_after", "reset_after")),
        ("payment_intent", "hang_after"),  # until the deadline, 6 s
    ],
)
def test_a_call_whose_answer_was_lost_is_repeated_with_its_key(shop: Shop, kind: str, fault: str) -> None:
    order = shop.order()
    shop.double.fault(fault, f"POST {CREATED[kind]}")
    shop.begun(order, kind)
    first, second = shop.double.calls(CREATED[kind])
    assert first["idempotency_key"] == second["idempotency_key"] == shop.payments(order)[0].idempotency_key
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert len(shop.double.objects(kind.replace("checkout_", "checkout."))) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_while_stripe_is_away_the_payment_keeps_its_key(shop: Shop, kind: str) -> None:
    order = shop.order()
    customer = shop.customer(order)
    shop.double.fault("500_before", f"POST {CREATED[kind]}", times=2)  # the client tries twice
    refused(shop.ask(order, kind, "one", customer), 503, "payment_unavailable")
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.NEW]
    assert shop.ask(order, kind, "one", customer).status_code == 200
    assert {call["idempotency_key"] for call in shop.double.calls(CREATED[kind])} == {
        shop.payments(order)[0].idempotency_key
    }


def test_stripe_s_limit_is_passed_on_as_an_unavailable_payment(shop: Shop) -> None:
    shop.double.fault("429", "POST /v1/payment_intents")
    response = shop.ask(shop.order())
    refused(response, 503, "payment_unavailable")
    assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_paid_order_cannot_be_paid_again_even_before_its_event_came(shop: Shop, kind: str) -> None:
    order = shop.order()
    shop.pay(shop.begun(order, kind), PAID)
    refused(shop.ask(order, kind, "two"), 409, "not_payable")
    assert shop.found(order).payment_status is PaymentStatus.PAID  # Stripe was asked
    refused(shop.ask(order, kind, "three"), 409, "not_payable")


@pytest.mark.parametrize("kind", KINDS)
def test_a_payment_that_is_processing_waits(shop: Shop, kind: str) -> None:
    order = shop.order()
    shop.pay(shop.begun(order, kind), SLOW)
    refused(shop.ask(order, kind, "two"), 409, "not_payable")
    assert shop.found(order).payment_status is PaymentStatus.PROCESSING


def test_a_declined_card_leaves_the_payment_open(shop: Shop) -> None:
    order = shop.order()
    begun = shop.begun(order)
    shop.pay(begun, DECLINED)
    shop.deliver()
    assert shop.found(order).payment_status is PaymentStatus.FAILED
    assert body(shop.ask(order, key="two")) == begun
    shop.pay(begun, PAID)
    shop.deliver()
    assert shop.found(order).payment_status is PaymentStatus.PAID


def test_a_page_that_expired_is_followed_by_another(shop: Shop) -> None:
    order = shop.order()
    first = shop.begun(order, "checkout_session")
    shop.stripe.expire_session(shop.double.objects("checkout.session")[0]["id"])
    second = body(shop.ask(order, "checkout_session", "two"))
    assert second["url"] != first["url"]
    assert [payment.status for payment in shop.payments(order)] == [PaymentState.CANCELLED, PaymentState.OPEN]


def test_a_payment_keeps_the_stock_reserved_for_a_while(shop: Shop) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    order = shop.order(hold_until=soon)
    shop.begun(order)
    held = shop.found(order).hold_until
    assert held is not None
    assert held > soon + timedelta(minutes=30)
    old = shop.order(hold_until=soon, created_at=datetime.now(UTC) - timedelta(hours=3))
    shop.begun(old)
    assert shop.found(old).hold_until == soon


@pytest.mark.parametrize(
    "facts",
    [
        {"hold_until": datetime(2026, 1, 1, tzinfo=UTC)},
        {"test": False},
        {"review": "amount"},
        {"cancelled_at": datetime(2026, 1, 1, tzinfo=UTC), "production_status": "cancelled"},
    ],
    ids=["no longer held", "of the other mode", "in review", "cancelled"],
)
def test_what_cannot_be_paid_is_refused_before_stripe_is_asked(shop: Shop, facts: dict[str, object]) -> None:
    refused(shop.ask(shop.order(**facts)), 409, "not_payable")
    assert shop.double.calls() == []


def test_another_s_order_does_not_exist(shop: Shop) -> None:
    refused(shop.ask(shop.order(), by=signed_in(shop.api, "bob@shop.example")), 404, "not_found")


def test_one_key_serves_one_kind_of_one_order(shop: Shop) -> None:
    order = shop.order()
    customer = shop.customer(order)
    assert shop.ask(order, "payment_intent", "one", customer).status_code == 200
    refused(shop.ask(order, "checkout_session", "one", customer), 422, "key_reused")


@pytest.mark.parametrize("key", [None, "", "k" * 256])
def test_a_key_is_required(shop: Shop, key: str | None) -> None:
    order = shop.order()
    headers = {} if key is None else {"Idempotency-Key": key}
    response = shop.customer(order).post(f"/api/orders/{order.id}/payment", json={}, headers=headers)
    assert response.status_code == 400
    assert shop.double.calls() == []


def test_without_keys_payments_are_unavailable(api: Api) -> None:
    with api.deps.database.transaction() as connection:
        order = rows.order(connection, printed=False)
    headers = {"Idempotency-Key": "one"}
    response = signed_in(api, "ann@shop.example").post(f"/api/orders/{order.id}/payment", json={}, headers=headers)
    refused(response, 503, "payment_unavailable")
    refused(api.guest().post("/api/webhooks/stripe", data=b"{}"), 503, "payment_unavailable")
