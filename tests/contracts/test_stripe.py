"""What the shop relies on at Stripe, through its own client: the double must do all of it, and Stripe when asked."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import requests
import stripe

_RETURN = "http://127.0.0.1/paid"
_SOON_S = 30


def _pay(client: stripe.StripeClient, method: str = "pm_card_visa", cents: int = 2500) -> stripe.PaymentIntent:
    """A new intent of 25 dollars, confirmed as the page would."""
    intent = client.v1.payment_intents.create(
        {"amount": cents, "currency": "usd", "automatic_payment_methods": {"enabled": True}, "metadata": {"order": "7"}}
    )
    return client.v1.payment_intents.confirm(intent.id, {"payment_method": method, "return_url": _RETURN})


def _session(client: stripe.StripeClient, **changes: Any) -> Any:
    line: Any = {
        "quantity": 2,
        "price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Shirt"}},
    }
    params: Any = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "adaptive_pricing": {"enabled": False},
        "line_items": [line],
        "success_url": _RETURN,
        "client_reference_id": "order",
        "metadata": {"payment_id": "7"},
    }
    return client.v1.checkout.sessions.create(params | changes)


def _eventually(condition: Callable[[], object]) -> object:
    """What it returns once that is something: Stripe itself takes a moment for some things."""
    deadline = time.monotonic() + _SOON_S
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_an_intent_is_created_with_what_was_sent(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 2500, "currency": "usd", "metadata": {"order": "7"}, "automatic_payment_methods": {"enabled": True}}
    )
    assert (intent.object, intent.amount, intent.currency, intent.livemode) == ("payment_intent", 2500, "usd", False)
    assert intent.status == "requires_payment_method"
    assert (intent.metadata["order"], intent.amount_received, intent.latest_charge) == ("7", 0, None)
    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")
    found = client.v1.payment_intents.retrieve(intent.id)
    assert (found.id, found.amount) == (intent.id, 2500)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": "19.99"}, "parameter_invalid_integer", "amount"),
        ({"currency": "xyz"}, None, "currency"),
        ({"nonsense": "1"}, "parameter_unknown", "nonsense"),
        ({"payment_method": "pm_none", "confirm": "true"}, "resource_missing", "payment_method"),
    ],
)
def test_wrong_parameters_are_refused_by_name(
    client: stripe.StripeClient, changes: Any, code: str | None, param: str
) -> None:
    params: Any = {"amount": 2500, "currency": "usd", **changes}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(params)
    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert code is None or refused.value.code == code


def test_what_does_not_exist_is_404(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_a_wrong_key_is_401(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        client.v1.payment_intents.list({}, {"api_key": "sk_test_wrong"})
    assert refused.value.http_status == 401


def test_answers_bear_a_request_id_and_the_version_asked_for(client: stripe.StripeClient) -> None:
    answer = client.v1.payment_intents.list({"limit": 1}, {"stripe_version": "2026-10-28.endive"}).last_response
    assert answer
    assert str(answer.headers["Request-Id"]).startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"


def test_a_card_pays_and_the_fee_is_2_9_percent_and_30_cents(client: stripe.StripeClient) -> None:
    paid = _pay(client)
    assert (paid.status, paid.amount_received) == ("succeeded", 2500)

    def booked() -> Any:
        expand: Any = {"expand": ["latest_charge.balance_transaction"]}
        charge: Any = client.v1.payment_intents.retrieve(paid.id, expand).latest_charge
        return charge.balance_transaction and charge

    charge: Any = _eventually(booked)
    moved = charge.balance_transaction
    assert (charge.captured, charge.status, charge.metadata["order"]) == (True, "succeeded", "7")
    assert (moved.type, moved.reporting_category, moved.amount) == ("charge", "charge", 2500)
    assert moved.fee == moved.amount - moved.net == sum(part.amount for part in moved.fee_details)
    if "127.0.0.1" in str(client.v1.payment_intents._requestor.base_addresses):
        assert moved.fee == 103


def test_a_declined_card_leaves_the_intent_to_be_paid_again(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as declined:
        _pay(client, "pm_card_chargeDeclined")
    error: Any = declined.value.error
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    assert error.decline_code == "generic_decline"
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.last_payment_error and intent.last_payment_error.code) == (
        "requires_payment_method",
        "card_declined",
    )
    again = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": _RETURN})
    assert again.status == "succeeded"


def test_a_card_that_must_be_authenticated_waits_for_its_customer(client: stripe.StripeClient) -> None:
    intent = _pay(client, "pm_card_authenticationRequired")
    action: Any = intent.next_action
    assert (intent.status, intent.amount_received) == ("requires_action", 0)
    assert action.redirect_to_url.url.startswith("http")


def test_an_intent_can_be_cancelled_until_it_is_paid(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
    for refused_id in (intent.id, _pay(client).id):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.cancel(refused_id)
        assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError, match="confirm"):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": _RETURN})


def test_a_reserved_amount_is_captured_later(client: stripe.StripeClient) -> None:
    params: Any = {"amount": 2500, "currency": "usd", "capture_method": "manual", "payment_method_types": ["card"]}
    params |= {"payment_method": "pm_card_visa", "confirm": True}
    intent = client.v1.payment_intents.create(params)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2500, 0)
    taken = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 2000})
    assert (taken.status, taken.amount_received) == ("succeeded", 2000)


def test_a_browser_pays_with_the_publishable_key_and_the_client_secret_alone(
    stripe_double: Any, double_client: stripe.StripeClient
) -> None:
    intent = double_client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    url = f"{stripe_double.address}/v1/payment_intents/{intent.id}"
    form = {"key": "pk_test_ofTheTests", "client_secret": f"{intent.id}_secret_guessed"}
    assert requests.get(url, params=form, timeout=5).status_code == 400
    form["client_secret"] = str(intent.client_secret)
    assert requests.get(url, params=form, timeout=5).json()["status"] == "requires_payment_method"
    paid = requests.post(f"{url}/confirm", data=form | {"payment_method": "pm_card_visa"}, timeout=5)
    assert paid.json()["status"] == "succeeded"
    assert requests.post(f"{url}/cancel", data=form, timeout=5).json()["error"]["code"] == "secret_key_required"


def test_a_session_is_open_until_it_expires(client: stripe.StripeClient) -> None:
    session = _session(client)
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.client_reference_id) == (1800, "usd", "order")
    assert session.url.startswith("http")
    assert session.metadata["payment_id"] == "7"
    expired = client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        client.v1.checkout.sessions.expire(session.id)


@pytest.mark.parametrize("minutes", [29, 24 * 60 + 5])
def test_a_session_lives_for_half_an_hour_to_a_day(client: stripe.StripeClient, minutes: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _session(client, expires_at=int(time.time()) + minutes * 60)
    assert refused.value.param == "expires_at"


def test_a_refund_is_never_more_than_was_received(client: stripe.StripeClient) -> None:
    paid = _pay(client)
    first = client.v1.refunds.create({"payment_intent": paid.id, "amount": 2000, "metadata": {"refund_id": "3"}})
    assert (first.status, first.amount, first.metadata and first.metadata["refund_id"]) == ("succeeded", 2000, "3")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 501})
    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_already_refunded"
    charge = client.v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.amount_refunded, charge.refunded) == (2500, True)


def test_what_was_not_paid_cannot_be_refunded(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})


def test_a_disputed_payment_cannot_be_refunded(client: stripe.StripeClient) -> None:
    paid = _pay(client, "pm_card_createDispute")

    def opened() -> Any:
        return client.v1.disputes.list({"payment_intent": paid.id}).data

    dispute: Any = _eventually(opened)
    [found] = dispute
    assert (found.amount, found.status, found.reason) == (2500, "needs_response", "fraudulent")
    assert found.evidence_details.due_by > time.time()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_disputed"


@pytest.mark.parametrize(("evidence", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_a_dispute_is_decided_by_its_evidence(client: stripe.StripeClient, evidence: str, status: str) -> None:
    paid = _pay(client, "pm_card_createDispute")
    dispute: Any = _eventually(lambda: client.v1.disputes.list({"payment_intent": paid.id}).data)
    client.v1.disputes.update(dispute[0].id, {"evidence": {"uncategorized_text": evidence}, "submit": True})
    _eventually(lambda: client.v1.disputes.retrieve(dispute[0].id).status == status)


def test_a_key_has_one_effect_and_one_answer(client: stripe.StripeClient) -> None:
    key: Any = {"idempotency_key": str(uuid4())}
    first = client.v1.payment_intents.create({"amount": 2500, "currency": "usd"}, key)
    again = client.v1.payment_intents.create({"amount": 2500, "currency": "usd"}, key)
    assert again.id == first.id
    assert again.last_response
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.payment_intents.create({"amount": 2600, "currency": "usd"}, key)
    assert refused.value.http_status == 400


def test_a_key_keeps_the_answer_of_a_declined_card(client: stripe.StripeClient) -> None:
    params: Any = {"amount": 2500, "currency": "usd", "payment_method_types": ["card"]}
    params |= {"payment_method": "pm_card_chargeDeclined", "confirm": True}
    key: Any = {"idempotency_key": str(uuid4())}
    seen = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            client.v1.payment_intents.create(params, key)
        error: Any = declined.value.error
        seen.add(error.payment_intent.id)
    assert len(seen) == 1


def test_a_key_of_a_call_with_wrong_parameters_can_be_used_again(client: stripe.StripeClient) -> None:
    key: Any = {"idempotency_key": str(uuid4())}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": 2500, "currency": "xyz"}, key)
    assert client.v1.payment_intents.create({"amount": 2500, "currency": "usd"}, key).id


def test_events_tell_what_happened_the_newest_first(client: stripe.StripeClient) -> None:
    paid = _pay(client)

    def told() -> list[stripe.Event]:
        events = client.v1.events.list({"created": {"gte": paid.created}, "limit": 100})
        mine = [event for event in events if paid.id in str(event.data.object)]
        return mine if any(event.type == "payment_intent.succeeded" for event in mine) else []

    events: Any = _eventually(told)
    assert [event.created for event in events] == sorted((event.created for event in events), reverse=True)
    succeeded = next(event for event in events if event.type == "payment_intent.succeeded")
    assert (succeeded.object, succeeded.livemode, succeeded.data.object.id) == ("event", False, paid.id)
    assert client.v1.events.retrieve(succeeded.id).id == succeeded.id


def test_lists_come_in_pages(client: stripe.StripeClient) -> None:
    made = [client.v1.payment_intents.create({"amount": 2500, "currency": "usd"}).id for _ in range(3)]
    first = client.v1.payment_intents.list({"limit": 2})
    assert ([intent.id for intent in first.data], first.has_more) == ([made[2], made[1]], True)
    rest = client.v1.payment_intents.list({"limit": 2, "starting_after": made[1]})
    assert rest.data[0].id == made[0]
    back = client.v1.payment_intents.list({"limit": 1, "ending_before": made[0]})
    assert back.data[0].id == made[1]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.list({"limit": 101})
