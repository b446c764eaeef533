"""Documents follow from an order's money, once each, however often it is looked at."""

from uuid import UUID

import pytest

from services.api.payments import settlement
from shared.db import invoices, orders, refunds
from shared.db.pool import Connection
from shared.models.invoice import Invoice
from shared.models.order import Order
from tests.services.api.conftest import Api
from tests.services.api.orders import rows
from tests.shared.db.paid_orders import refund

_FIRST_LINE = {"line": 1, "quantity": 1, "cents": 1100, "taxCents": 100}


@pytest.fixture
def paid(api: Api) -> Order:
    """An order that has just become paid."""
    with api.deps.database.transaction() as connection:
        made = rows.order(connection)
        with settlement.settling(api.deps, connection, made.id):
            rows.paid(connection, made)
    return made


def documents(api: Api, order_id: UUID) -> list[Invoice]:
    with api.deps.database.transaction() as connection:
        return list(invoices.of_orders(connection, [order_id]))


def fail(connection: Connection, refund_id: UUID) -> None:
    connection.execute("update refunds set status = 'failed' where id = %s", [refund_id])


def pay_and_fail(api: Api, made: Order) -> None:
    with api.deps.database.transaction() as connection:
        with settlement.settling(api.deps, connection, made.id):
            rows.paid(connection, made)
        raise InterruptedError


def test_an_order_that_becomes_paid_has_an_invoice(api: Api, paid: Order) -> None:
    (invoice,) = documents(api, paid.id)
    assert (invoice.number, invoice.total_cents) == ("TEST-INV-000001", paid.total_cents)
    assert invoice.facts.seller == api.deps.settings.seller


def test_an_unpaid_order_has_none(api: Api) -> None:
    with api.deps.database.transaction() as connection:
        made = rows.order(connection)
        with settlement.settling(api.deps, connection, made.id):
            pass
    assert documents(api, made.id) == []


def test_a_refund_is_credited_once_and_taken_back_once_when_it_fails(api: Api, paid: Order) -> None:
    with api.deps.database.transaction() as connection:
        with settlement.settling(api.deps, connection, paid.id):
            back = refund(connection, paid, _FIRST_LINE)
            refunds.sum_up(connection, paid.id)
        with settlement.settling(api.deps, connection, paid.id):
            pass
    assert [one.number for one in documents(api, paid.id)] == ["TEST-INV-000001", "TEST-CN-000001"]
    for _ in range(2):
        with api.deps.database.transaction() as connection, settlement.settling(api.deps, connection, paid.id):
            fail(connection, back.id)
            refunds.sum_up(connection, paid.id)
    made = documents(api, paid.id)
    assert [one.number for one in made] == ["TEST-INV-000001", "TEST-CN-000001", "TEST-CN-000002"]
    assert sum(one.total_cents for one in made) == paid.total_cents


def test_nothing_is_issued_if_the_transaction_fails(api: Api) -> None:
    with api.deps.database.transaction() as connection:
        made = rows.order(connection)
    with pytest.raises(InterruptedError):
        pay_and_fail(api, made)
    assert documents(api, made.id) == []
    with api.deps.database.transaction() as connection:
        current = orders.find(connection, None, made.id)
    assert current
    assert current.received_cents == 0
