"""A review ends as a person decides: the order goes on with one payment of its total, or everything goes back."""

from werkzeug.test import TestResponse

from services.api.pricing.amounts import amount
from shared.db import discounts, ids, mails, order_events, payments, reprints, shipments, stock_moves
from shared.models.mail import MailTemplate
from shared.models.order import Order
from shared.models.owner import Scope
from shared.models.stock_move import StockReason
from tests.services.api.client import body, refused
from tests.services.api.customers import with_key
from tests.services.api.orders import rows
from tests.services.api.stripe_shop import Shop
from tests.shared.db.rows import run


def _resolve(shop: Shop, order: Order, resolution: str, key: str | None = None) -> TestResponse:
    headers = {"Idempotency-Key": key or str(ids.new())}
    return shop.clerk.post(f"/api/admin/orders/{order.id}/review", json={"resolution": resolution}, headers=headers)


def _paid_twice(shop: Shop, **facts: object) -> Order:
    """A payment that the shop took for cancelled was made all the same, and another one too."""
    order = shop.ordered()
    first = shop.pay(order)
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set status = 'cancelled' where id = %s", [first])
    second = shop.pay(order)
    shop.check(second)
    with shop.api.deps.database.transaction() as connection:
        rows.change(connection, order.id, declined=False, **facts)
    shop.check(first)
    now = shop.found(order)
    assert (now.payment_status, now.review, now.received_cents) == ("review", "paid_twice", 2 * order.total_cents)
    return now


def _stock(shop: Shop, order: Order) -> list[StockReason]:
    """Why the stock of the first line changed."""
    variant_id = shop.items(order)[0].variant_id
    return [move.reason for move in run(shop.api.deps.database, stock_moves.page, variant_id, 10, None).items]


def test_an_order_that_was_paid_twice_goes_on_and_one_payment_goes_back(shop: Shop) -> None:
    order = _paid_twice(shop)
    response = _resolve(shop, order, "accept")
    assert response.status_code == 200, response.text
    (refund,) = body(response)["refunds"]
    assert (refund["amountCents"], refund["status"], refund["lines"]) == (order.total_cents, "succeeded", [])
    now = shop.found(order)
    assert (now.payment_status, now.review) == ("paid", None)
    assert (now.received_cents, now.refunded_cents, now.refunding_cents) == (order.total_cents, 0, 0)
    refunded = [one["amount_refunded"] for one in shop.double.objects("charge")[-2:]]
    assert sorted(refunded) == [0, order.total_cents]
    shop.tell("", order)
    assert shop.found(order).payment_status == "paid"
    history = [event.what for event in run(shop.api.deps.database, order_events.of_order, order.id)]
    assert {"review", "reviewed", "refunded"} < set(history)
    assert body(shop.refund(order, whole=True))["amountCents"] == order.total_cents


def test_an_order_in_production_is_held_while_in_review_and_goes_on_after_it(shop: Shop) -> None:
    order = _paid_twice(shop, production_status="printing")
    assert (order.production_status, order.held_from, order.held_for) == ("held", "printing", "review")
    _resolve(shop, order, "accept")
    assert (shop.found(order).production_status, shop.found(order).held_from) == ("printing", None)


def test_a_shipped_order_is_accepted_but_not_cancelled(shop: Shop) -> None:
    order = _paid_twice(shop, production_status="shipped")
    refused(_resolve(shop, order, "refund"), 409, "not_allowed_now")
    assert _resolve(shop, order, "accept").status_code == 200
    assert (shop.found(order).production_status, shop.found(order).payment_status) == ("shipped", "paid")


def test_everything_goes_back_and_the_order_is_cancelled(shop: Shop) -> None:
    order = _paid_twice(shop)
    response = _resolve(shop, order, "refund")
    assert body(response)["productionStatus"] == "cancelled"
    assert [one["amountCents"] for one in body(response)["refunds"]] == [order.total_cents] * 2
    now = shop.found(order)
    assert (now.payment_status, now.refunded_cents) == ("refunded", 2 * order.total_cents)
    assert StockReason.RELEASED in _stock(shop, order)
    lines = [bool(refund.lines) for refund in shop.refunds(order)]
    assert sorted(lines) == [False, True]


