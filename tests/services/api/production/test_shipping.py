"""Parcels: what is packed leaves once, with a mail, and arrives."""

from uuid import UUID, uuid4

import pytest

from shared.db import mails
from shared.models.mail import Mail, MailTemplate
from shared.models.order import Order
from tests.services.api.client import body, refused
from tests.services.api.production.conftest import Printer


def sent(printer: Printer) -> list[Mail]:
    with printer.api.deps.database.transaction() as connection:
        return mails.page(connection, 10, None, None).items


def test_a_packed_order_leaves_with_a_mail_to_its_customer(printer: Printer) -> None:
    order = printer.paid("packed")
    asked = printer.post(order, "shipments", carrier="DHL", tracking="JD0146")
    assert asked.status_code == 201, asked.text
    shown = body(asked)
    assert shown["productionStatus"] == "shipped"
    (parcel,) = shown["shipments"]
    assert (parcel["carrier"], parcel["tracking"], parcel["deliveredAt"]) == ("DHL", "JD0146", None)
    (mail,) = sent(printer)
    assert (mail.template, mail.facts["tracking"]) == (MailTemplate.ORDER_SHIPPED, "JD0146")


def test_a_repeated_request_ships_once(printer: Printer) -> None:
    order = printer.paid("packed")
    assert printer.post(order, "shipments", order.version, carrier="DHL").status_code == 201
    refused(printer.post(order, "shipments", order.version, carrier="DHL"), 412, "changed")
    assert (len(printer.show(order)["shipments"]), len(sent(printer))) == (1, 1)


@pytest.mark.parametrize("status", ["queued", "printing", "printed", "delivered"])
def test_only_what_is_packed_leaves(printer: Printer, status: str) -> None:
    order = printer.paid(status)
    refused(printer.post(order, "shipments", carrier="DHL"), 409, "not_allowed_now")
    assert (printer.found(order), sent(printer)) == (order, [])


def test_a_disputed_order_does_not_leave(printer: Printer) -> None:
    order = printer.change(printer.paid("packed"), dispute="open")
    refused(printer.post(order, "shipments", carrier="DHL"), 409, "not_allowed_now")


def deliver(printer: Printer, order: Order, parcel: dict[str, str] | UUID) -> str:
    parcel_id = parcel if isinstance(parcel, UUID) else parcel["id"]
    arrived = printer.post(order, f"shipments/{parcel_id}/delivered")
    assert arrived.status_code == 200, arrived.text
    return str(body(arrived)["productionStatus"])


def test_an_order_is_delivered_with_its_last_parcel(printer: Printer) -> None:
    order = printer.paid("packed")
    printer.post(order, "shipments", carrier="DHL")
    one, two = body(printer.post(order, "shipments", carrier="DHL"))["shipments"]
    assert deliver(printer, order, two) == "shipped"
    assert deliver(printer, order, one) == "delivered"


@pytest.mark.parametrize("parcels", [1, 2])
def test_a_parcel_that_has_arrived_arrives_again_without_effect(printer: Printer, parcels: int) -> None:
    order = printer.paid("packed")
    for _ in range(parcels):
        printer.post(order, "shipments", carrier="DHL")
    one = printer.show(order)["shipments"][0]
    deliver(printer, order, one)
    before = printer.found(order), printer.show(order)["shipments"]
    deliver(printer, order, one)
    assert (printer.found(order), printer.show(order)["shipments"]) == before


def test_a_parcel_of_another_order_does_not_arrive(printer: Printer) -> None:
    order, other = printer.paid("packed"), printer.paid("packed")
    (parcel,) = body(printer.post(other, "shipments", carrier="DHL"))["shipments"]
    refused(printer.post(order, f"shipments/{parcel['id']}/delivered"), 404, "not_found")
    refused(printer.post(order, f"shipments/{uuid4()}/delivered"), 404, "not_found")


def test_a_customer_sees_the_parcels_of_the_order(printer: Printer) -> None:
    order = printer.paid("packed")
    shipped = body(printer.post(order, "shipments", carrier="DHL", tracking="JD0146"))
    shown = body(printer.client.get(f"/api/admin/orders/{order.order_number}"))
    assert shown["shipments"] == shipped["shipments"]
