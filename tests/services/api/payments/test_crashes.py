"""The api is killed at any step of a payment, and the caller repeats: one payment, one charge, one effect."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from deploy.local.stripe_double.webhooks import sign
from shared.db import order_events
from shared.models.order import Order, PaymentStatus
from tests.doubles.stripe_double import PAID, WEBHOOK_SECRET
from tests.services.api.client import body
from tests.services.api.payments.conftest import JSON, Shop

PATHS = {"payment_intent": "/v1/payment_intents", "checkout_session": "/v1/checkout/sessions"}
# An api as `services.api.app.start` makes it, without pictures, that gets one request.
_API = """
import json, sys
from services.api.app import build, create_app
from services.api.decoder.pool import Decoder
from services.api.settings import Settings
from shared import failpoints
failpoints.arm(failpoints.Failpoint.read())
path, data, headers = json.load(sys.stdin)
create_app(build(Settings.read(), Decoder())).test_client().post(path, data=data, headers=headers)
"""
Kill = Callable[[str, str, str, Mapping[str, str]], TestResponse]


@pytest.fixture
def killed(shop: Shop, environment: pytest.MonkeyPatch) -> Kill:
    """Posts to an api that is killed at a step, then to one that is not; returns the answer of that."""

    def post(step: str, path: str, data: str, headers: Mapping[str, str]) -> TestResponse:
        environment.setenv("FAILPOINT", f"{step}:exit")
        environment.setenv("TESTING", "1")
        sent = json.dumps([path, data, {**headers, "Content-Type": JSON}])
        root = Path(__file__).parents[4]
        victim = subprocess.run([sys.executable, "-c", _API], input=sent.encode(), cwd=root, timeout=60, check=False)
        assert victim.returncode == -signal.SIGKILL
        with shop.api.deps.database.transaction() as connection:  # a minute later
            connection.execute("update idempotency_keys set locked_until = now() - interval '1 second'")
        return shop.api.guest().post(path, data=data, headers=dict(headers), content_type=JSON)

    return post


def _history(shop: Shop, order: Order) -> list[str]:
    with shop.api.deps.database.transaction() as connection:
        return [event.what for event in order_events.of_order(connection, order.id)]


@pytest.mark.parametrize(
    ("step", "kind"),
    [*((step, "payment_intent") for step in ("p1", "p2", "p3", "p4")), ("p2", "checkout_session")],
)
def test_an_order_whose_payment_was_cut_short_is_charged_once(shop: Shop, killed: Kill, step: str, kind: str) -> None:
    order = shop.order()
    token = shop.customer(order).get_cookie("session")
    assert token is not None
    headers = {"Authorization": f"Bearer {token.value}", "Idempotency-Key": "one"}
    response = killed(step, f"/api/orders/{order.id}/payment", json.dumps({"kind": kind}), headers)
    assert response.status_code == 200, response.text
    assert len([call for call in shop.double.calls(PATHS[kind]) if not call["replayed"]]) == 1
    shop.pay(body(response), PAID)
    assert set(shop.deliver()) == {200}
    assert [row["type"] for row in shop.double.objects("balance_transaction")] == ["charge"]
    assert shop.found(order).payment_status is PaymentStatus.PAID
    assert len(shop.payments(order)) == 1


@pytest.mark.parametrize("step", ["p5", "p6", "p7"])
def test_an_event_that_was_cut_short_and_sent_again_has_one_effect(shop: Shop, killed: Kill, step: str) -> None:
    order = shop.order()
    shop.pay(shop.begun(order), PAID)
    event = json.dumps(shop.double.events("payment_intent.succeeded")[0])
    signature = sign(event.encode(), WEBHOOK_SECRET, int(time.time()))
    response = killed(step, "/api/webhooks/stripe", event, {"Stripe-Signature": signature})
    assert response.status_code == 200
    assert shop.found(order).payment_status is PaymentStatus.PAID
    assert _history(shop, order).count("paid") == 1
    assert [row["handled_at"] is None for row in shop.events().values()] == [False]
