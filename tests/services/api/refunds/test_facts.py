"""What Stripe says of refunds and disputes: each event has its effect once, in any order, however it began."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from services.api.payments import events
from shared.db import order_events
from shared.models.payment import RefundState, WebhookEvent
from tests.services.api.client import body
from tests.services.api.orders import rows
from tests.services.api.stripe_shop import Shop
from tests.shared.db.rows import run


def test_a_refund_made_at_stripe_itself_is_of_all_lines(shop: Shop) -> None:
    order = shop.paid()
    made = shop.double.call("POST", "/v1/refunds", payment_intent=shop.intent(order), amount=1000).json()
    assert shop.tell("refund.", order)
    (refund,) = shop.refunds(order)
    assert (refund.stripe_id, refund.amount_cents, refund.actor) == (made["id"], 1000, "stripe")
    assert [line["line"] for line in refund.lines] == [0, 1, 2]
    assert shop.found(order).refunded_cents == 1000


def test_a_refund_that_overtakes_its_payment_waits_for_nothing(shop: Shop) -> None:
    order = shop.ordered()
    payment_id = shop.pay(order)
    intent = f"pi_{payment_id}"
    found = next(
        one for one in shop.double.objects("payment_intent") if one["metadata"]["payment_id"] == str(payment_id)
    )
    intent = found["id"]
    shop.double.call("POST", "/v1/refunds", payment_intent=intent, amount=1000).raise_for_status()
    deps = shop.api.deps
    assert deps.stripe is not None
    (event,) = [one for one in shop.double.events("refund.created") if intent in str(one)]
    sent = WebhookEvent(event["id"], event["type"], event["data"]["object"]["id"], datetime.now(UTC))
    events.take(deps, deps.stripe, sent)
    now = shop.found(order)
    assert (now.received_cents, now.refunded_cents) == (order.total_cents, 1000)


def test_a_refund_of_something_else_is_ignored(shop: Shop) -> None:
    made = shop.double.call(
        "POST",
        "/v1/payment_intents",
        amount=500,
        currency="usd",
        confirm="true",
        payment_method="pm_card_visa",
        **{"automatic_payment_methods[enabled]": "true", "automatic_payment_methods[allow_redirects]": "never"},
    ).json()
    refund = shop.double.call("POST", "/v1/refunds", payment_intent=made["id"]).json()
    deps = shop.api.deps
    assert deps.stripe is not None
    events.take(deps, deps.stripe, WebhookEvent("evt_else", "refund.created", refund["id"], datetime.now(UTC)))
    events.take(deps, deps.stripe, WebhookEvent("evt_none", "refund.created", "re_none", datetime.now(UTC)))
    events.take(deps, deps.stripe, WebhookEvent("evt_no_dispute", "charge.dispute.created", "du_1", datetime.now(UTC)))
    with deps.database.transaction() as connection:
        row = connection.execute("select count(*) as open from webhook_events where handled_at is null").fetchone()
    assert row == {"open": 0}


def test_money_that_comes_for_a_cancelled_order_goes_back_whole_at_once(shop: Shop) -> None:
    order = shop.ordered()
    payment_id = shop.pay(order)
    with shop.api.deps.database.transaction() as connection:
        connection.execute(
            "update orders set cancelled_at = now(), production_status = 'cancelled', hold_until = null where id = %s",
            [order.id],
        )
    shop.check(payment_id)
    now = shop.found(order)
    assert (now.received_cents, now.refunding_cents) == (order.total_cents, order.total_cents)
    assert shop.turn()
    assert shop.found(order).payment_status == "refunded"
    assert [event.what for event in run(shop.api.deps.database, order_events.of_order, order.id)][-1] == "refunded"
    shop.tell("", order)
    shop.check(payment_id)
    assert len(shop.refunds(order)) == 1


STATES = ("needs_response", "under_review", "lost", "appeal_under_review", "won")


def test_a_dispute_is_lost_and_won_by_an_appeal(shop: Shop) -> None:
    order, seen = shop.paid(), []
    dispute = shop.double.dispute(shop.intent(order))
    for status in STATES:
        shop.double.decide(dispute, status)
        shop.tell("charge.dispute.", order)
        seen.append(str(shop.found(order).payment_status))
    assert seen == ["disputed", "disputed", "lost", "disputed", "paid"]
    page = body(shop.clerk.get("/api/admin/disputes"))["items"]
    (shown,) = [one for one in page if one["stripeId"] == dispute]
    assert (shown["orderNumber"], shown["status"], shown["state"]) == (order.order_number, "won", "won")
    assert (shown["amountCents"], shown["withdrawnCents"]) == (order.total_cents, 0)
    history = [event.what for event in run(shop.api.deps.database, order_events.of_order, order.id)]
    told = [what for what in history if what.startswith("dispute_")]
    assert told == ["dispute_open", "dispute_lost", "dispute_open", "dispute_won"]


def test_a_dispute_stops_production_until_it_is_won(shop: Shop) -> None:
    order = shop.paid()
    with shop.api.deps.database.transaction() as connection:
        rows.change(connection, order.id, production_status="printing")
    dispute, seen = shop.double.dispute(shop.intent(order)), []
    for status in STATES:
        shop.double.decide(dispute, status)
        shop.tell("charge.dispute.", order)
        now = shop.found(order)
        seen.append((str(now.production_status), now.held_for))
    assert seen == [("held", "dispute")] * 4 + [("printing", None)]


def test_what_a_dispute_costs_is_shown_while_it_is_open(shop: Shop) -> None:
    order = shop.paid()
    dispute = shop.double.dispute(shop.intent(order))
    shop.tell("charge.dispute.", order)
    shown = body(shop.clerk.get("/api/admin/disputes?open=true"))["items"]
    (mine,) = [one for one in shown if one["stripeId"] == dispute]
    assert (mine["state"], mine["withdrawnCents"]) == ("open", order.total_cents)
    assert mine["evidenceDueAt"]


@pytest.mark.parametrize("order_of_events", [*permutations((0, 1, 2))])
def test_events_of_a_refund_end_the_same_in_any_order(shop: Shop, order_of_events: tuple[int, ...]) -> None:
    order = shop.paid()
    shop.double.fault("reset_after", "POST /v1/refunds")
    shop.refund(order, amountCents=700)  # the answer is lost, so that events tell all
    made = shop.double.objects("refund")[-1]
    shop.double.settle_refund(made["id"], "failed")
    about = [one for one in shop.double.events("refund.") if one["data"]["object"]["id"] == made["id"]]
    deps = shop.api.deps
    assert deps.stripe is not None
    for number in order_of_events:
        event = about[number % len(about)]
        sent = WebhookEvent(event["id"], event["type"], made["id"], datetime.now(UTC))
        events.take(deps, deps.stripe, sent)
    assert [refund.status for refund in shop.refunds(order)] == [RefundState.FAILED]
    assert shop.found(order).refundable_cents == order.total_cents
