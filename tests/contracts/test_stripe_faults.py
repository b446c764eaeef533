"""What the official client does, and what the double's ledger shows, when Stripe is slow, broken or out of order."""

import hashlib
import hmac
import json
import threading
import time
from typing import Any

import pytest
import requests
import stripe

from tests.contracts.conftest import client_of
from tests.doubles.stripe_double import DISPUTED, PAID, SECRET_KEY, WEBHOOK_SECRET, StripeDouble

_PARAMS: Any = {"amount": 2500, "currency": "usd"}
_KEY: Any = {"idempotency_key": "pay_1"}


def _pay(client: stripe.StripeClient, method: str = PAID) -> stripe.PaymentIntent:
    params: Any = {**_PARAMS, "payment_method": method, "confirm": True}
    return client.v1.payment_intents.create(params)


def test_a_call_that_hangs_after_its_effect_is_repeated_with_the_same_key(stripe_double: StripeDouble) -> None:
    stripe_double.fault("hang_after", "POST /v1/payment_intents", seconds=5)
    with requests.Session() as session:
        session.trust_env = False
        http = stripe.RequestsClient(timeout=(1, 0.3), session=session)
        base: Any = {"api": stripe_double.address}
        client = stripe.StripeClient(SECRET_KEY, max_network_retries=1, base_addresses=base, http_client=http)
        intent = client.v1.payment_intents.create(_PARAMS, _KEY)
    calls = [(call["idempotency_key"], call["status"], call["replayed"]) for call in stripe_double.calls()]
    assert calls == [("pay_1", 0, False), ("pay_1", 200, True)]
    assert [made["id"] for made in stripe_double.objects("payment_intent")] == [intent.id]


@pytest.mark.parametrize(
    ("fault", "raised", "status"),
    [
        ("500_after", stripe.APIError, 500),
        ("429", stripe.RateLimitError, 429),
        ("reset_after", stripe.APIConnectionError, None),
    ],
)
def test_each_fault_is_the_error_that_the_client_names(
    stripe_double: StripeDouble,
    double_client: stripe.StripeClient,
    fault: str,
    raised: type[stripe.StripeError],
    status: int | None,
) -> None:
    stripe_double.fault(fault)
    with pytest.raises(raised) as failed:
        double_client.v1.payment_intents.create(_PARAMS, _KEY)
    assert failed.value.http_status == status
    assert double_client.v1.payment_intents.create(_PARAMS, _KEY).id
    assert len(stripe_double.objects("payment_intent")) == 1


def test_a_key_in_flight_is_409(stripe_double: StripeDouble, double_client: stripe.StripeClient) -> None:
    stripe_double.fault("slow", "POST /v1/payment_intents", seconds=0.5)
    with requests.Session() as session:
        other = client_of(session, SECRET_KEY, stripe_double.address)
        first = threading.Thread(target=other.v1.payment_intents.create, args=(_PARAMS, _KEY))
        first.start()
        deadline = time.monotonic() + 5
        while not stripe_double.calls():
            assert time.monotonic() < deadline
        with pytest.raises(stripe.APIError) as refused:
            double_client.v1.payment_intents.create(_PARAMS, _KEY)
        first.join()
    assert refused.value.http_status == 409
    assert refused.value.error
    assert refused.value.error.code == "idempotency_key_in_use"
    assert double_client.v1.payment_intents.create(_PARAMS, _KEY).id
    assert len(stripe_double.objects("payment_intent")) == 1


def test_fifty_posts_with_one_key_make_one_intent(stripe_double: StripeDouble) -> None:
    statuses: list[int] = []

    def post() -> None:
        answer = requests.post(
            f"{stripe_double.address}/v1/payment_intents",
            data=_PARAMS,
            headers={"Authorization": f"Bearer {SECRET_KEY}", "Idempotency-Key": "one"},
            timeout=10,
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409}
    assert len(stripe_double.objects("payment_intent")) == 1


