"""The api is killed at any step of a payment, and the caller repeats: one payment, one charge, one effect."""

import http.client
import json
import time
from collections.abc import Callable

import pytest

from deploy.local.stripe_double.webhooks import sign
from shared.db import order_events
from shared.models.order import Order, PaymentStatus
from tests.doubles.stripe_double import PAID, WEBHOOK_SECRET
from tests.services.api.payments.conftest import JSON, Shop
from tests.services.api.served import Served

Send = Callable[[Served], int]  # returns the status; raises if the api died
DIED = (http.client.RemoteDisconnected, ConnectionResetError)
PATHS = {"payment_intent": "/v1/payment_intents", "checkout_session": "/v1/checkout/sessions"}


@pytest.fixture
def repeated(shop: Shop, environment: pytest.MonkeyPatch, free_port: int) -> Callable[[str, Send], None]:
    """Sends a request to an api that is killed at a step, then to one that is not, until it is answered."""

    def repeat(step: str, send: Send) -> None:
        environment.setenv("FAILPOINT", f"{step}:exit")
        environment.setenv("TESTING", "1")
        server = Served(free_port)
        try:
            with pytest.raises(DIED):
                send(server)
        finally:
            server.stop()
        environment.delenv("FAILPOINT")
        server = Served(free_port)
        try:
            _minute_passes(shop)
            assert send(server) == 200
            assert send(server) == 200
        finally:
            server.stop()

    return repeat


def _minute_passes(shop: Shop) -> None:
    """So that the claim of the request that died is over."""
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update idempotency_keys set locked_until = now() - interval '1 second'")


def _post(server: Served, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    connection = server.connect()
    connection.request("POST", path, body, {"Content-Type": JSON, **headers})
    response = connection.getresponse()
    return response.status, response.read()


def _history(shop: Shop, order: Order) -> list[str]:
    with shop.api.deps.database.transaction() as connection:
        return [event.what for event in order_events.of_order(connection, order.id)]


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("step", ["p1", "p2", "p3", "p4"])
def test_an_order_whose_payment_was_cut_short_is_charged_once(
    shop: Shop, repeated: Callable[[str, Send], None], step: str, kind: str
) -> None:
    order = shop.order()
    token = shop.customer(order).get_cookie("session")
    assert token is not None
    headers = {"Authorization": f"Bearer {token.value}", "Idempotency-Key": "one"}
    answers: list[bytes] = []

    def send(server: Served) -> int:
        status, body = _post(server, f"/api/orders/{order.id}/payment", json.dumps({"kind": kind}).encode(), **headers)
        answers.append(body)
        return status

    repeated(step, send)
    assert answers[0] == answers[1]
    assert len([call for call in shop.double.calls(PATHS[kind]) if not call["replayed"]]) == 1
    shop.pay(json.loads(answers[0]), PAID)
    assert set(shop.deliver()) == {200}
    assert [row["type"] for row in shop.double.objects("balance_transaction")] == ["charge"]
    assert shop.found(order).payment_status is PaymentStatus.PAID
    assert len(shop.payments(order)) == 1


@pytest.mark.parametrize("step", ["p5", "p6", "p7"])
def test_an_event_that_was_cut_short_and_sent_again_has_one_effect(
    shop: Shop, repeated: Callable[[str, Send], None], step: str
) -> None:
    order = shop.order()
    shop.pay(shop.begun(order), PAID)
    (event,) = shop.double.events("payment_intent.succeeded")
    body = json.dumps(event).encode()

    def send(server: Served) -> int:
        signature = sign(body, WEBHOOK_SECRET, int(time.time()))
        return _post(server, "/api/webhooks/stripe", body, **{"Stripe-Signature": signature})[0]

    repeated(step, send)
    assert shop.found(order).payment_status is PaymentStatus.PAID
    assert _history(shop, order).count("paid") == 1
    (row,) = shop.events().values()
    assert row["handled_at"]
