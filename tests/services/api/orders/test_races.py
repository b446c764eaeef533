"""Orders at once, over HTTP and Postgres: nothing is sold twice, nothing waits for itself, a key has one effect."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api import session_tokens
from services.api.middleware.auth import COOKIE
from services.api.orders import cancelling
from shared.db import discounts, pool, sessions, variants
from shared.models.customer import Customer
from shared.models.product import Variant
from tests.services.api.client import body
from tests.services.api.conftest import Api, Start
from tests.services.api.orders import rows
from tests.services.api.pricing import carts

BUYERS = 50
SHIP_TO = {
    "name": "Ann Lee",
    "line1": "1 Main Street",
    "city": "New York",
    "region": "NY",
    "postalCode": "10001",
    "country": "US",
}
Made = TypeVar("Made")
Cart = list[tuple[Variant, int]]


@pytest.fixture
def shop(start: Start, environment: pytest.MonkeyPatch) -> Api:
    environment.setenv("RATE_LIMIT_API", "0")
    return start()


class Buyer:
    """A signed-in customer with a quote."""

    def __init__(self, api: Api, customer: Customer, quote: UUID) -> None:
        token = session_tokens.make()
        with api.deps.database.transaction() as connection:
            sessions.open_new(connection, customer.id, session_tokens.digest(token), "tests")
        self._api, self._token, self._quote = api, token, quote

    def client(self) -> FlaskClient:
        client = self._api.guest()
        client.set_cookie(COOKIE, self._token)
        return client

    def order(self, key: str) -> TestResponse:
        """The final response, as a client gets it who repeats what is documented to be repeated."""
        client, until = self.client(), time.monotonic() + 20
        while True:
            sent = {"quoteId": str(self._quote), "shipTo": SHIP_TO}
            response = client.post("/api/orders", json=sent, headers={"Idempotency-Key": key})
            if code_of(response) not in ("unavailable", "request_in_progress") or time.monotonic() > until:
                return response
            time.sleep(0.05)


def code_of(response: TestResponse) -> str:
    """The code of an error, `` of none."""
    return str(body(response).get("error", {}).get("code", ""))


def at_once(count: int, work: Callable[[int], Made]) -> list[Made]:
    """`work` of each number in a thread of its own, all begun at the same moment."""
    barrier = Barrier(count)

    def one(number: int) -> Made:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def buyers(
    api: Api, count: int, cart: Callable[[int, Sequence[Variant]], Cart], stock: int, **quoted: Any
) -> tuple[list[Buyer], Sequence[Variant]]:
    """Customers, each with a quote of the cart that `cart` gives for a number and the two variants on sale."""
    with api.deps.database.transaction() as connection:
        sold = variants.of_product(connection, rows.add_product(connection, 2, stock))
        made = []
        for number in range(count):
            customer = rows.add_customer(connection)
            lines = [rows.line(variant, quantity) for variant, quantity in cart(number, sold)]
            made.append((customer, rows.add_quote(connection, customer, lines, **quoted).id))
    return [Buyer(api, customer, quote) for customer, quote in made], sold


def stock_of(api: Api, sold: Sequence[Variant]) -> list[int]:
    with api.deps.database.transaction() as connection:
        found = [variants.find(connection, variant.id) for variant in sold]
    return [variant.stock for variant in found if variant]


def count_of(api: Api, table: str, condition: str = "true") -> int:
    with api.deps.database.transaction() as connection:
        row = connection.execute(f"select count(*) as count from {table} where {condition}".encode()).fetchone()
    assert row is not None
    return int(row["count"])


def put_code(api: Api, uses: int) -> None:
    with api.deps.database.transaction() as connection:
        discounts.put(connection, carts.discount(off_bp=1000, max_uses=uses))


def uses(api: Api) -> int:
    with api.deps.database.transaction() as connection:
        found = discounts.find(connection, "AUTUMN")
    assert found is not None
    return found.uses


def deadlocks(api: Api) -> int:
    """Of this test's database, once all connections of the api have ended and so reported theirs."""
    api.deps.database.close()
    with pool.session(api.deps.settings.database.direct_url) as connection:
        row = connection.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def test_of_50_buyers_of_the_last_shirt_one_gets_it(shop: Api) -> None:
    """MO5."""
    crowd, sold = buyers(shop, BUYERS, lambda _, sold: [(sold[0], 1)], stock=1)
    responses = at_once(BUYERS, lambda number: crowd[number].order("key"))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: BUYERS - 1}
    refused = [body(response)["error"] for response in responses if response.status_code == 409]
    assert all((error["code"], error["details"]) == ("out_of_stock", {sold[0].sku: 0}) for error in refused)
    assert stock_of(shop, sold) == [0, 1]
    assert (count_of(shop, "orders"), count_of(shop, "stock_moves")) == (1, 1)
    assert count_of(shop, "quotes", "used_at is not null") == 1


