"""kill -9 at every step of an order: repeated by its client it is one order, with its stock taken once."""

from typing import Any

import pytest
import requests

from deploy.local.supervisor import await_ready
from services.api import session_tokens
from shared.db import sessions, variants
from shared.db.pool import Connection
from tests.chaos.system import System
from tests.services.api.orders import rows

_STOCK, _TIMEOUT_S = 10, 30


class Buyer:
    """A signed-in customer with a quote of one piece, who repeats one request."""

    def __init__(self, connection: Connection, sku: str) -> None:
        customer, token = rows.add_customer(connection), session_tokens.make()
        sessions.open_new(connection, customer.id, session_tokens.digest(token), "tests")
        (variant,) = variants.by_sku(connection, [sku])
        quote = rows.add_quote(connection, customer, [rows.line(variant)])
        address = {"name": "Ann", "line1": "1 Main Street", "city": "New York", "region": "NY"}
        self._order = {"quoteId": str(quote.id), "shipTo": {**address, "postalCode": "10001", "country": "US"}}
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Authorization": f"Bearer {token}", "Idempotency-Key": "the-same-again"})

    def order(self, address: str) -> requests.Response:
        return self._session.post(f"{address}/api/orders", json=self._order, timeout=_TIMEOUT_S)

    def cancel(self, address: str, order_id: str) -> requests.Response:
        key = {"Idempotency-Key": "cancel"}
        return self._session.post(f"{address}/api/orders/{order_id}/cancel", headers=key, timeout=_TIMEOUT_S)

    def close(self) -> None:
        self._session.close()


def _figures(connection: Connection, sku: str) -> dict[str, Any]:
    row = connection.execute(
        """select stock,
            (select count(*) from orders join order_items on order_id = orders.id where sku = variants.sku) as orders,
            (select -sum(quantity) from stock_moves where variant_id = variants.id) as taken
        from variants
        where sku = %s""",
        [sku],
    ).fetchone()
    assert row is not None
    return row


def test_an_api_killed_at_any_step_of_an_order_takes_the_stock_of_one(system: System) -> None:
    victims = [system.armed("api", step) for step in ("o1", "o2", "o3", "o4")]
    with system.database() as connection:
        (variant,) = variants.of_product(connection, rows.add_product(connection, 1, _STOCK))
        buyers = [Buyer(connection, variant.sku) for _ in victims]
        for victim, buyer in zip(victims, buyers, strict=True):
            await_ready(victim)
            with pytest.raises(requests.ConnectionError):
                buyer.order(f"http://127.0.0.1:{victim.port}")
            system.kill(victim)
        assert _figures(connection, variant.sku) == {"stock": 9, "orders": 1, "taken": 1}, "committed at o4 only"
        _free_keys(connection)
        responses = [buyer.order(system.stack.address) for buyer in buyers]
        assert [response.status_code for response in responses] == [201] * len(buyers)
        assert [response.headers.get("Idempotent-Replayed") for response in responses] == [None, None, None, "true"]
        assert _figures(connection, variant.sku) == {"stock": 6, "orders": 4, "taken": 4}
        for buyer in buyers:
            buyer.close()


@pytest.mark.parametrize(("step", "stock"), [("o5", 9), ("o6", 10)])
def test_an_api_killed_while_it_cancels_an_order_gives_its_stock_back_once(
    system: System, step: str, stock: int
) -> None:
    victim = system.armed("api", step)
    with system.database() as connection:
        (variant,) = variants.of_product(connection, rows.add_product(connection, 1, _STOCK))
        buyer = Buyer(connection, variant.sku)
        order_id = buyer.order(system.stack.address).json()["id"]
        await_ready(victim)
        with pytest.raises(requests.ConnectionError):
            buyer.cancel(f"http://127.0.0.1:{victim.port}", order_id)
        system.kill(victim)
        assert _figures(connection, variant.sku)["stock"] == stock
        _free_keys(connection)
        assert buyer.cancel(system.stack.address, order_id).json()["paymentStatus"] == "cancelled"
        assert _figures(connection, variant.sku) == {"stock": 10, "orders": 1, "taken": 0}
        buyer.close()


def _free_keys(connection: Connection) -> None:
    """Instead of waiting for a minute."""
    connection.execute("update idempotency_keys set locked_until = now()")
