"""Invoices, credit notes and reversals: what they say, their numbers, and that they never change."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from shared.db import invoices
from shared.db.pool import Database
from shared.models.invoice import InvoiceKind, Seller
from shared.models.order import Order, OrderItem
from tests.shared.db.paid_orders import line, paid, refund
from tests.shared.db.rows import run

SELLER = Seller("Acme Prints GmbH", ("Hauptstr. 1", "10115 Berlin"), "DE123456789", "shop@acme.example")


def numbers(database: Database) -> list[Any]:
    with database.transaction() as connection:
        rows = connection.execute("select series, number from invoices order by series, number").fetchall()
    return [(row["series"], row["number"]) for row in rows]


def orders(database: Database, count: int, **changes: Any) -> list[tuple[Order, tuple[OrderItem, ...]]]:
    with database.transaction() as connection:
        return [paid(connection, **changes) for _ in range(count)]


def test_an_invoice_says_what_was_ordered_and_sums_taxes_by_rate(database: Database) -> None:
    with database.transaction() as connection:
        order, items = paid(connection, line(3, 1999, 100), line(1, 1000, tax_bp=700))
        issued = invoices.issue(connection, order, items, SELLER)
    assert issued
    assert issued.number == "TEST-INV-000001"
    assert issued.kind is InvoiceKind.INVOICE
    assert (issued.total_cents, issued.tax_cents, issued.currency) == (order.total_cents, order.tax_cents, "eur")
    assert [one.line for one in issued.facts.lines] == [1, 2, 0]
    assert [(tax.rate_bp, tax.net_cents, tax.tax_cents) for tax in issued.facts.taxes] == [
        (700, 1000, 70),
        (1900, 5897 + 500, 1120 + 95),
    ]
    assert issued.facts.seller == SELLER
    assert issued.facts.buyer["name"] == "Zoë Łęcka"
    assert "phone" not in issued.facts.buyer


def test_an_order_gets_one_invoice_however_often_it_is_asked_for(database: Database) -> None:
    [(order, items)] = orders(database, 1)
    issued = [run(database, invoices.issue, order, items, SELLER) for _ in range(3)]
    assert issued[0] == issued[1] == issued[2]
    assert run(database, invoices.of_orders, [order.id]) == (issued[0],)


def test_a_test_order_takes_no_number_of_the_real_series(database: Database) -> None:
    for test in (True, False, True, False):
        run(database, invoices.issue, *orders(database, 1, test=test)[0], SELLER)
    assert numbers(database) == [("invoice", 1), ("invoice", 2), ("test_invoice", 1), ("test_invoice", 2)]


def test_numbers_have_no_gap_when_fifty_are_issued_at_once_and_some_roll_back(
    database: Database, database_url: str
) -> None:
    made = orders(database, 50, test=False)
    together = threading.Barrier(25)  # the server takes 50 connections

    def issue(at: int) -> None:
        together.wait(10)
        with psycopg.connect(database_url, row_factory=dict_row) as connection:
            invoices.issue(connection, *made[at], SELLER)
            if at % 3 == 0:
                raise InterruptedError

    with ThreadPoolExecutor(25) as threads:
        failed = [done.exception() for done in [threads.submit(issue, at) for at in range(50)]]
    assert sum(isinstance(error, InterruptedError) for error in failed) == 17
    assert numbers(database) == [("invoice", number) for number in range(1, 34)]
    with database.transaction() as connection:
        rising = connection.execute("select number from invoices order by issued_at").fetchall()
    assert [row["number"] for row in rising] == list(range(1, 34))


def test_a_refund_is_credited_in_the_words_of_the_invoice(database: Database) -> None:
    [(order, items)] = orders(database, 1, test=False)
    with database.transaction() as connection:
        issued = invoices.issue(connection, order, items, SELLER)
        back = refund(
            connection, order, {"line": 1, "quantity": 1, "cents": 1190, "taxCents": 190},
            {"line": 0, "quantity": 0, "cents": 119, "taxCents": 19},
        )  # fmt: skip
        credited = invoices.credit(connection, order, back)
        assert invoices.credit(connection, order, back) == credited
    assert issued
    assert credited
    assert (credited.number, credited.kind, credited.facts.corrects) == (
        "CN-000001",
        InvoiceKind.CREDIT_NOTE,
        issued.number,
    )
    assert (credited.total_cents, credited.tax_cents) == (-1309, -209)
    assert [(one.title, one.net_cents, one.tax_cents) for one in credited.facts.lines] == [
        ("Heavyweight tee", -1000, -190),
        ("Shipping", -100, -19),
    ]


def test_a_refund_that_fails_later_is_taken_back_by_a_document_of_its_own(database: Database) -> None:
    [(order, items)] = orders(database, 1, test=False)
    with database.transaction() as connection:
        invoices.issue(connection, order, items, SELLER)
        back = refund(connection, order, {"line": 1, "quantity": 1, "cents": 1190, "taxCents": 190})
        assert invoices.reverse(connection, order, back) is None
        credited = invoices.credit(connection, order, back)
        reversed_ = invoices.reverse(connection, order, back)
        assert invoices.reverse(connection, order, back) == reversed_
    assert credited
    assert reversed_
    assert (reversed_.number, reversed_.kind, reversed_.facts.corrects) == (
        "CN-000002",
        InvoiceKind.REVERSAL,
        "CN-000001",
    )
    assert (reversed_.total_cents, reversed_.tax_cents) == (1190, 190)
    documents = run(database, invoices.of_orders, [order.id])
    assert sum(one.total_cents for one in documents) == order.total_cents
    assert [one.number for one in documents] == ["INV-000001", "CN-000001", "CN-000002"]


def test_a_cancelled_order_that_is_paid_too_late_gets_no_invoice(database: Database) -> None:
    [(order, items)] = orders(database, 1, cancelled_at=datetime.now(UTC), production_status="cancelled")
    assert run(database, invoices.issue, order, items, SELLER) is None


def test_what_was_never_invoiced_is_not_credited(database: Database) -> None:
    [(order, items)] = orders(database, 1)
    with database.transaction() as connection:
        back = refund(connection, order, {"line": 1, "quantity": 1, "cents": 1190, "taxCents": 190})
        assert invoices.credit(connection, order, back) is None
        invoices.issue(connection, order, items, SELLER)
        assert invoices.credit(connection, order, refund(connection, order)) is None  # money paid twice


@pytest.mark.parametrize("change", ["update invoices set total_cents = 1", "delete from invoices"])
def test_the_database_refuses_to_change_what_was_issued(database: Database, change: str) -> None:
    [(order, items)] = orders(database, 1)
    issued = run(database, invoices.issue, order, items, SELLER)
    with pytest.raises(psycopg.errors.RestrictViolation), database.transaction() as connection:
        connection.execute(change.encode())
    assert run(database, invoices.of_orders, [order.id]) == (issued,)


def test_a_document_is_found_by_its_number_alone(database: Database) -> None:
    [(order, items)] = orders(database, 1)
    issued = run(database, invoices.issue, order, items, SELLER)
    assert run(database, invoices.by_number, "TEST-INV-000001") == issued
    for other in (
        "INV-000001",
        "TEST-INV-1",
        "TEST-INV-0000001",
        "TEST-INV-999999999",
        "X-000001",
        "",
        "INV-\u0660\u0660\u0660\u0660\u0660\u0661",
    ):
        assert run(database, invoices.by_number, other) is None