def test_50_posts_with_one_key_make_one_order(shop: Api) -> None:
    """H1."""
    (buyer,), sold = buyers(shop, 1, lambda _, sold: [(sold[0], 1)], stock=BUYERS)
    responses = at_once(BUYERS, lambda _: buyer.order("key"))
    assert {response.status_code for response in responses} == {201}
    assert len({body(response)["id"] for response in responses}) == 1
    assert sum(response.headers.get("Idempotent-Replayed") == "true" for response in responses) == BUYERS - 1
    assert count_of(shop, "orders") == 1
    assert stock_of(shop, sold) == [BUYERS - 1, BUYERS]


def test_50_posts_of_one_quote_with_keys_of_their_own_make_one_order(shop: Api) -> None:
    (buyer,), sold = buyers(shop, 1, lambda _, sold: [(sold[0], 1)], stock=BUYERS)
    responses = at_once(BUYERS, lambda number: buyer.order(f"key-{number}"))
    assert Counter(code_of(response) for response in responses) == {"": 1, "quote_used": BUYERS - 1}
    assert stock_of(shop, sold) == [BUYERS - 1, BUYERS]


def test_40_carts_with_lines_in_opposite_orders_never_wait_for_each_other(shop: Api) -> None:
    count = 40
    crowd, sold = buyers(
        shop, count, lambda number, sold: [(variant, 1) for variant in sold[:: 1 if number % 2 else -1]], stock=count
    )
    responses = at_once(count, lambda number: crowd[number].order("key"))
    assert {response.status_code for response in responses} == {201}
    assert stock_of(shop, sold) == [0, 0]
    assert deadlocks(shop) == 0


def test_of_20_orders_with_a_code_of_5_uses_5_are_placed(shop: Api) -> None:
    put_code(shop, uses=5)
    crowd, sold = buyers(shop, 20, lambda _, sold: [(sold[0], 1)], stock=20, discount_code="AUTUMN")
    responses = at_once(20, lambda number: crowd[number].order("key"))
    assert Counter(code_of(response) for response in responses) == {"": 5, "discount_refused": 15}
    assert (uses(shop), stock_of(shop, sold)) == (5, [15, 20])


def test_orders_that_run_out_are_cancelled_once_by_any_number_of_instances_while_others_are_placed(shop: Api) -> None:
    put_code(shop, uses=30)
    crowd, sold = buyers(shop, 30, lambda _, sold: [(variant, 1) for variant in sold], stock=30, discount_code="AUTUMN")
    assert {buyer.order("key").status_code for buyer in crowd[:15]} == {201}
    with shop.deps.database.transaction() as connection:
        connection.execute("update orders set hold_until = now() - interval '1 minute'")
    cancelled: list[int] = []

    def work(number: int) -> None:
        if number < 4:
            cancelled.append(cancelling.expire(shop.deps))
        else:
            assert crowd[11 + number].order("key").status_code == 201

    at_once(19, work)
    assert sum(cancelled) == 15
    assert count_of(shop, "orders", "cancelled_at is not null") == 15
    assert (uses(shop), stock_of(shop, sold)) == (15, [15, 15])
    assert count_of(shop, "stock_moves", "reason = 'released'") == 30
    assert deadlocks(shop) == 0


def test_of_20_cancellations_of_one_order_one_gives_its_pieces_back(shop: Api) -> None:
    (buyer,), sold = buyers(shop, 1, lambda _, sold: [(sold[0], 3)], stock=3)
    path = f"/api/orders/{body(buyer.order('key'))['id']}/cancel"

    def cancel(number: int) -> TestResponse:
        return buyer.client().post(path, headers={"Idempotency-Key": f"key-{number}"})

    assert Counter(map(code_of, at_once(20, cancel))) == {"": 20}
    assert stock_of(shop, sold) == [3, 3]
