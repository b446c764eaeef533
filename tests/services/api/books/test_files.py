"""The file of bookings for an accountant: a row for each rate of tax, as the documents say."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from shared.db import invoices, refunds
from shared.db.pool import Connection
from shared.models.invoice import Seller
from shared.models.order import Order
from tests.services.api.client import body
from tests.services.api.conftest import Api
from tests.shared.db import booked, paid_orders
from tests.shared.db.booked import NOON

DAY = timedelta(days=1)
NOVEMBER = "from=2026-11-01&to=2026-11-30"
SELLER = Seller("Acme Prints GmbH")
SHIPPING = {"line": 0, "quantity": 1, "cents": 595, "taxCents": 95}


def _rows(admin: FlaskClient, query: str) -> list[dict[str, str]]:
    response = admin.get(f"/api/admin/books.csv?{query}")
    assert response.status_code == 200, response.text
    assert response.content_type == "text/csv; charset=utf-8"
    sign = ";" if "semicolon" in query else ","
    return list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"), newline=""), delimiter=sign))


def _sold(connection: Connection, **changes: Any) -> Order:
    """Two lines with two rates of tax, and shipping: 12.84 at 7 %, 47.60 and 5.95 at 19 %; invoiced, and not booked."""
    rates = (paid_orders.line(1, 1200, tax_bp=700), paid_orders.line(2, 2000))
    order, items = paid_orders.paid(connection, *rates, test=False, **changes)
    assert invoices.issue(connection, order, items, SELLER)
    return order


def _paid(connection: Connection, **changes: Any) -> tuple[Order, str]:
    order = _sold(connection, **changes)
    return order, booked.payment(connection, order.id, order.total_cents, 200)


def test_a_payment_is_a_row_for_each_rate_and_its_fee_another(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        order, intent = _paid(connection)
    common = {"date": "2026-11-02", "order": order.order_number, "country": "DE", "currency": "EUR"}
    sale = {**common, "kind": "payment", "document": "INV-000001", "stripe_id": intent}
    assert _rows(admin, NOVEMBER) == [
        {**sale, "net": "12.00", "tax_rate": "7.00", "tax": "0.84", "gross": "12.84"},
        {**sale, "net": "45.00", "tax_rate": "19.00", "tax": "8.55", "gross": "53.55"},
        {**sale, "kind": "fee", "document": "", "net": "-2.00", "tax_rate": "", "tax": "0.00", "gross": "-2.00"},
    ]


def test_a_refund_has_the_taxes_of_its_credit_note_and_its_return_those_of_the_reversal(
    admin: FlaskClient, api: Api
) -> None:
    with api.deps.database.transaction() as connection:
        order, intent = _paid(connection)
        stripe_id = booked.refund(connection, intent, 1879, NOON + DAY, NOON + 2 * DAY)
        stored = refunds.by_stripe_id(connection, stripe_id)
        assert stored
        lines = ({"line": 1, "quantity": 1, "cents": 1284, "taxCents": 84}, SHIPPING)
        refund = replace(stored, lines=lines)
        assert invoices.credit(connection, order, refund)
        assert invoices.reverse(connection, order, refund)
    rows = [row for row in _rows(admin, NOVEMBER) if row["kind"].startswith("refund")]
    assert [(row["kind"], row["document"], row["net"], row["tax_rate"], row["tax"], row["gross"]) for row in rows] == [
        ("refund", "CN-000001", "-12.00", "7.00", "-0.84", "-12.84"),
        ("refund", "CN-000001", "-5.00", "19.00", "-0.95", "-5.95"),
        ("refund_failed", "CN-000002", "12.00", "7.00", "0.84", "12.84"),
        ("refund_failed", "CN-000002", "5.00", "19.00", "0.95", "5.95"),
    ]


def test_money_without_a_document_has_no_tax(admin: FlaskClient, api: Api) -> None:
    """Paid twice, disputed, paid back by hand."""
    with api.deps.database.transaction() as connection:
        order, intent = _paid(connection)
        booked.payment(connection, order.id, order.total_cents, 0, NOON + DAY)
        booked.refund(connection, intent, 100, NOON + DAY)
        booked.moved(connection, booked.dispute(connection, intent, 500), -500, 1500, NOON + DAY)
    rows = _rows(admin, "from=2026-11-03&to=2026-11-03")
    assert {(row["document"], row["tax_rate"], row["tax"]) for row in rows} == {("", "", "0.00")}
    assert sorted((row["kind"], row["gross"]) for row in rows) == [
        *(("dispute", "-5.00"), ("fee", "-15.00"), ("payment", "66.39"), ("refund", "-1.00")),
    ]


def test_of_two_payments_in_one_second_one_has_the_invoice(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        order, _ = _paid(connection)
        booked.payment(connection, order.id, order.total_cents, 0)
    rows = [row for row in _rows(admin, NOVEMBER) if row["kind"] == "payment"]
    assert sorted(row["document"] for row in rows) == ["", "INV-000001", "INV-000001"]  # which has two rates


def test_the_file_sums_to_the_net_of_the_days(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        for _ in range(3):
            _paid(connection, currency="usd")
        booked.three_days(connection)
    totals = {
        total["currency"]: total["netCents"] for total in body(admin.get(f"/api/admin/books?{NOVEMBER}"))["totals"]
    }
    rows = _rows(admin, NOVEMBER)
    for currency, cents in totals.items():
        written = [row["gross"] for row in rows if row["currency"] == currency.upper()]
        assert sum(round(float(gross) * 100) for gross in written) == cents


def test_with_semicolons_numbers_have_decimal_commas(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        _paid(connection)
    assert [row["gross"] for row in _rows(admin, f"{NOVEMBER}&separator=semicolon")] == ["12,84", "53,55", "-2,00"]


def test_no_cell_is_run_as_a_formula(admin: FlaskClient, api: Api) -> None:
    """A country is checked when an address is entered; here is one that was not."""
    with api.deps.database.transaction() as connection:
        _paid(connection, ship_to='{"country": "=1+1"}')
    assert {row["country"] for row in _rows(admin, NOVEMBER)} == {"'=1+1"}


def test_a_year_is_read_a_day_at_a_time(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        for month in range(1, 13):
            booked.payment(connection, booked.order(connection), at=datetime(2026, month, 28, 23, 59, tzinfo=UTC))
    rows = _rows(admin, "from=2026-01-01&to=2026-12-31")
    assert [row["date"][5:7] for row in rows if row["kind"] == "payment"] == [f"{month:02}" for month in range(1, 13)]


def test_a_file_holds_real_money_or_test_money_and_its_name_says_which(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        booked.three_days(connection, test=True)
    assert _rows(admin, NOVEMBER) == []
    assert len(_rows(admin, f"{NOVEMBER}&test=true")) == 9
    named = admin.get(f"/api/admin/books.csv?{NOVEMBER}&test=true").headers["Content-Disposition"]
    assert named == "attachment; filename=books-test-2026-11-01-2026-11-30.csv"


def test_both_ends_of_a_period_are_in_its_file(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        booked.three_days(connection)
    assert {row["date"] for row in _rows(admin, "from=2026-11-03&to=2026-11-03")} == {"2026-11-03"}