def test_a_review_that_cancels_gives_the_discount_back_and_tells_the_customer(shop: Shop) -> None:
    with shop.api.deps.database.transaction() as connection:
        connection.execute("insert into discounts (id, code, off_bp) values (%s, 'AUTUMN', 1000)", [ids.new()])
    order = _paid_twice(shop, discount_code="AUTUMN")
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update discounts set uses = 1")
    _resolve(shop, order, "refund")
    discount = run(shop.api.deps.database, discounts.find, "AUTUMN")
    assert discount is not None
    assert discount.uses == 0
    told = run(shop.api.deps.database, mails.page, 10, None, None).items
    (mail,) = [mail for mail in told if mail.template == MailTemplate.ORDER_CANCELLED]
    each = amount(order.total_cents, order.currency)
    assert mail.facts["refund"] == f"{each} and {each}"


def test_pieces_that_are_printed_do_not_go_back_into_stock(shop: Shop) -> None:
    order = _paid_twice(shop, production_status="printed")
    _resolve(shop, order, "refund")
    assert shop.found(order).production_status == "cancelled"
    assert StockReason.RELEASED not in _stock(shop, order)


def test_a_wrong_amount_can_only_go_back(shop: Shop) -> None:
    order = shop.paid()
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set amount_cents = amount_cents - 1 where order_id = %s", [order.id])
        payments.sum_up(connection, order.id)
    assert shop.found(order).review == "amount"
    refused(_resolve(shop, order, "accept"), 409, "not_allowed_now")
    response = _resolve(shop, order, "refund")
    assert [one["amountCents"] for one in body(response)["refunds"]] == [order.total_cents - 1]
    assert (shop.found(order).payment_status, shop.found(order).review) == ("refunded", None)


def test_money_of_another_currency_goes_back_uncounted(shop: Shop) -> None:
    order = shop.paid()
    with shop.api.deps.database.transaction() as connection:
        connection.execute("update payments set currency = 'eur' where order_id = %s", [order.id])
        payments.sum_up(connection, order.id)
    assert (shop.found(order).review, shop.found(order).received_cents) == ("currency", 0)
    assert body(_resolve(shop, order, "refund"))["refunds"][0]["status"] == "succeeded"
    now = shop.found(order)
    assert (now.payment_status, now.received_cents, now.refunded_cents) == ("cancelled", 0, 0)
    told = run(shop.api.deps.database, mails.page, 10, None, None).items
    (mail,) = [mail for mail in told if mail.template == MailTemplate.ORDER_CANCELLED]
    assert mail.facts["refund"] == amount(order.total_cents, "eur")


def test_a_surplus_whose_refund_fails_later_is_in_review_again(shop: Shop) -> None:
    order = _paid_twice(shop)
    _resolve(shop, order, "accept")
    (refund,) = shop.refunds(order)
    shop.double.settle_refund(refund.stripe_id or "", "failed")
    assert shop.tell("refund.failed", order)
    now = shop.found(order)
    assert (now.review, now.received_cents) == ("paid_twice", 2 * order.total_cents)


def test_an_order_in_review_takes_no_other_refund(shop: Shop) -> None:
    refused(shop.refund(_paid_twice(shop), whole=True), 409, "not_allowed_now")


def test_a_review_is_decided_once(shop: Shop) -> None:
    order, key = _paid_twice(shop), str(ids.new())
    first, again = _resolve(shop, order, "accept", key), _resolve(shop, order, "accept", key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [one["id"] for one in body(first)["refunds"]] == [one["id"] for one in body(again)["refunds"]]
    refused(_resolve(shop, order, "refund"), 409, "not_allowed_now")
    refused(_resolve(shop, shop.paid(), "accept"), 409, "not_allowed_now")


def test_reviews_need_a_key_for_orders(shop: Shop) -> None:
    order = shop.ordered()
    client = with_key(shop.api, Scope.CATALOGUE)
    headers = {"Idempotency-Key": "1"}
    url = f"/api/admin/orders/{order.id}/review"
    refused(client.post(url, json={"resolution": "accept"}, headers=headers), 403, "forbidden")
    refused(shop.clerk.post(url, json={"resolution": "accept"}), 400, "idempotency_key_missing")


def test_pieces_that_are_printed_again_stay_out_of_stock(shop: Shop) -> None:
    order = _paid_twice(shop)
    run(shop.api.deps.database, reprints.add, {shop.items(order)[0].id: 1}, "spoiled", "printer")
    assert _resolve(shop, order, "refund").status_code == 200
    assert shop.found(order).production_status == "cancelled"
    assert StockReason.RELEASED not in _stock(shop, order)


def test_an_order_that_was_shipped_and_is_printed_again_is_not_paid_back_by_a_review(shop: Shop) -> None:
    order = _paid_twice(shop)
    run(shop.api.deps.database, shipments.add, order.id, "DHL", "")
    refused(_resolve(shop, order, "refund"), 409, "not_allowed_now")
    assert _resolve(shop, order, "accept").status_code == 200
