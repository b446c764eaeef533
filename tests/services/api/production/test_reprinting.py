"""Pieces printed again: blank ones come from the stock, and only they are made."""

from typing import Any

import pytest

from shared.db import order_items, stock_moves
from shared.models.order import Order
from shared.models.stock_move import StockReason
from tests.services.api.client import body, refused
from tests.services.api.production.conftest import Printer

REASON = "The print has a crease"


def again(printer: Printer, order: Order, line: int = 2, quantity: int = 1) -> Any:
    return printer.post(order, "reprints", items=[{"line": line, "quantity": quantity}], reason=REASON)


def stock(printer: Printer, order: Order, line: int = 2) -> list[tuple[str, int]]:
    """The moves of the line's variant, newest first, which sum up to what is left."""
    with printer.api.deps.database.transaction() as connection:
        item = order_items.of_order(connection, order.id)[line - 1]
        moves = stock_moves.page(connection, item.variant_id, 10, None).items
        row = connection.execute("select stock from variants where id = %s", [item.variant_id]).fetchone()
    assert row is not None
    return [(move.reason, move.quantity) for move in moves] + [("left", row["stock"])]


def due(shown: dict[str, Any]) -> dict[int, int]:
    return {item["line"]: item["quantity"] for item in shown["items"]}


@pytest.mark.parametrize("status", ["printed", "packed", "shipped", "delivered"])
def test_pieces_are_made_again_alone_and_cost_nothing(printer: Printer, status: str) -> None:
    order = printer.paid(status, quantities=(2, 3))
    asked = again(printer, order, quantity=2)
    assert asked.status_code == 201, asked.text
    shown = body(asked)
    assert (shown["productionStatus"], shown["reprint"], due(shown)) == ("queued", True, {2: 2})
    assert stock(printer, order)[0] == (StockReason.REPRINTED, -2)
    assert stock(printer, order)[-1] == ("left", 5)
    assert shown["items"][0]["prints"][0]["file"]["status"] == "queued"
    assert printer.found(order).total_cents == order.total_cents


def test_a_piece_spoiled_before_it_left_is_packed_with_the_others(printer: Printer) -> None:
    order = printer.paid("printed", quantities=(2, 3))
    again(printer, order)
    assert due(printer.move(order, "printing", "printed")) == {1: 2, 2: 3}
    assert printer.show(order)["reprint"] is False


def test_a_piece_that_came_back_is_packed_alone(printer: Printer) -> None:
    order = printer.paid("packed", quantities=(2, 3))
    printer.post(order, "shipments", carrier="DHL")
    again(printer, order)
    assert due(printer.move(order, "printing", "printed", "packed")) == {2: 1}
    assert body(printer.post(order, "shipments", carrier="DHL"))["productionStatus"] == "shipped"


def test_without_stock_nothing_changes(printer: Printer) -> None:
    order = printer.paid("printed", quantities=(2, 3), stock=3)
    before = stock(printer, order)
    details = refused(again(printer, order), 409, "out_of_stock")
    assert list(details.values()) == [0]
    assert (printer.found(order), stock(printer, order)) == (order, before)


@pytest.mark.parametrize("status", ["queued", "printing"])
def test_what_is_being_made_is_not_made_again(printer: Printer, status: str) -> None:
    order = printer.paid(status)
    refused(again(printer, order), 409, "not_allowed_now")


def test_only_pieces_of_the_order_are_made_again(printer: Printer) -> None:
    order = printer.paid("printed", quantities=(2, 3))
    assert refused(again(printer, order, line=3), 400, "invalid_request") == {"line": 3}
    assert refused(again(printer, order, quantity=4), 400, "invalid_request") == {"line": 2}
    twice = [{"line": 1, "quantity": 1}] * 2
    refused(printer.post(order, "reprints", items=twice, reason=REASON), 400, "invalid_request")
    refused(printer.post(order, "reprints", items=twice[:1], reason=" "), 400, "invalid_request")
    assert printer.found(order) == order
