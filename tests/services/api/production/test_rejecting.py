"""Artwork that cannot be printed: told to the customer, replaced in the same place, and then printed."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.refunds import issuing, rules
from shared.db import assets, customers, mails, order_items
from shared.models.mail import MailTemplate
from shared.models.order import ARTWORK, Order, OrderPrint
from tests.services import pictures
from tests.services.api.client import body, refused, upload
from tests.services.api.customers import signed_in
from tests.services.api.orders import rows
from tests.services.api.production.conftest import Printer

REASON = "The lines are thinner than 0.3 mm."


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer with a paid order of two lines that show the same picture."""

    printer: Printer
    client: FlaskClient
    order: Order

    def prints(self) -> list[OrderPrint]:
        with self.printer.api.deps.database.transaction() as connection:
            items = order_items.of_order(connection, self.order.id)
        return [one for item in items for one in item.prints]

    def reject(self, **headers: int) -> TestResponse:
        return self.printer.post(self.order, f"prints/{self.prints()[0].id}/reject", reason=REASON, **headers)

    def replace(
        self, asset_id: str, client: FlaskClient | None = None, headers: dict[str, str] | None = None
    ) -> TestResponse:
        path = f"/api/orders/{self.order.id}/prints/{self.prints()[0].id}/artwork"
        return (client or self.client).post(path, json={"assetId": asset_id}, headers=headers)

    def state(self) -> tuple[str, str | None]:
        now = self.printer.found(self.order)
        return now.production_status, now.held_for


@pytest.fixture
def buyer(printer: Printer) -> Buyer:
    client = signed_in(printer.api, "bea@shop.example")
    with printer.api.deps.database.transaction() as connection:
        customer = customers.by_email(connection, "bea@shop.example")
        order = rows.paid(connection, rows.order(connection, customer=customer))
    return Buyer(printer, client, order)


def test_a_rejected_picture_holds_the_order_and_is_told_to_the_customer(buyer: Buyer) -> None:
    shown = body(buyer.reject())
    assert (shown["productionStatus"], shown["heldFrom"], shown["heldFor"]) == ("held", "queued", "artwork")
    assert [one.rejection for one in buyer.prints()] == [REASON, REASON]
    with buyer.printer.api.deps.database.transaction() as connection:
        (mail,) = mails.page(connection, 10, None, None).items
    assert (mail.template, mail.recipient, mail.facts["reason"]) == (
        MailTemplate.ARTWORK_REJECTED,
        "bea@shop.example",
        REASON,
    )
    seen = body(buyer.client.get(f"/api/orders/{buyer.order.order_number}"))
    assert seen["items"][0]["prints"][0]["rejection"] == REASON
    refused(buyer.printer.post(buyer.order, "resume"), 409, "not_allowed_now")


def test_a_picture_is_rejected_once_for_a_reason(buyer: Buyer) -> None:
    first = body(buyer.reject())
    assert body(buyer.reject())["version"] == first["version"]
    with buyer.printer.api.deps.database.transaction() as connection:
        assert len(mails.page(connection, 10, None, None).items) == 1


def test_another_picture_takes_the_middle_of_the_box_and_the_order_goes_on(buyer: Buyer) -> None:
    buyer.reject()
    before = buyer.prints()[0]
    picture = upload(buyer.client, pictures.png(60, 20))
    seen = body(buyer.replace(picture["id"]))
    assert (seen["productionStatus"], buyer.state()) == ("queued", ("queued", None))
    one, other = buyer.prints()
    assert (one.left_um, one.top_um, one.width_um, one.height_um) == (10_000, 20_000 + 41_666, 200_000, 66_667)
    assert (one.rejection, one.asset_id, one.print_job_id) == (None, other.asset_id, other.print_job_id)
    assert one.asset_id != before.asset_id
    assert one.print_job_id is not None
    with buyer.printer.api.deps.database.transaction() as connection:
        copy = assets.find(connection, ARTWORK, one.asset_id)
    assert copy is not None
    assert copy.sha256 == picture["sha256"]


def test_a_high_picture_is_as_high_as_the_box(buyer: Buyer) -> None:
    buyer.reject()
    buyer.replace(upload(buyer.client, pictures.png(20, 60))["id"])
    one = buyer.prints()[0]
    assert (one.left_um, one.top_um, one.width_um, one.height_um) == (10_000 + 75_000, 20_000, 50_000, 150_000)


def test_a_picture_that_cannot_be_printed_is_refused(buyer: Buyer) -> None:
    buyer.reject()
    refused(buyer.replace(upload(buyer.client, pictures.clear())["id"]), 422, "no_ink")
    others = upload(buyer.printer.api.guest(), pictures.png(shade=9))
    refused(buyer.replace(others["id"]), 404, "not_found")
    assert buyer.state() == ("held", "artwork")


