"""An api that is paid through the project's double of Stripe, a process of its own."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deploy.local.stripe_double.webhooks import sign
from services.api.payments.client import StripeClient
from shared.db import customers, payments
from shared.models.order import Order
from shared.models.payment import Payment
from tests.doubles.stripe_double import WEBHOOK_SECRET, StripeDouble
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import signed_in
from tests.services.api.orders import rows

JSON = "application/json"


def send(client: FlaskClient, body: bytes, secret: str = WEBHOOK_SECRET) -> TestResponse:
    signature = sign(body, secret, int(time.time()))
    return client.post("/api/webhooks/stripe", data=body, content_type=JSON, headers={"Stripe-Signature": signature})


@dataclass(frozen=True, slots=True)
class Shop:
    """One api, its double of Stripe, and the orders of its customers."""

    api: Api
    double: StripeDouble

    @property
    def stripe(self) -> StripeClient:
        assert self.api.deps.stripe is not None
        return self.api.deps.stripe

    def order(self, **facts: Any) -> Order:
        with self.api.deps.database.transaction() as connection:
            return rows.order(connection, printed=False, **facts)

    def customer(self, order: Order) -> FlaskClient:
        with self.api.deps.database.transaction() as connection:
            found = customers.find(connection, order.customer_id)
        assert found is not None
        return signed_in(self.api, found.email)

    def ask(
        self, order: Order, kind: str = "payment_intent", key: str = "k", by: FlaskClient | None = None
    ) -> TestResponse:
        """POST its payment, by its customer."""
        client = by or self.customer(order)
        return client.post(f"/api/orders/{order.id}/payment", json={"kind": kind}, headers={"Idempotency-Key": key})

    def begun(self, order: Order, kind: str = "payment_intent") -> dict[str, Any]:
        response = self.ask(order, kind)
        assert response.status_code == 200, response.text
        return dict(response.json or {})

    def pay(self, begun: dict[str, Any], method: str) -> None:
        """As the customer's browser does."""
        paid = (
            self.double.pay(begun["clientSecret"], method)
            if begun["clientSecret"]
            else self.double.press(begun["url"], method)
        )
        assert paid.status_code in (200, 302, 303, 402), paid.text

    def send(self, event: dict[str, Any], *, secret: str = WEBHOOK_SECRET) -> TestResponse:
        """Send an event to the webhook, signed now."""
        return send(self.api.guest(), json.dumps(event).encode(), secret)

    def deliver(self, kind: str = "") -> list[int]:
        """Send all events of a type, the oldest first; returns the statuses."""
        return [self.send(event).status_code for event in self.double.events(kind)]

    def events(self) -> dict[str, dict[str, Any]]:
        """The rows of the events that were sent, by id."""
        with self.api.deps.database.transaction() as connection:
            return {row["id"]: row for row in connection.execute("select * from webhook_events").fetchall()}

    def found(self, order: Order) -> Order:
        with self.api.deps.database.transaction() as connection:
            return rows.found(connection, order.id)

    def payments(self, order: Order) -> list[Payment]:
        with self.api.deps.database.transaction() as connection:
            return payments.of_order(connection, order.id)


@pytest.fixture
def shop(environment: pytest.MonkeyPatch, start: Start, stripe_double: StripeDouble) -> Shop:
    for name, value in stripe_double.environment.items():
        environment.setenv(name, value)
    environment.setenv("PUBLIC_URL", "https://shop.example")
    return Shop(start(), stripe_double)
