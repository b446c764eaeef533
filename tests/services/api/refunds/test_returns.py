"""Pieces that come back with a refund by amount go into stock: each once, whatever becomes of its refund."""

from typing import Any

from shared.db import shipments
from shared.models.order import Order
from tests.services.api.client import body, refused
from tests.services.api.orders import rows
from tests.services.api.stripe_shop import Shop


def _sent(shop: Shop) -> Order:
    """Two pieces on line 1, one on line 2; 8 and 9 are left of them."""
    order = shop.paid(stock=10)
    with shop.api.deps.database.transaction() as connection:
        shipments.add(connection, order.id, "DHL", "")
        return rows.change(connection, order.id, production_status="shipped")


def _back(quantity: int, line: int = 1, cents: int = 500) -> dict[str, Any]:
    return {"amountCents": cents, "restockItems": [{"line": line, "quantity": quantity}]}


def test_pieces_that_came_back_for_less_than_their_price_are_for_sale_again(shop: Shop) -> None:
    order = _sent(shop)
    shown = body(shop.refund(order, **_back(1)))
    assert (shown["amountCents"], {line["quantity"] for line in shown["lines"]}) == (500, {0})
    assert shop.stock(order) == [9, 9]
    assert body(shop.refund(order, **_back(1)))["status"] == "succeeded"
    assert shop.stock(order) == [10, 9]
    details = refused(shop.refund(order, **_back(1)), 409, "more_than_paid")
    assert details == {"line": 1, "quantity": 0}
    assert shop.stock(order) == [10, 9]


def test_a_later_refund_puts_only_what_is_still_out_back_into_stock(shop: Shop) -> None:
    order = _sent(shop)
    shop.refund(order, **_back(1))
    assert shop.refund(order, items=[{"line": 1, "quantity": 1}], restock=True).status_code == 200
    assert shop.stock(order) == [10, 9]
    assert shop.refund(order, whole=True, restock=True).status_code == 200
    assert shop.stock(order) == [10, 10]


def test_a_piece_comes_back_once_however_often_its_refund_fails(shop: Shop) -> None:
    order = _sent(shop)
    shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order)).raise_for_status()
    for _ in range(3):
        assert body(shop.refund(order, **_back(1)))["status"] == "failed"
        assert shop.stock(order) == [9, 9]


def test_nothing_comes_back_that_was_not_sent(shop: Shop) -> None:
    order = shop.paid(stock=10)
    refused(shop.refund(order, **_back(1)), 409, "not_allowed_now")
    assert (shop.stock(order), shop.refunds(order)) == ([8, 9], ())