def test_the_client_verifies_what_the_double_signs(stripe_double: StripeDouble, double_client: Any) -> None:
    _pay(double_client)
    event = stripe_double.events("payment_intent.succeeded")[0]
    body, at = json.dumps(event, indent=2).encode(), int(time.time())
    digest = hmac.new(WEBHOOK_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert stripe.WebhookSignature.verify_header(body, f"t={at},v1={digest}", WEBHOOK_SECRET, 300)
    assert double_client.construct_event(body, f"t={at},v1={digest}", WEBHOOK_SECRET).type == event["type"]


def test_balance_transactions_are_all_that_moved(
    stripe_double: StripeDouble, double_client: stripe.StripeClient
) -> None:
    client = double_client
    paid = _pay(client)
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 700})
    stripe_double.settle_refund(refund.id, "failed")
    _pay(client, DISPUTED)
    stripe_double.decide(client.v1.disputes.list().data[0].id, "won")
    moved = list(client.v1.balance_transactions.list({"limit": 2, "expand": ["data.source"]}).auto_paging_iter())
    rows = [(one.reporting_category, one.amount, one.fee, one.net) for one in reversed(moved)]
    assert rows == [
        ("charge", 2500, 103, 2397),
        ("refund", -700, 0, -700),
        ("refund_failure", 700, 0, 700),
        ("charge", 2500, 103, 2397),
        ("dispute", -2500, 1500, -4000),
        ("dispute_reversal", 2500, 0, 2500),
    ]
    sources: list[Any] = [one.source for one in reversed(moved)]
    assert (sources[0].payment_intent, sources[1].id) == (paid.id, refund.id)
    assert client.v1.refunds.retrieve(refund.id).failure_balance_transaction == moved[3].id


def test_a_lost_dispute_may_be_appealed_and_won(stripe_double: StripeDouble, double_client: Any) -> None:
    paid = _pay(double_client)
    dispute = stripe_double.dispute(paid.id)
    for status in ("under_review", "lost", "appeal_under_review", "won"):
        stripe_double.decide(dispute, status)
    found = double_client.v1.disputes.retrieve(dispute)
    assert found.status == "won"
    assert [one.amount for one in found.balance_transactions] == [-2500, 2500]
    assert [event["type"].removeprefix("charge.dispute.") for event in stripe_double.events("charge.dispute")] == [
        *("created", "funds_withdrawn", "updated", "closed", "updated", "funds_reinstated", "closed"),
    ]


def test_an_inquiry_moves_no_money(stripe_double: StripeDouble, double_client: Any) -> None:
    paid = _pay(double_client)
    dispute = stripe_double.dispute(paid.id, status="warning_needs_response")
    assert double_client.v1.disputes.retrieve(dispute).balance_transactions == []
    assert double_client.v1.refunds.create({"payment_intent": paid.id, "amount": 100}).status == "succeeded"
    stripe_double.decide(dispute, "needs_response")
    assert [one.amount for one in double_client.v1.disputes.retrieve(dispute).balance_transactions] == [-2500]


def test_a_refund_may_take_days_or_fail(stripe_double: StripeDouble, double_client: Any) -> None:
    paid = _pay(double_client, "pm_card_pendingRefund")
    refund = double_client.v1.refunds.create({"payment_intent": paid.id, "amount": 700})
    assert (refund.status, refund.balance_transaction) == ("pending", None)
    stripe_double.settle_refund(refund.id, "succeeded")
    stripe_double.settle_refund(refund.id, "failed")
    found = double_client.v1.refunds.retrieve(refund.id)
    assert (found.status, found.failure_reason) == ("failed", "unknown")
    types = [event["type"] for event in stripe_double.events("refund")]
    assert types == ["refund.created", "refund.updated", "refund.failed"]
    assert double_client.v1.refunds.create({"payment_intent": paid.id}).amount == 2500


def test_a_session_past_its_time_expires_by_itself(stripe_double: StripeDouble, double_client: Any) -> None:
    line = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Shirt"}}}
    params = {"mode": "payment", "line_items": [line], "success_url": "http://shop.example/"}
    session = double_client.v1.checkout.sessions.create(params)
    stripe_double.clock(24 * 3600 + 1)
    assert double_client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert [event["type"] for event in stripe_double.events("checkout")] == ["checkout.session.expired"]


def test_a_fee_may_come_after_the_payment(stripe_double: StripeDouble, double_client: Any) -> None:
    stripe_double.late_fees(True)
    paid = _pay(double_client)
    expand = {"expand": ["latest_charge.balance_transaction"]}
    assert double_client.v1.payment_intents.retrieve(paid.id, expand).latest_charge.balance_transaction is None
    stripe_double.late_fees(False)
    assert double_client.v1.payment_intents.retrieve(paid.id, expand).latest_charge.balance_transaction.fee == 103
    assert len(stripe_double.events("charge.updated")) == 1
