"""Where two other projects' stand-ins for Stripe agree with the project's double, and where they do not.

Neither is a dependency: each test is skipped where its program is not installed (tests/contracts/conftest.py).
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
import stripe

from tests.contracts.conftest import client_of
from tests.deploy.local.processes import eventually

_SECRET = "whsec_of_the_shop"
_PARAMS: Any = {"amount": 2500, "currency": "usd", "payment_method_types": ["card"]}
_PAID: Any = _PARAMS | {"payment_method": "pm_card_visa", "confirm": True}
_CHARGE: Any = {"amount": 2500, "currency": "usd", "source": "tok_visa"}
_KEY: Any = {"idempotency_key": "one"}


@pytest.fixture
def local(localstripe: str) -> Iterator[Any]:
    with requests.Session() as session:
        yield client_of(session, "sk_test_1", localstripe).v1


@pytest.fixture
def mock(stateful_mock: str) -> Iterator[Any]:
    with requests.Session() as session:
        yield client_of(session, "sk_test_1", stateful_mock).v1


def test_localstripe_agrees_about_intents_that_are_not_confirmed_later(local: Any) -> None:
    intent = local.payment_intents.create(_PARAMS)
    assert (intent.status, intent.amount) == ("requires_payment_method", 2500)
    assert local.payment_intents.cancel(intent.id).status == "canceled"
    assert local.payment_intents.create(_PAID).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        local.payment_intents.create({**_PARAMS, "nonsense": "1"})
    with pytest.raises(stripe.InvalidRequestError):
        local.payment_intents.create({**_PARAMS, "amount": "19.99"})


def test_localstripe_lacks_what_the_shop_needs_most(local: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="automatic_payment_methods"):
        local.payment_intents.create({**_PARAMS, "automatic_payment_methods": {"enabled": True}})
    intent = local.payment_intents.create(_PARAMS)
    with pytest.raises(stripe.APIError, match="Not implemented"):
        local.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError):  # a card that is declined is 402 at Stripe
        local.payment_intents.create({**_PAID, "payment_method": "pm_card_chargeDeclined"})
    for missing in (local.checkout.sessions, local.disputes):
        with pytest.raises(stripe.StripeError) as refused:
            missing.list()
        assert refused.value.http_status == 404


def test_localstripe_has_no_idempotency_keys(local: Any) -> None:
    assert local.payment_intents.create(_PARAMS, _KEY).id != local.payment_intents.create(_PARAMS, _KEY).id


def test_localstripe_refunds_more_than_was_paid(local: Any) -> None:
    paid = local.payment_intents.create(_PAID)
    refunds = [local.refunds.create({"payment_intent": paid.id, "amount": 2000}) for _ in range(2)]
    assert [refund.status for refund in refunds] == ["succeeded", "succeeded"]


def test_the_client_verifies_a_webhook_that_another_project_signed(local: Any, localstripe: str) -> None:
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.headers["Stripe-Signature"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        hook = {"url": f"http://127.0.0.1:{server.server_address[1]}/", "secret": _SECRET, "events": None}
        hook["events"] = ["payment_intent.succeeded"]  # type: ignore[assignment]
        answer = requests.post(f"{localstripe}/_config/webhooks/shop", json=hook, timeout=5)
        assert answer.ok, answer.text
        paid = local.payment_intents.create(_PAID)
        eventually(lambda: received, "the webhook")
        server.shutdown()
    signature, body = received[0]
    assert stripe.WebhookSignature.verify_header(body, signature, _SECRET, 300)
    assert json.loads(body)["data"]["object"]["id"] == paid.id


def test_the_stateful_mock_agrees_about_keys(mock: Any) -> None:
    first, again = (mock.charges.create(_CHARGE, _KEY) for _ in range(2))
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError) as refused:
        mock.charges.create({**_CHARGE, "amount": 2600}, _KEY)
    assert refused.value.http_status == 400


def test_the_stateful_mock_agrees_about_refunds(mock: Any) -> None:
    charge = mock.charges.create(_CHARGE)
    assert mock.refunds.create({"charge": charge.id, "amount": 2000}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as refused:
        mock.refunds.create({"charge": charge.id, "amount": 501})
    assert refused.value.param == "amount"
    assert mock.refunds.create({"charge": charge.id}).amount == 500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        mock.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"


def test_the_stateful_mock_agrees_about_declined_cards(mock: Any) -> None:
    with pytest.raises(stripe.CardError) as declined:
        mock.charges.create({**_CHARGE, "source": "tok_chargeDeclined"})
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")


def test_the_stateful_mock_keeps_the_answer_to_wrong_parameters_as_well(mock: Any) -> None:
    """At Stripe a key whose parameters were wrong may be used again with others."""
    with pytest.raises(stripe.InvalidRequestError):
        mock.charges.create({**_CHARGE, "amount": 10}, _KEY)
    with pytest.raises(stripe.IdempotencyError):
        mock.charges.create(_CHARGE, _KEY)


@pytest.mark.parametrize("name", ["payment_intents", "events", "balance_transactions"])
def test_the_stateful_mock_lacks_what_the_shop_needs_most(mock: Any, name: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No matching path"):
        getattr(mock, name).list()
