"""Cancelled orders give back what they hold: by their customer before print, or unpaid when time has run out."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.orders import cancelling
from services.api.pricing.amounts import amount
from services.api.production import files
from shared.db import customers, discounts, ids, mails, order_events, order_items, production, reprints, variants
from shared.db.pool import Connection
from shared.models.customer import Customer
from shared.models.job import Job
from shared.models.order import Order, PaymentStatus, ProductionStatus
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in
from tests.services.api.orders import rows

EMAIL = "ann@shop.example"
_PAST = datetime.now(UTC) - timedelta(minutes=1)


class Shop:
    """A signed-in customer, and orders of theirs."""

    def __init__(self, api: Api) -> None:
        self.database = api.deps.database
        self.client: FlaskClient = signed_in(api, EMAIL)

    def order(self, **facts: Any) -> Order:
        with self.database.transaction() as connection:
            return rows.order(connection, customer=_customer(connection), quantities=(2, 1), stock=10, **facts)

    def paid(self, production: str = "queued", **facts: Any) -> Order:
        order = self.order()
        with self.database.transaction() as connection:
            return rows.paid(connection, order, production=production, **facts)

    def cancel(self, order: Order, key: str = "key") -> TestResponse:
        return self.client.post(f"/api/orders/{order.id}/cancel", headers={"Idempotency-Key": key})

    def stock(self, order: Order) -> list[int]:
        with self.database.transaction() as connection:
            items = order_items.of_order(connection, order.id)
            found = [variants.find(connection, item.variant_id) for item in items]
        return [variant.stock for variant in found if variant]

    def now(self, order: Order) -> Order:
        with self.database.transaction() as connection:
            return rows.found(connection, order.id)

    def history(self, order: Order) -> list[tuple[str, str]]:
        with self.database.transaction() as connection:
            return [(event.what, event.actor) for event in order_events.of_order(connection, order.id)]


def _customer(connection: Connection) -> Customer:
    found = customers.by_email(connection, EMAIL)
    assert found is not None
    return found


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


# By the customer


def test_an_unpaid_order_is_cancelled_and_its_pieces_are_for_sale_again(shop: Shop) -> None:
    order = shop.order()
    assert shop.stock(order) == [8, 9]
    response = shop.cancel(order)
    assert response.status_code == 200, response.text
    shown = body(response)
    assert (shown["paymentStatus"], shown["productionStatus"]) == ("cancelled", "cancelled")
    assert (shown["version"], shown["holdUntil"]) == (2, None)
    assert shop.stock(order) == [10, 10]
    assert shop.history(order) == [("placed", "customer"), ("cancelled", "customer")]


def test_a_cancellation_has_one_effect_whatever_key_it_comes_with(shop: Shop) -> None:
    order = shop.order()
    first, second = shop.cancel(order), shop.cancel(order)
    assert body(second) == body(first)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert body(shop.cancel(order, "another")) == body(first)
    assert shop.stock(order) == [10, 10]
    with shop.database.transaction() as connection:
        assert len(mails.page(connection, 9, None, None).items) == 1


@pytest.mark.parametrize("production", ["printing", "printed", "packed", "shipped", "delivered"])
def test_an_order_that_is_printed_is_not_cancelled(shop: Shop, production: str) -> None:
    order = shop.paid(production)
    refused(shop.cancel(order), 409, "in_production")
    assert shop.now(order) == order


@pytest.mark.parametrize(
    "facts",
    [
        {"processing": True},
        {"review": "amount"},
    ],
)
def test_an_order_whose_money_is_undecided_is_not_cancelled(shop: Shop, facts: dict[str, Any]) -> None:
    order = shop.order(**facts)
    refused(shop.cancel(order), 409, "not_allowed_now")
    assert shop.stock(order) == [8, 9]


@pytest.mark.parametrize("why", [{"held_for": "artwork"}, {"held_for": "admin", "held_reason": "The customer called"}])
def test_an_order_that_is_held_is_cancelled_unless_it_was_in_print(shop: Shop, why: dict[str, str]) -> None:
    held = {"production": "held", **why}
    assert shop.cancel(shop.paid(**held, held_from="queued")).status_code == 200
    refused(shop.cancel(shop.paid(**held, held_from="printing"), "2"), 409, "in_production")
    for dispute in ("open", "lost"):
        disputed = shop.paid(production="held", held_for="dispute", held_from="queued", dispute=dispute)
        refused(shop.cancel(disputed, dispute), 409, "not_allowed_now")


def test_an_order_that_is_printed_again_is_not_cancelled(shop: Shop) -> None:
    order = shop.paid()
    with shop.database.transaction() as connection:
        items = order_items.of_order(connection, order.id)
        reprints.add(connection, {items[0].id: 1}, "spoiled", "printer")
    refused(shop.cancel(order), 409, "in_production")
    assert shop.now(order) == order
    assert shop.stock(order) == [8, 9]


def test_another_customer_s_order_is_not_cancelled(api: Api, shop: Shop) -> None:
    order = shop.order()
    bert = signed_in(api, "bert@shop.example")
    path = f"/api/orders/{order.id}/cancel"
    refused(bert.post(path, headers={"Idempotency-Key": "key"}), 404, "not_found")
    refused(shop.client.post(path), 400, "idempotency_key_missing")


def test_a_cancelled_order_gives_back_its_use_of_a_discount_code(api: Api, shop: Shop) -> None:
    with shop.database.transaction() as connection:
        connection.execute(
            "insert into discounts (id, code, off_bp, max_uses) values (%s, 'AUTUMN', 1000, 1)", [ids.new()]
        )
    order = shop.order(discount_code="AUTUMN")
    shop.cancel(order)
    with shop.database.transaction() as connection:
        discount = discounts.find(connection, "AUTUMN")
    assert discount is not None
    assert discount.uses == 0


def test_the_files_of_a_cancelled_order_are_not_made(api: Api, shop: Shop) -> None:
    order, other = shop.paid(), shop.paid()
    with shop.database.transaction() as connection:
        for one in (order, other):
            files.make(connection, order_items.of_order(connection, one.id))
    assert shop.cancel(order).status_code == 200
    with shop.database.transaction() as connection:
        states = {one.id: {job.status for job in _jobs(connection, one)} for one in (order, other)}
    assert states == {order.id: {"cancelled"}, other.id: {"queued"}}


def _jobs(connection: Connection, order: Order) -> Collection[Job]:
    prints = [one for item in order_items.of_order(connection, order.id) for one in item.prints]
    return production.find_jobs(connection, [one.print_job_id for one in prints if one.print_job_id]).values()


# By time


def test_an_unpaid_order_is_cancelled_once_its_reservation_has_run_out(api: Api, shop: Shop) -> None:
    late, early = shop.order(hold_until=_PAST), shop.order()
    assert cancelling.expire(api.deps) == 1
    assert shop.now(late).payment_status is PaymentStatus.CANCELLED
    assert shop.now(early).production_status is ProductionStatus.WAITING
    assert (shop.stock(late), shop.stock(early)) == ([10, 10], [8, 9])
    assert shop.history(late)[-1] == ("cancelled", "shop")
    assert cancelling.expire(api.deps) == 0


def test_an_unpaid_order_that_is_held_is_cancelled_in_time_as_well(api: Api, shop: Shop) -> None:
    held = {"production_status": "held", "held_from": "waiting", "held_for": "admin", "held_reason": "Ask first"}
    order = shop.order(hold_until=_PAST, **held)
    assert cancelling.expire(api.deps) == 1
    assert shop.now(order).payment_status is PaymentStatus.CANCELLED
    assert shop.stock(order) == [10, 10]


def test_an_order_paid_at_the_last_moment_is_not_cancelled(api: Api, shop: Shop) -> None:
    order = shop.order(hold_until=_PAST)
    with shop.database.transaction() as connection:
        paid = rows.paid(connection, order)
        rows.change(connection, order.id, hold_until=_PAST)
    assert cancelling.expire(api.deps) == 0
    assert shop.now(order).production_status is paid.production_status
    assert shop.stock(order) == [8, 9]


def test_an_order_whose_payment_is_on_its_way_stays_reserved(api: Api, shop: Shop) -> None:
    order = shop.order(hold_until=_PAST, processing=True)
    assert cancelling.expire(api.deps) == 0
    held = shop.now(order).hold_until
    assert held is not None
    assert held > datetime.now(UTC)
    assert shop.stock(order) == [8, 9]


def test_the_customer_is_told_of_the_end_of_an_order_and_of_the_money(api: Api, shop: Shop) -> None:
    late, unpaid, paid = shop.order(hold_until=_PAST), shop.order(), shop.paid()
    assert cancelling.expire(api.deps) == 1
    for order in (unpaid, paid):
        assert shop.cancel(order, str(order.id)).status_code == 200
    with shop.database.transaction() as connection:
        told = {mail.facts["order"].split()[0]: mail.facts for mail in mails.page(connection, 9, None, None).items}
    said = {number: (facts["expired"], facts["refund"]) for number, facts in told.items()}
    assert said == {
        late.order_number: ("yes", ""),
        unpaid.order_number: ("", ""),
        paid.order_number: ("", amount(paid.total_cents, paid.currency)),
    }
