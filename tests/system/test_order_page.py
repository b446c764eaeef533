"""The page that Stripe's page leads back to shows an order to its customer, and to others how to sign in."""

import re
from collections.abc import Iterator

import pytest

from services.api import session_tokens
from services.api.middleware.auth import COOKIE
from shared.db import orders, sessions
from shared.db.pool import Database
from shared.models.order import Order
from tests.stack import RunningStack
from tests.system.visitor import Visit


@pytest.fixture
def signed(stack: RunningStack, told: list[str]) -> Iterator[tuple[Order, str]]:
    """The order of the story, and a token of its customer's."""
    database, token = Database(stack.database_url, pool_max=2), session_tokens.make()
    number = next(found[1] for line in told if (found := re.search(r"201  (ST-\w{4}-\w{4}), unpaid", line)))
    database.open()
    with database.transaction() as connection:
        order = orders.by_number(connection, None, number)
        assert order is not None
        sessions.open_new(connection, order.customer_id, session_tokens.digest(token), "tests")
    yield order, token
    database.close()


def test_an_order_is_shown_to_its_customer_and_to_no_one_else(visit: Visit, signed: tuple[Order, str]) -> None:
    order, token = signed
    page, address = visit.page, f"{visit.address}/orders/{order.order_number}"
    page.goto(address)
    page.get_by_text("Sign in with the mail address").wait_for()
    visit.sees("link")
    assert not page.locator("#order").is_visible()
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": visit.address}])
    page.goto(address)
    page.get_by_text("It is on its way to you.").wait_for()
    assert visit.reads("#total").startswith("Total: ")
    assert "Parcel with DHL" in visit.reads("#notes")
    assert not page.locator("#pay").is_visible()
    assert visit.unexpected() == []
