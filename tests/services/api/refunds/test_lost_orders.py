"""Orders whose money is gone before they were sent: the shop cancels them, and pays nothing back."""

import pytest
from werkzeug.test import TestResponse

from shared.db import ids, mails
from shared.models.order import Order
from tests.services.api.client import body, refused
from tests.services.api.orders import rows
from tests.services.api.stripe_shop import Shop
from tests.shared.db.rows import run


def _lost(shop: Shop, production: str = "queued") -> tuple[Order, str]:
    """The order, and the dispute."""
    order = shop.paid(stock=10)
    with shop.api.deps.database.transaction() as connection:
        rows.change(connection, order.id, production_status=production)
    dispute = shop.double.dispute(shop.intent(order))
    _decide(shop, order, dispute, "lost")
    return shop.found(order), dispute


def _decide(shop: Shop, order: Order, dispute: str, status: str) -> None:
    shop.double.decide(dispute, status)
    shop.tell("charge.dispute.", order)


def _cancel(shop: Shop, order: Order) -> TestResponse:
    headers = {"Idempotency-Key": str(ids.new())}
    return shop.clerk.post(f"/api/admin/orders/{order.id}/cancel", headers=headers)


@pytest.mark.parametrize(
    ("production", "stock", "facts"),
    [("queued", [10, 10], {}), ("printing", [8, 9], {"printed": True}), ("packed", [8, 9], {"printed": True})],
)
def test_a_lost_order_is_cancelled_and_what_was_not_printed_is_for_sale_again(
    shop: Shop, production: str, stock: list[int], facts: dict[str, bool]
) -> None:
    order, _ = _lost(shop, production)
    assert (order.payment_status, order.production_status, order.held_from) == ("lost", "held", production)
    shown = body(_cancel(shop, order))
    assert (shown["paymentStatus"], shown["productionStatus"], shown["refunds"]) == ("lost", "cancelled", [])
    assert (shown["history"][-1]["what"], shown["history"][-1]["facts"]) == ("cancelled", facts)
    assert (shop.stock(order), shop.refunds(order)) == (stock, ())
    mail = next(mail for mail in run(shop.api.deps.database, mails.page, 10, None, None).items if "back" in mail.facts)
    assert (mail.facts["refund"], mail.facts["back"]) == ("", "bank")


def test_an_order_that_is_paid_back_whole_in_print_is_cancelled_as_well(shop: Shop) -> None:
    order = shop.paid(stock=10)
    with shop.api.deps.database.transaction() as connection:
        rows.change(connection, order.id, production_status="printing")
    assert shop.refund(order, whole=True).status_code == 200
    shown = body(_cancel(shop, order))
    assert (shown["paymentStatus"], shown["productionStatus"]) == ("refunded", "cancelled")
    assert (shop.stock(order), len(shop.refunds(order))) == ([8, 9], 1)


def test_a_lost_order_that_was_sent_is_final_as_it_is(shop: Shop) -> None:
    order, _ = _lost(shop, "shipped")
    refused(_cancel(shop, order), 409, "in_production")
    assert shop.found(order) == order


def test_of_an_appeal_that_is_won_after_the_order_was_cancelled_stripe_is_asked_once_to_pay_back(shop: Shop) -> None:
    order, dispute = _lost(shop)
    assert _cancel(shop, order).status_code == 200
    _decide(shop, order, dispute, "appeal_under_review")
    assert shop.refunds(order) == ()
    _decide(shop, order, dispute, "won")
    assert shop.turn()
    _decide(shop, order, dispute, "won")
    (refund,) = shop.refunds(order)  # Stripe refuses it where the charge is not refundable: then a person must look
    assert (refund.amount_cents, refund.error_code) == (order.total_cents, "charge_disputed")
    assert shop.found(order).production_status == "cancelled"
