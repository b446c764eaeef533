"""The people at the printer, as a client with a key of scope orders, and orders they find."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.models.order import Order
from shared.models.owner import Scope
from tests.services.api.client import body
from tests.services.api.conftest import Api
from tests.services.api.customers import with_key
from tests.services.api.orders import rows

ORDERS = "/api/admin/orders"


@dataclass(frozen=True, slots=True)
class Printer:
    api: Api
    client: FlaskClient

    def paid(self, production: str = "queued", **facts: Any) -> Order:
        """A new order, paid and in this state."""
        with self.api.deps.database.transaction() as connection:
            columns = {name: facts.pop(name) for name in ("held_from", "held_for", "held_reason") if name in facts}
            return rows.paid(connection, rows.order(connection, **facts), production=production, **columns)

    def found(self, order: Order) -> Order:
        with self.api.deps.database.transaction() as connection:
            return rows.found(connection, order.id)

    def change(self, order: Order, **facts: object) -> Order:
        with self.api.deps.database.transaction() as connection:
            return rows.change(connection, order.id, **facts)

    def post(self, order: Order, path: str, version: int | None = None, **fields: Any) -> TestResponse:
        """Of the version that the order has now, unless another is given."""
        version = self.found(order).version if version is None else version
        headers = {"If-Match": f'"{version}"'}
        return self.client.post(f"{ORDERS}/{order.id}/{path}", json=fields or None, headers=headers)

    def move(self, order: Order, *states: str) -> dict[str, Any]:
        """One step after another; returns the order as it is shown then."""
        for to in states:
            moved = self.post(order, "production", to=to)
            assert moved.status_code == 200, moved.text
        return self.show(order)

    def show(self, order: Order) -> dict[str, Any]:
        return body(self.client.get(f"{ORDERS}/{order.id}/production"))


@pytest.fixture
def printer(api: Api) -> Printer:
    return Printer(api, with_key(api, Scope.ORDERS))
