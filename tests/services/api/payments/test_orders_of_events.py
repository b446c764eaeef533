"""Five events of one order, in any order and for both kinds of payment, end in one state.

`--long` tries all 120 orders; the short form two dozen, in which each two events take each two places in both ways.
"""

from itertools import combinations, permutations
from typing import Any

import pytest

from services.api.payments import reading
from services.api.payments.events import take
from tests.doubles.stripe_double import SLOW
from tests.services.api.payments.conftest import Shop

EVENTS = {  # created, processing, succeeded, refunded, disputed
    "payment_intent": ("payment_intent.created", "payment_intent.processing", "payment_intent.succeeded"),
    "checkout_session": (
        *("payment_intent.created", "checkout.session.completed"),
        "checkout.session.async_payment_succeeded",
    ),
}
AFTERWARDS = ("refund.created", "charge.dispute.created")
# What one event after the other has made of an order is taken back, for the next order of them.
_TAKE_BACK = (
    *("delete from webhook_events", "delete from dispute_transactions", "delete from disputes"),
    *("truncate invoices", "delete from refunds", "delete from order_events", "delete from mails"),
    "update invoice_series set last = 0",
    "update payments set status = 'open', intent_id = null, fee_cents = null, received_at = null",
    """update orders set processing = false, declined = false, received_cents = 0, refunded_cents = 0,
        refunding_cents = 0, dispute = 'none', review = null, paid_at = null, production_status = 'waiting',
        held_from = null, held_for = null, hold_until = now() + interval '1 hour'""",
)
_STATE = {
    "order": """select payment_status, production_status, held_from, held_for, received_cents, refunded_cents,
        refunding_cents, dispute, review, paid_at, hold_until from orders""",
    "payment": "select status, amount_cents, fee_cents, received_at, stripe_id, intent_id from payments",
    "refunds": "select stripe_id, amount_cents, status, refunded_at from refunds",
    "disputes": "select stripe_id, status, amount_cents from disputes",
    "movements": "select stripe_id, amount_cents, fee_cents from dispute_transactions order by stripe_id",
    "invoices": "select series, number, total_cents from invoices order by series, number",
    "history": "select what from order_events order by what",
    "mails": "select template from mails order by template",
    "open events": "select type, error from webhook_events where handled_at is null",
}


@pytest.fixture(params=EVENTS)
def happened(request: pytest.FixtureRequest, shop: Shop) -> tuple[dict[str, Any], ...]:
    """The five events of an order, none of which was delivered."""
    order = shop.order()
    begun = shop.begun(order, request.param)
    shop.pay(begun, SLOW)
    (intent,) = shop.double.objects("payment_intent")
    shop.double.settle_payment(intent["id"])
    shop.double.call("POST", "/v1/refunds", payment_intent=intent["id"], amount=500)
    shop.double.dispute(intent["id"])
    found = [shop.double.events(kind) for kind in (*EVENTS[request.param], *AFTERWARDS)]
    assert [len(events) for events in found] == [1] * 5
    return tuple(events[0] for events in found)


def _take_back(shop: Shop) -> None:
    with shop.api.deps.database.transaction() as connection:
        for statement in _TAKE_BACK:
            connection.execute(statement.encode())


def _state(shop: Shop) -> dict[str, Any]:
    with shop.api.deps.database.transaction() as connection:
        return {name: connection.execute(query.encode()).fetchall() for name, query in _STATE.items()}


def _orders(long: bool) -> list[tuple[int, ...]]:
    """All orders, or one for each pair of events at each two places."""
    every = list(permutations(range(5)))
    if long:
        return every
    wanted = {
        (one, other, at, then) for one, other in permutations(range(5), 2) for at, then in combinations(range(5), 2)
    }
    chosen = []
    while wanted:
        best = max(every, key=lambda order: len(wanted & _meetings(order)))
        chosen.append(best)
        wanted -= _meetings(best)
    return chosen


def _meetings(order: tuple[int, ...]) -> set[tuple[int, int, int, int]]:
    return {(order[at], order[then], at, then) for at, then in combinations(range(5), 2)}


def test_five_events_in_any_order_end_in_one_state(
    shop: Shop, happened: tuple[dict[str, Any], ...], long: bool
) -> None:
    expected: dict[str, Any] = {}
    for order in _orders(long):
        events = [happened[number] for number in order]
        _take_back(shop)
        for event in events:
            take(shop.api.deps, shop.stripe, reading.event(event))
        state = _state(shop)
        expected = expected or state
        assert state == expected, [event["type"] for event in events]
    (row,) = expected["order"]
    assert (row["payment_status"], row["refunded_cents"], row["production_status"]) == ("disputed", 500, "held")
    assert expected["open events"] == []
