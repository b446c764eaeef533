"""Documents over HTTP: a customer's own, and those of the shop, made of what is stored."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.payments import settlement
from shared.db import customers, invoices, refunds
from shared.models.order import Order
from shared.models.owner import Scope
from tests.services.api.client import body, refused, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import signed_in, with_key
from tests.services.api.documents.reading import amount, pages
from tests.services.api.documents.test_slip import pictures_in
from tests.services.api.orders import rows
from tests.services.api.orders.test_views import SHIP_TO
from tests.shared.db import catalogue
from tests.shared.db.paid_orders import refund


@dataclass(frozen=True, slots=True)
class Shop:
    api: Api
    ann: FlaskClient
    order: Order  # ann's

    def pay(self) -> None:
        deps = self.api.deps
        with deps.database.transaction() as connection, settlement.settling(deps, connection, self.order.id):
            rows.paid(connection, self.order)

    def refund(self, cents: int = 1100) -> str:
        """Refund a part of the first line; returns the number of the credit note."""
        with self.api.deps.database.transaction() as connection:
            with settlement.settling(self.api.deps, connection, self.order.id):
                refund(connection, self.order, {"line": 1, "quantity": 1, "cents": cents, "taxCents": cents // 11})
                refunds.sum_up(connection, self.order.id)
            return invoices.of_orders(connection, [self.order.id])[-1].number

    def get(self, file: str, client: FlaskClient | None = None) -> TestResponse:
        return (client or self.ann).get(f"/api/orders/{self.order.id}/{file}")


@pytest.fixture
def shop(api: Api) -> Shop:
    ann = signed_in(api, "ann@shop.example")
    with api.deps.database.transaction() as connection:
        customer = customers.by_email(connection, "ann@shop.example")
        order = rows.order(connection, customer=customer, quantities=(2, 1), discount_cents=130)
    return Shop(api, ann, order)


def test_the_invoice_is_a_pdf_with_the_amounts_of_the_order_as_soon_as_it_is_paid(shop: Shop) -> None:
    refused(shop.get("invoice.pdf"), 409, "not_paid")
    shop.pay()
    response = shop.get("invoice.pdf")
    assert (response.status_code, response.content_type) == (200, "application/pdf")
    assert response.headers["Content-Disposition"] == "inline; filename=TEST-INV-000001.pdf"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.data.startswith(b"%PDF-")
    totals = shop.ann.get(f"/api/orders/{shop.order.id}").json["totals"]  # type: ignore[index]
    assert amount(response.data, "Total USD") == totals["totalCents"] == totals["receivedCents"]
    assert amount(response.data, "Goods") == totals["subtotalCents"]
    assert amount(response.data, "Shipping") == totals["shippingCents"]
    assert shop.get("invoice.pdf").data == response.data


def test_an_invoice_stays_as_it_was_whatever_becomes_of_the_order_and_the_seller(
    shop: Shop, environment: pytest.MonkeyPatch, start: Start
) -> None:
    shop.pay()
    before = shop.get("invoice.pdf").data
    environment.setenv("SHOP_ADDRESS", "Elsewhere 9")
    later = start()
    assert later.deps.settings.seller.address == ("Elsewhere 9",)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("""update orders set ship_to = ship_to || '{"name": "Other"}'""")
        connection.execute("update order_items set title = 'Other'")
    assert shop.get("invoice.pdf", signed_in(later, "ann@shop.example")).data == before


def test_a_credit_note_is_found_below_its_own_order_alone(shop: Shop) -> None:
    shop.pay()
    number = shop.refund()
    response = shop.get(f"credit-notes/{number}.pdf")
    assert response.status_code == 200
    assert amount(response.data, "Total USD") == -1100
    order = body(shop.ann.get(f"/api/orders/{shop.order.id}"))
    assert [(one["number"], one["kind"], one["totalCents"], one["taxCents"]) for one in order["invoices"]] == [
        ("TEST-INV-000001", "invoice", shop.order.total_cents, shop.order.tax_cents),
        (number, "credit_note", -1100, -100),
    ]
    for other in ("TEST-INV-000001", "TEST-CN-000002", "CN-000001", "nonsense"):
        refused(shop.get(f"credit-notes/{other}.pdf"), 404, "not_found")


def test_documents_of_another_customer_do_not_exist(shop: Shop) -> None:
    shop.pay()
    number = shop.refund()
    bert = signed_in(shop.api, "bert@shop.example")
    for file in ("invoice.pdf", f"credit-notes/{number}.pdf"):
        refused(shop.get(file, bert), 404, "not_found")
        refused(shop.get(file, shop.api.guest()), 401, "unauthorized")
    refused(bert.get(f"/api/orders/{uuid4()}/invoice.pdf"), 404, "not_found")


def test_the_shop_gets_slip_and_label_of_a_paid_order_and_any_document_by_number(shop: Shop) -> None:
    printer = with_key(shop.api, Scope.ORDERS)
    folder = f"/api/admin/orders/{shop.order.id}"
    for file in ("slip.pdf", "label.pdf"):
        refused(printer.get(f"{folder}/{file}"), 409, "not_paid")
    shop.pay()
    for file in ("slip.pdf", "label.pdf"):
        response = printer.get(f"{folder}/{file}")
        assert response.headers["Content-Disposition"] == f"inline; filename={file[:-4]}-{shop.order.order_number}.pdf"
        (page,) = pages(response.data)
        assert shop.order.order_number in page
        assert "TEST" in page
        assert "Ann Lee" in page
    for number in ("TEST-INV-000001", shop.refund()):
        assert number in pages(printer.get(f"/api/admin/invoices/{number}.pdf").data)[0]
    refused(printer.get("/api/admin/invoices/INV-000001.pdf"), 404, "not_found")
    refused(printer.get(f"/api/admin/orders/{uuid4()}/slip.pdf"), 404, "not_found")


def test_a_cancelled_order_has_neither_slip_nor_label(shop: Shop) -> None:
    shop.pay()
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update orders set production_status = 'cancelled', cancelled_at = now()")
    for file in ("slip.pdf", "label.pdf"):
        refused(with_key(shop.api, Scope.ORDERS).get(f"/api/admin/orders/{shop.order.id}/{file}"), 409, "not_paid")


def test_a_busy_renderer_says_when_to_come_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.pay()
    bulkhead = shop.api.deps.documents._bulkhead
    monkeypatch.setattr(bulkhead, "_wait_s", 0.01)
    with bulkhead.slot():
        response = shop.get("invoice.pdf")
    refused(response, 503, "busy")
    assert int(response.headers["Retry-After"]) > 0


def test_a_slip_shows_what_is_printed_and_goes_without_a_picture_that_is_gone(api: Api) -> None:
    ann, product_id = signed_in(api, "ann@shop.example"), catalogue.tee(api.deps.database)
    front = {"placement": "front", "method": "dtg", "leftMm": 0, "topMm": 0, "widthMm": 100}
    made = {"productId": str(product_id), "placements": [{**front, "assetId": upload(ann)["id"]}]}
    item = {"sku": "heavy-tee-M", "quantity": 1, "designIds": [body(ann.post("/api/designs", json=made))["id"]]}
    quote = body(ann.post("/api/price", json={"items": [item], "country": "US", "postalCode": "10001"}))
    sent = {"quoteId": quote["quoteId"], "shipTo": SHIP_TO}
    placed = body(ann.post("/api/orders", json=sent, headers={"Idempotency-Key": "one"}))
    with api.deps.database.transaction() as connection:
        rows.paid(connection, rows.found(connection, UUID(placed["id"])))
    printer, path = with_key(api, Scope.ORDERS), f"/api/admin/orders/{placed['id']}/slip.pdf"
    assert pictures_in(printer.get(path).data) == 1
    with api.deps.database.transaction() as connection:
        connection.execute("update assets set deleted_at = now()")
    assert pictures_in(printer.get(path).data) == 0
