"""A request that needs a locked order gives up soon, has had no effect, and succeeds when it is repeated."""

import psycopg
import pytest

from services.api.dependencies import Dependencies
from shared.db import customers
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in
from tests.services.api.orders import rows

EMAIL, KEY = "ann@shop.example", {"Idempotency-Key": "key"}


@pytest.fixture
def order_id(api: Api) -> str:
    signed_in(api, EMAIL)
    with api.deps.database.transaction() as connection:
        return str(rows.order(connection, customer=customers.by_email(connection, EMAIL)).id)


def _url(deps: Dependencies) -> str:
    return deps.settings.database.url.get_secret_value()


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/orders/{}/cancel"), ("DELETE", "/api/account")])
def test_a_request_gives_up_on_a_locked_order(api: Api, order_id: str, method: str, path: str) -> None:
    """After two seconds, as tests/shared/db/test_pool.py says."""
    client = signed_in(api, EMAIL)
    with psycopg.connect(_url(api.deps)) as holder:
        holder.execute("select from orders where id = %s for update", [order_id])
        response = client.open(path.format(order_id), method=method, headers=KEY)
    refused(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "2"
    shown = body(client.get(f"/api/orders/{order_id}"))
    assert (shown["paymentStatus"], shown["productionStatus"]) == ("unpaid", "waiting")
    assert body(client.post(f"/api/orders/{order_id}/cancel", headers=KEY))["productionStatus"] == "cancelled"


def test_a_locked_order_is_still_shown(api: Api, order_id: str) -> None:
    client = signed_in(api, EMAIL)
    with psycopg.connect(_url(api.deps)) as holder:
        holder.execute("select from orders where id = %s for update", [order_id])
        assert body(client.get(f"/api/orders/{order_id}"))["id"] == order_id
        assert client.get("/api/orders").status_code == 200
