"""Moves of orders: the allowed ones and no others, one admin at a time, held and resumed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from services.api.production import release
from shared.db import order_events
from shared.models.order import NEXT, Hold, Order, ProductionStatus
from tests.services.api.client import body, refused
from tests.services.api.orders import rows
from tests.services.api.production.conftest import Printer

S = ProductionStatus
MOVES = {(S.QUEUED, S.PRINTING), (S.PRINTING, S.PRINTED), (S.PRINTED, S.PACKED)}


def history(printer: Printer, order: Order) -> list[tuple[str, str]]:
    with printer.api.deps.database.transaction() as connection:
        return [(event.what, event.actor) for event in order_events.of_order(connection, order.id)][1:]


def test_an_order_goes_one_step_at_a_time(printer: Printer) -> None:
    order = printer.paid()
    moved = printer.move(order, "printing", "printed", "packed")
    assert (moved["productionStatus"], moved["version"]) == ("packed", order.version + 3)
    assert history(printer, order) == [("printing", "orders"), ("printed", "orders"), ("packed", "orders")]


@pytest.mark.parametrize("status", [one for one in S if one not in (S.WAITING, S.HELD, S.CANCELLED)])
def test_no_step_is_left_out_or_taken_back(printer: Printer, status: ProductionStatus) -> None:
    order = printer.paid(status)
    for to in (S.PRINTING, S.PRINTED, S.PACKED):
        if (status, to) not in MOVES:
            details = refused(printer.post(order, "production", to=to), 409, "not_allowed_now")
            assert details == {"paymentStatus": "paid", "productionStatus": status}
    assert printer.found(order) == order


def test_the_moves_are_those_that_the_states_are_drawn_with() -> None:
    assert {(state, to) for state, to in NEXT.items() if to not in (S.SHIPPED, S.DELIVERED)} == MOVES


@pytest.mark.parametrize(
    ("facts", "status"), [({"dispute": "open"}, "disputed"), ({"dispute": "lost"}, "lost"), ({}, "refunded")]
)
def test_nothing_is_made_of_what_is_not_paid_for(printer: Printer, facts: dict[str, object], status: str) -> None:
    order = printer.paid()
    printer.change(order, **(facts or {"refunded_cents": order.total_cents}))
    assert refused(printer.post(order, "production", to="printing"), 409, "not_allowed_now")["paymentStatus"] == status


def test_an_unpaid_order_an_unknown_one_and_an_old_version_are_refused(printer: Printer) -> None:
    order = printer.paid("waiting")
    refused(printer.post(order, "production", to="printing"), 409, "not_allowed_now")
    refused(printer.post(order, "production", order.version + 1, to="printing"), 412, "changed")
    headers = {"If-Match": "1"}
    path = "/api/admin/orders/00000000-0000-0000-0000-000000000000/production"
    refused(printer.client.post(path, json={"to": "printing"}, headers=headers), 404, "not_found")
    refused(printer.client.get(path), 404, "not_found")
    refused(printer.post(order, "production", to="shipped"), 400, "invalid_request")


def test_of_two_admins_who_move_an_order_at_once_one_does(printer: Printer) -> None:
    order, start = printer.paid(), Barrier(2)

    def move(_: int) -> int:
        start.wait()
        return printer.post(order, "production", order.version, to="printing").status_code

    with ThreadPoolExecutor(2) as admins:
        assert sorted(admins.map(move, range(2))) == [200, 412]
    assert history(printer, order) == [("printing", "orders")]


def test_an_order_is_held_and_resumed(printer: Printer) -> None:
    order = printer.paid("printing")
    held = body(printer.post(order, "hold", reason="The customer called"))
    assert (held["productionStatus"], held["heldFrom"]) == ("held", "printing")
    assert (held["heldFor"], held["heldReason"]) == ("admin", "The customer called")
    assert body(printer.post(order, "hold", reason="The customer called"))["version"] == held["version"]
    refused(printer.post(order, "hold", reason="again"), 409, "not_allowed_now")
    refused(printer.post(order, "production", to="printed"), 409, "not_allowed_now")
    resumed = body(printer.post(order, "resume"))
    assert (resumed["productionStatus"], resumed["heldFor"], resumed["heldReason"]) == ("printing", None, None)
    refused(printer.post(order, "resume"), 409, "not_allowed_now")


@pytest.mark.parametrize("words", list(Hold))
def test_an_admin_s_hold_is_the_admin_s_to_end_whatever_it_says(printer: Printer, words: str) -> None:
    order = printer.paid()
    held = body(printer.post(order, "hold", reason=words))
    assert (held["heldFor"], held["heldReason"]) == ("admin", words)
    with printer.api.deps.database.transaction() as connection:
        for reason in (Hold.DISPUTE, Hold.REVIEW, Hold.ARTWORK):
            now = rows.found(connection, order.id)
            assert release.resume(connection, now, reason) == now
    assert body(printer.post(order, "resume"))["productionStatus"] == "queued"


def test_a_dispute_must_end_before_an_order_is_resumed(printer: Printer) -> None:
    order = printer.paid("held", held_from="queued", held_for="dispute")
    printer.change(order, dispute="open")
    assert refused(printer.post(order, "resume"), 409, "not_allowed_now")["heldFor"] == "dispute"
    printer.change(order, dispute="won")
    assert body(printer.post(order, "resume"))["productionStatus"] == "queued"