def test_only_the_customer_replaces_a_picture_and_only_a_rejected_one(buyer: Buyer) -> None:
    picture = upload(buyer.client, pictures.png())["id"]
    refused(buyer.replace(picture), 409, "not_allowed_now")
    buyer.printer.post(buyer.order, "hold", reason="The customer called")
    refused(buyer.replace(picture), 409, "not_allowed_now")
    buyer.printer.post(buyer.order, "resume")
    buyer.reject()
    other = signed_in(buyer.printer.api, "carl@shop.example")
    refused(buyer.replace(upload(other, pictures.png())["id"], other), 404, "not_found")
    assert buyer.replace(picture).status_code == 200
    refused(buyer.replace(picture), 409, "not_allowed_now")


def test_a_picture_of_pieces_that_are_paid_back_is_not_replaced(buyer: Buyer) -> None:
    buyer.reject()
    picture = upload(buyer.client, pictures.png())["id"]
    order, total = buyer.order, buyer.order.total_cents
    for facts in ({"refunded_cents": total}, {"refunded_cents": 0, "refunding_cents": total}):
        buyer.printer.change(order, **facts)
        refused(buyer.replace(picture), 409, "not_allowed_now")
    buyer.printer.change(order, refunding_cents=0, dispute="lost")
    assert refused(buyer.replace(picture), 409, "not_allowed_now")["paymentStatus"] == "lost"
    buyer.printer.change(order, dispute="none")
    assert buyer.replace(picture).status_code == 200


def test_an_order_goes_on_without_the_rejected_pieces_once_they_are_paid_back(buyer: Buyer) -> None:
    with buyer.printer.api.deps.database.transaction() as connection:
        items = order_items.of_order(connection, buyer.order.id)
        another = "update order_prints set asset_id = gen_random_uuid() where order_item_id = %s"
        connection.execute(another, [items[1].id])
    buyer.reject()
    refused(buyer.printer.post(buyer.order, "resume"), 409, "not_allowed_now")
    with buyer.printer.api.deps.database.transaction() as connection:
        left = rules.of_pieces(rules.left(rows.found(connection, buyer.order.id), items, ()), {1: None})
        issuing.of_parts(connection, buyer.order, left, reason="", actor="orders")
    picture = upload(buyer.client, pictures.png())["id"]
    refused(buyer.replace(picture), 409, "not_allowed_now")
    resumed = buyer.printer.post(buyer.order, "resume")
    assert (resumed.status_code, body(resumed)["productionStatus"]) == (200, "queued")
    assert [item["line"] for item in body(resumed)["items"]] == [2]


def test_a_repeat_with_its_key_gets_the_same_answer(buyer: Buyer) -> None:
    buyer.reject()
    picture = upload(buyer.client, pictures.png())["id"]
    first, again = (buyer.replace(picture, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_an_order_held_for_another_reason_stays_held(buyer: Buyer) -> None:
    buyer.printer.post(buyer.order, "hold", reason="The customer called")
    buyer.reject()
    assert buyer.state() == ("held", "admin")
    assert buyer.replace(upload(buyer.client, pictures.png())["id"]).status_code == 200
    assert buyer.state() == ("held", "admin")
    assert buyer.printer.found(buyer.order).held_reason == "The customer called"
    assert buyer.printer.post(buyer.order, "resume").status_code == 200


@pytest.mark.parametrize("status", ["printed", "packed", "shipped"])
def test_what_is_printed_is_not_rejected(buyer: Buyer, status: str) -> None:
    buyer.printer.change(buyer.order, production_status=status)
    refused(buyer.reject(), 409, "not_allowed_now")


def test_a_print_of_another_order_and_an_old_version_are_refused(buyer: Buyer) -> None:
    other = buyer.printer.paid()
    path = f"prints/{buyer.prints()[0].id}/reject"
    refused(buyer.printer.post(other, path, reason=REASON), 404, "not_found")
    refused(buyer.reject(version=buyer.order.version + 1), 412, "changed")


def unprinted(buyer: Buyer) -> Any:
    return body(buyer.printer.client.get("/api/admin/production"))["items"]


def test_a_held_order_leaves_the_queue_until_its_picture_is_replaced(buyer: Buyer) -> None:
    buyer.reject()
    assert unprinted(buyer) == []
    buyer.replace(upload(buyer.client, pictures.png())["id"])
    assert [order["id"] for order in unprinted(buyer)] == [str(buyer.order.id)]
