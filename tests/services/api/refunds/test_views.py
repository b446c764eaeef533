"""Refunds over HTTP against the double of Stripe: each key pays back once, never more than is left, whatever breaks."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest

from services.api.orders import cancelling
from shared.db import ids, invoices, mails, order_events
from shared.models.mail import MailTemplate
from shared.models.order import PaymentStatus
from shared.models.payment import RefundState
from tests.services.api.client import body, refused
from tests.services.api.stripe_shop import Shop
from tests.shared.db.rows import run

PIECE = 2640  # of 24.00, with a tenth of tax


def _calls(shop: Shop, key: str) -> list[dict[str, object]]:
    return [call for call in shop.double.calls("/v1/refunds") if call["idempotency_key"] == key]


def test_pieces_are_paid_back_with_their_tax(shop: Shop) -> None:
    order = shop.paid()
    response = shop.refund(order, items=[{"line": 1, "quantity": 1}], reason="Torn")
    assert response.status_code == 200, response.text
    shown = body(response)
    assert shown | {"id": "", "createdAt": "", "refundedAt": ""} == {
        "id": "",
        "status": "succeeded",
        "amountCents": PIECE,
        "currency": "usd",
        "lines": [{"line": 1, "quantity": 1, "cents": PIECE, "taxCents": 240}],
        "reason": "Torn",
        "errorCode": None,
        "createdAt": "",
        "refundedAt": "",
        "failedAt": None,
    }
    now = shop.found(order)
    assert (now.payment_status, now.refunded_cents, now.refunding_cents) == ("partly_refunded", PIECE, 0)
    (refund,) = shop.refunds(order)
    assert str(refund.id) == shown["id"]
    (call,) = _calls(shop, f"ref_{refund.id}")
    assert call["params"]["amount"] == str(PIECE)  # type: ignore[index]


def test_pieces_that_are_paid_back_are_not_made(shop: Shop) -> None:
    order = shop.paid()
    assert shop.refund(order, items=[{"line": 1, "quantity": 1}, {"line": 2}]).status_code == 200
    shown = body(shop.clerk.get(f"/api/admin/orders/{order.id}/production"))
    assert [(item["line"], item["quantity"]) for item in shown["items"]] == [(1, 1)]
    assert not shown["reprint"]


def test_shipping_amounts_and_all_that_is_left_add_up_to_the_order(shop: Shop) -> None:
    order = shop.paid()
    assert body(shop.refund(order, items=[{"line": 0}]))["amountCents"] == 550
    assert body(shop.refund(order, amountCents=1000))["amountCents"] == 1000
    whole = body(shop.refund(order, whole=True))
    assert whole["amountCents"] == order.total_cents - 1550
    now = shop.found(order)
    assert (now.payment_status, now.refunded_cents) == (PaymentStatus.REFUNDED, order.total_cents)
    paid_back = [line for refund in shop.refunds(order) for line in refund.lines]
    assert sum(line["taxCents"] for line in paid_back) == order.tax_cents
    details = refused(shop.refund(order, amountCents=1), 409, "more_than_paid")
    assert details == {"leftCents": 0}
    assert refused(shop.refund(order, whole=True), 409, "more_than_paid") == {"leftCents": 0}
    assert refused(shop.refund(order, items=[{"line": 1}]), 409, "more_than_paid") == {"leftCents": 0}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"amountCents": 100, "whole": True},
        {"amountCents": 0},
        {"amountCents": 1.5},
        {"items": []},
        {"items": [{"line": 1}, {"line": 1}]},
        {"items": [{"line": 1, "quantity": 0}]},
        {"items": [{"line": 9, "quantity": 1}]},
        {"amountCents": 100, "restock": True},
        {"items": [{"line": 1}], "restockItems": [{"line": 1, "quantity": 1}]},
        {"amountCents": 100, "restockItems": [{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1}]},
        {"amountCents": 100, "restockItems": [{"line": 9, "quantity": 1}]},
        {"amountCents": 100, "restockItems": [{"line": 0, "quantity": 1}]},
        {"whole": True, "status": "succeeded"},
        {"whole": True, "reason": "x" * 501},
        {"whole": True, "reason": "a\x00b"},
    ],
)
def test_what_cannot_be_meant_is_refused(shop: Shop, asked: dict[str, object]) -> None:
    order = shop.paid()
    refused(shop.refund(order, **asked), 400, "invalid_request")
    assert shop.refunds(order) == ()


def test_nothing_is_paid_back_without_a_key_of_no_order_and_before_it_is_paid(shop: Shop) -> None:
    order = shop.ordered()
    url = f"/api/admin/orders/{order.id}/refunds"
    refused(shop.clerk.post(url, json={"whole": True}), 400, "idempotency_key_missing")
    refused(shop.refund(order, whole=True), 409, "more_than_paid")
    headers = {"Idempotency-Key": "1"}
    nowhere = shop.clerk.post(f"/api/admin/orders/{uuid4()}/refunds", json={"whole": True}, headers=headers)
    refused(nowhere, 404, "not_found")


def test_more_pieces_than_are_left_are_refused(shop: Shop) -> None:
    order = shop.paid()
    shop.refund(order, items=[{"line": 1, "quantity": 2}])
    details = refused(shop.refund(order, items=[{"line": 1, "quantity": 1}]), 409, "more_than_paid")
    assert details == {"line": 1, "quantity": 0}


def test_a_key_pays_back_once(shop: Shop) -> None:
    order, key = shop.paid(), str(ids.new())
    first = shop.refund(order, key, amountCents=500)
    again = shop.refund(order, key, amountCents=500)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, body(again)["status"]) == (201, "pending")
    assert body(again)["id"] == body(first)["id"]
    assert shop.found(order).refunded_cents == 500
    refused(shop.refund(order, key, amountCents=501), 422, "key_reused")


def test_pieces_go_back_into_stock_if_asked(shop: Shop) -> None:
    order = shop.paid(stock=10)
    assert shop.stock(order) == [8, 9]
    shop.refund(order, items=[{"line": 1, "quantity": 1}], restock=True)
    assert shop.stock(order) == [9, 9]
    shop.refund(order, items=[{"line": 2}])
    assert shop.stock(order) == [9, 9]
    shop.refund(order, whole=True, restock=True)
    assert shop.stock(order) == [10, 9]


def test_pieces_go_back_into_stock_once_however_often_their_refund_fails(shop: Shop) -> None:
    order = shop.paid(stock=10)
    shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order)).raise_for_status()
    for _ in range(3):
        refused_at_stripe = shop.refund(order, items=[{"line": 1, "quantity": 1}], restock=True)
        assert body(refused_at_stripe)["status"] == "failed"
        assert shop.stock(order) == [9, 9]


def test_pieces_of_a_cancelled_order_go_back_into_stock_once_also_if_its_refund_fails(shop: Shop) -> None:
    order = shop.paid(stock=10)
    with cancelling.cancelled(shop.api.deps, order, "customer"):
        pass
    (refund,) = shop.refunds(order)
    assert refund.stripe_id
    shop.double.settle_refund(refund.stripe_id, "failed")
    shop.tell("refund.failed", order)
    assert body(shop.refund(order, whole=True, restock=True))["status"] == "succeeded"
    assert shop.stock(order) == [10, 10]


def test_a_refund_that_stripe_refuses_has_failed_and_leaves_the_money(shop: Shop) -> None:
    order = shop.paid()
    shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order)).raise_for_status()
    response = shop.refund(order, amountCents=500)
    assert (response.status_code, body(response)["status"]) == (201, "failed")
    assert body(response)["errorCode"] == "charge_already_refunded"
    assert shop.found(order).refundable_cents == order.total_cents


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "500_before", "reset_before", "429"])
def test_an_answer_that_is_lost_is_asked_for_again_with_the_same_key(shop: Shop, fault: str) -> None:
    order = shop.paid()
    shop.double.fault(fault, "POST /v1/refunds")
    response = shop.refund(order, amountCents=500)
    assert (response.status_code, body(response)["status"]) == (201, "pending")
    assert shop.found(order).refunding_cents == 500
    shop.double.no_faults()
    shop.turn()
    assert shop.refunds(order)[0].status is RefundState.NEW  # the request may still be asking
    shop.age("refunds", 121)
    assert shop.turn()
    (refund,) = shop.refunds(order)
    assert refund.status is RefundState.SUCCEEDED
    assert shop.found(order).refunded_cents == 500
    made = [one for one in shop.double.objects("refund") if one["metadata"].get("refund_id") == str(refund.id)]
    assert len(made) == 1
    assert {call["idempotency_key"] for call in _calls(shop, refund.idempotency_key)} == {f"ref_{refund.id}"}


def test_thirty_refunds_at_once_pay_back_what_there_is(shop: Shop) -> None:
    order = shop.paid()
    barrier = Barrier(30)

    def ask(_: int) -> int:
        barrier.wait()
        while True:
            response = shop.refund(order, amountCents=1000)
            if response.status_code != 503:  # the pool is small
                return response.status_code
            time.sleep(0.2)

    with ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(ask, range(30)))
    passed = order.total_cents // 1000
    assert statuses.count(409) == 30 - passed
    assert sum(status in (200, 201) for status in statuses) == passed
    while any(refund.status is RefundState.NEW for refund in shop.refunds(order)):
        shop.age("refunds", 121)
        shop.turn()
    assert shop.found(order).refunded_cents == passed * 1000
    received = next(one for one in shop.double.objects("charge") if one["payment_intent"] == shop.intent(order))
    assert received["amount_refunded"] == passed * 1000


def test_a_refund_has_its_document_its_mail_and_its_place_in_the_history(shop: Shop) -> None:
    order, database = shop.paid(), shop.api.deps.database
    with database.transaction() as connection:
        invoices.issue(connection, order, shop.items(order), shop.api.deps.settings.seller)
    shop.refund(order, items=[{"line": 2}])
    documents = run(database, invoices.of_orders, [order.id])
    assert [document.total_cents for document in documents] == [order.total_cents, -PIECE]
    assert run(database, order_events.of_order, order.id)[-1].what == "refunded"
    sent = run(database, mails.page, 10, None, None).items
    assert MailTemplate.ORDER_REFUNDED in [mail.template for mail in sent]


def test_a_refund_that_fails_at_the_bank_later_is_undone(shop: Shop) -> None:
    order, database = shop.paid(), shop.api.deps.database
    with database.transaction() as connection:
        invoices.issue(connection, order, shop.items(order), shop.api.deps.settings.seller)
    shop.refund(order, items=[{"line": 2}])
    stripe_id = shop.refunds(order)[0].stripe_id
    assert stripe_id
    shop.double.settle_refund(stripe_id, "failed")
    assert shop.tell("refund.", order) > 1
    (refund,) = shop.refunds(order)
    assert (refund.status, bool(refund.refunded_at), bool(refund.failed_at)) == (RefundState.FAILED, True, True)
    assert (shop.found(order).payment_status, shop.found(order).refundable_cents) == ("paid", order.total_cents)
    documents = run(database, invoices.of_orders, [order.id])
    assert [document.total_cents for document in documents] == [order.total_cents, -PIECE, PIECE]
    assert run(database, order_events.of_order, order.id)[-1].what == "refund_failed"
    assert body(shop.refund(order, items=[{"line": 2}]))["status"] == "succeeded"
