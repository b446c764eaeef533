"""An account with orders: when it can be erased, what stays of it, and what its export holds."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.db import customers, invoices
from shared.db.pool import Connection
from shared.models.customer import Customer
from shared.models.invoice import Seller
from shared.models.order import Order
from tests.services.api.accounts.conftest import ANN, Mailbox
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in
from tests.services.api.orders import rows
from tests.shared.db import catalogue

NOW = datetime.now(UTC)
CANCELLED: Mapping[str, Any] = {"production_status": "cancelled", "cancelled_at": NOW, "hold_until": None}
Make = Callable[[Connection, Order], Order]


def _unpaid(connection: Connection, made: Order, **facts: Any) -> Order:
    return rows.change(connection, made.id, **facts) if facts else made


def _refunded(connection: Connection, made: Order, cents: int, **facts: Any) -> Order:
    return rows.paid(connection, made, refunded_cents=cents, **facts)


OPEN: Mapping[str, Make] = {
    "unpaid": _unpaid,
    "processing": lambda connection, made: _unpaid(connection, made, processing=True),
    "declined": lambda connection, made: _unpaid(connection, made, declined=True),
    "paid": rows.paid,
    "packed": lambda connection, made: rows.paid(connection, made, production="packed"),
    "partly refunded": lambda connection, made: _refunded(connection, made, 1),
    "being refunded": lambda connection, made: rows.paid(
        connection, made, production="cancelled", cancelled_at=NOW, refunding_cents=made.total_cents
    ),
    "to be looked at": lambda connection, made: rows.paid(connection, made, production="waiting", review="amount"),
    "paid twice, and shipped": lambda connection, made: rows.paid(
        connection, made, production="shipped", review="paid_twice"
    ),
    "disputed after it was shipped": lambda connection, made: rows.paid(
        connection, made, production="shipped", dispute="open"
    ),
}
FINISHED: Mapping[str, Make] = {
    "cancelled": lambda connection, made: _unpaid(connection, made, **CANCELLED),
    "shipped": lambda connection, made: rows.paid(connection, made, production="shipped"),
    "delivered": lambda connection, made: rows.paid(connection, made, production="delivered"),
    "refunded": lambda connection, made: _refunded(
        connection, made, made.total_cents, production="cancelled", cancelled_at=NOW
    ),
    "lost": lambda connection, made: rows.paid(connection, made, production="queued", dispute="lost"),
    "shipped and partly refunded": lambda connection, made: _refunded(connection, made, 1, production="shipped"),
}


def _with_order(api: Api, make: Make, email: str = ANN) -> tuple[FlaskClient, Order]:
    client = signed_in(api, email)
    with api.deps.database.transaction() as connection:
        return client, make(connection, rows.order(connection, customer=_customer(connection, email)))


def _customer(connection: Connection, email: str) -> Customer:
    found = customers.by_email(connection, email)
    assert found is not None
    return found


def _say(api: Api, statement: str) -> list[dict[str, Any]]:
    with api.deps.database.transaction() as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.mark.parametrize("make", OPEN.values(), ids=OPEN)
def test_an_account_with_an_open_order_is_not_erased(api: Api, mailbox: Mailbox, make: Make) -> None:
    client, order = _with_order(api, make)
    error = refused(client.delete("/api/account"), 409, "open_orders")
    assert error == {"orderNumbers": [order.order_number]}
    assert body(client.get("/api/account"))["email"] == ANN
    assert mailbox.mails() == []


@pytest.mark.parametrize("make", FINISHED.values(), ids=FINISHED)
def test_an_account_whose_orders_are_finished_is_erased(api: Api, make: Make) -> None:
    client, _ = _with_order(api, make)
    _with_order(api, rows.paid, "bob@shop.example")
    assert client.delete("/api/account").status_code == 204


def _shipped_with_invoice(connection: Connection, made: Order) -> Order:
    order = rows.paid(connection, made, production="shipped")
    invoices.issue(connection, order, [], Seller("Shop"))
    return order


def test_a_paid_order_stays_with_its_address_and_invoice_but_without_the_pictures(api: Api) -> None:
    client, order = _with_order(api, _shipped_with_invoice)
    _, others = _with_order(api, _shipped_with_invoice, "bob@shop.example")
    assert client.delete("/api/account").status_code == 204
    assert _say(api, f"select ship_to from orders where id = '{order.id}'") == [{"ship_to": dict(rows.SHIP_TO)}]
    assert len(_say(api, "select from invoices")) == 2
    assert ANN not in str([_say(api, f"select {table}::text as row from {table}") for table in _tables(api)])
    pictures = """select order_id as id, deleted_at is null as kept
        from order_items join order_prints on order_item_id = order_items.id join assets on assets.id = asset_id"""
    kept = {(row["id"], row["kept"]) for row in _say(api, pictures)}
    assert kept == {(order.id, False), (others.id, True)}


def _tables(api: Api) -> list[str]:
    """All but the outbox, whose last mail says that the account was erased."""
    found = _say(api, "select tablename from pg_tables where schemaname = 'public' and tablename <> 'mails'")
    return [row["tablename"] for row in found]


def test_what_was_made_of_the_pictures_goes_with_them(api: Api) -> None:
    client, order = _with_order(api, FINISHED["shipped"])
    with api.deps.database.transaction() as connection:
        copy = connection.execute("select * from assets where owner_type = 'shop' limit 1").fetchone()
        assert copy is not None
        changes = {"id": order.id, "made_of": copy["id"], "job_id": order.id, "origins": None}
        catalogue.insert(connection, "assets", {**copy, **changes})
    assert client.delete("/api/account").status_code == 204
    assert _say(api, "select from assets where owner_type = 'shop' and deleted_at is null") == []


def test_an_order_that_was_never_paid_keeps_only_the_country(api: Api) -> None:
    client, _ = _with_order(api, FINISHED["cancelled"])
    assert client.delete("/api/account").status_code == 204
    (row,) = _say(api, "select ship_to from orders")
    assert row["ship_to"] == {**dict.fromkeys(rows.SHIP_TO, ""), "country": "US"}


def test_a_quote_that_an_order_names_stays_and_the_others_go(api: Api) -> None:
    client, order = _with_order(api, FINISHED["shipped"])
    with api.deps.database.transaction() as connection:
        rows.add_quote(connection, _customer(connection, ANN), [])
    assert len(_say(api, "select from quotes")) == 2
    assert client.delete("/api/account").status_code == 204
    assert [row["id"] for row in _say(api, "select id from quotes")] == [order.quote_id]


def test_an_export_holds_the_customer_s_orders_with_their_money_and_documents(api: Api) -> None:
    client, order = _with_order(api, _shipped_with_invoice)
    _with_order(api, _shipped_with_invoice, "bob@shop.example")
    records = body(client.get("/api/account/export"))["records"]
    assert [row["order_number"] for row in records["orders"]] == [order.order_number]
    assert records["orders"][0]["ship_to"] == dict(rows.SHIP_TO)
    assert [row["line"] for row in records["order_items"]] == [1, 2]
    assert {row["placement"] for row in records["order_prints"]} == {"front"}
    assert all(row["url"].startswith("/assets/") for row in records["order_prints"])
    assert [row["what"] for row in records["order_events"]] == ["placed"]
    assert [row["amount_cents"] for row in records["payments"]] == [order.total_cents]
    assert [row["facts"]["buyer"]["name"] for row in records["invoices"]] == ["Ann Lee"]
    for name in ("refunds", "disputes", "shipments", "reprints"):
        assert records[name] == []
    assert "idempotency" not in str(records)
