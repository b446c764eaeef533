"""Stripe's client with our deadlines, our errors and none of its habits."""

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
import stripe

from services.api.payments.client import StripeClient
from services.api.payments.objects import KeyConflict, Refused
from shared import errors, shop_errors, timeouts
from shared.models.payment import Payment, PaymentKind, PaymentState
from tests.doubles.stripe_double import PAID, SECRET_KEY, StripeDouble

PAYMENT = Payment(
    id=UUID(int=7),
    order_id=UUID(int=8),
    kind=PaymentKind.PAYMENT_INTENT,
    idempotency_key="pay_7",
    stripe_id=None,
    intent_id=None,
    status=PaymentState.NEW,
    amount_cents=1999,
    currency="usd",
    fee_cents=None,
    error_code=None,
    received_at=None,
    checked_at=None,
    created_at=datetime.now(UTC),
)
NUMBER = "ST-7K2M-9QXA"


@pytest.fixture
def client(stripe_double: StripeDouble) -> StripeClient:
    return StripeClient(SECRET_KEY, live=False, api_base=stripe_double.address)


class Server(ThreadingHTTPServer):
    """Answers every call alike, and counts them."""

    status, body, headers = 200, b"{}", {}  # type: tuple[int, bytes, dict[str, str]]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[str] = []

    @property
    def client(self) -> StripeClient:
        return StripeClient(SECRET_KEY, live=False, api_base=f"http://127.0.0.1:{self.server_address[1]}")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.calls.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.server.status)
        for name, value in {"Content-Length": str(len(self.server.body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_one_key_makes_one_intent(client: StripeClient, stripe_double: StripeDouble) -> None:
    made = [client.create_intent(PAYMENT, NUMBER) for _ in range(2)]
    assert made[0] == made[1]
    assert len(stripe_double.objects("payment_intent")) == 1
    assert (made[0].payment_id, made[0].amount_cents, made[0].status) == (PAYMENT.id, 1999, "requires_payment_method")


def test_a_key_with_other_arguments_is_our_mistake(client: StripeClient) -> None:
    client.create_intent(PAYMENT, NUMBER)
    with pytest.raises(KeyConflict):
        client.create_intent(replace(PAYMENT, amount_cents=2000), NUMBER)


def test_a_refund_is_read_with_its_movement_of_the_balance(client: StripeClient, stripe_double: StripeDouble) -> None:
    intent = client.create_intent(PAYMENT, NUMBER)
    stripe_double.pay(intent.client_secret or "", PAID)
    made = client.create_refund("ref_1", intent_id=intent.id, amount_cents=500, refund_id=UUID(int=9))
    assert (made.refund_id, made.intent_id, made.amount_cents, made.status) == (
        UUID(int=9),
        intent.id,
        500,
        "succeeded",
    )
    assert made.refunded_at is not None
    assert client.refund(made.id) == made
    with pytest.raises(Refused):
        client.create_refund("ref_2", intent_id=intent.id, amount_cents=1500, refund_id=UUID(int=10))


def test_a_dispute_is_read_with_what_it_took(client: StripeClient, stripe_double: StripeDouble) -> None:
    intent = client.create_intent(PAYMENT, NUMBER)
    stripe_double.pay(intent.client_secret or "", PAID)
    dispute = client.dispute(stripe_double.dispute(intent.id))
    assert dispute is not None
    assert (dispute.intent_id, dispute.amount_cents, dispute.status) == (intent.id, 1999, "needs_response")
    assert [movement.amount_cents for movement in dispute.transactions] == [-1999]


def test_movements_of_the_balance_name_what_moved_the_money(client: StripeClient, stripe_double: StripeDouble) -> None:
    intent = client.create_intent(PAYMENT, NUMBER)
    stripe_double.pay(intent.client_secret or "", PAID)
    refund = client.create_refund("ref_1", intent_id=intent.id, amount_cents=500, refund_id=UUID(int=9))
    since = datetime.now(UTC) - timedelta(hours=1)
    found = list(client.balance_transactions(since, since + timedelta(days=1)))
    assert {(one.category, one.amount_cents, one.source) for one in found} == {
        ("charge", 1999, intent.id),
        ("refund", -500, refund.id),
    }
    assert list(client.balance_transactions(since - timedelta(days=1), since)) == []


def test_all_pages_of_a_list_are_read(client: StripeClient, stripe_double: StripeDouble) -> None:
    for number in range(120):
        client.create_intent(replace(PAYMENT, idempotency_key=f"pay_{number}"), NUMBER)
    found = list(client.events(datetime.now(UTC) - timedelta(hours=1)))
    assert len({event.id for event in found}) == len(found) == 120
    assert {event.type for event in found} == {"payment_intent.created"}


@pytest.mark.parametrize("wrong", ["", "..", "pi_", "pi_1/../x", "pi_1?limit=1", "cus_1", "pi_" + "x" * 300])
def test_an_id_that_is_none_is_never_sent(server: Server, wrong: str) -> None:
    assert (server.client.intent(wrong), server.client.session(wrong), server.client.refund(wrong)) == (None,) * 3
    with pytest.raises(Refused):
        server.client.cancel_intent(wrong)
    assert server.calls == []


def test_what_stripe_does_not_know_is_none(client: StripeClient) -> None:
    assert (client.intent("pi_1"), client.session("cs_test_1"), client.refund("re_1"), client.dispute("dp_1")) == (
        *(None, None),
        *(None, None),
    )


@pytest.mark.parametrize("cents", [19.99, True, 0, -1, None, "1999"])
def test_an_amount_is_a_whole_number_of_cents(server: Server, cents: Any) -> None:
    with pytest.raises(TypeError):
        server.client.create_intent(replace(PAYMENT, amount_cents=cents), NUMBER)
    assert server.calls == []


@pytest.mark.parametrize(("status", "calls"), [(429, 1), (500, 2), (503, 2), (409, 2), (401, 1), (403, 1)])
def test_stripe_s_trouble_is_unavailable_payments(server: Server, status: int, calls: int) -> None:
    server.status, server.body = status, json.dumps({"error": {"type": "api_error", "message": "sk_secret"}}).encode()
    with pytest.raises(shop_errors.PaymentUnavailable) as caught:
        server.client.create_intent(PAYMENT, NUMBER)
    assert len(server.calls) == calls
    assert "sk_secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.retry_after_s


def test_an_answer_that_is_no_json_is_unavailable_payments(server: Server) -> None:
    server.body = b"<html>"
    with pytest.raises(shop_errors.PaymentUnavailable):
        server.client.intent("pi_1")


def test_a_redirection_is_not_followed(server: Server) -> None:
    server.status, server.headers = 302, {"Location": "/elsewhere"}
    with pytest.raises(shop_errors.PaymentUnavailable):
        server.client.create_intent(PAYMENT, NUMBER)
    assert server.calls == ["POST /v1/payment_intents"]


def test_proxies_of_the_environment_are_not_used(client: StripeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert client.intent("pi_1") is None


def test_the_deadlines_are_those_of_the_table() -> None:
    http = StripeClient(SECRET_KEY, live=False)._v1._requestor._client
    assert isinstance(http, stripe.RequestsClient)
    assert http._timeout == (timeouts.STRIPE_CONNECT_S, timeouts.STRIPE_READ_S) == (2, 6)
    assert not stripe.enable_telemetry


def test_health_says_whether_stripe_answered_the_last_call(server: Server) -> None:
    client = server.client
    server.body = b'{"object": "list", "data": [], "has_more": false, "url": "/v1/events"}'
    assert client.check() == {"live": False}  # it asks at the start
    client.check()
    assert len(server.calls) == 1
    server.status, server.body = 401, b"{}"
    with pytest.raises(shop_errors.PaymentUnavailable):
        client.intent("pi_1")
    for _ in range(3):
        with pytest.raises(errors.Unavailable):
            client.check()
    assert len(server.calls) == 2  # it does not ask at every check


def test_no_value_of_ours_holds_a_secret_key_or_shows_a_client_secret(client: StripeClient) -> None:
    intent = client.create_intent(PAYMENT, NUMBER)
    assert SECRET_KEY.encode() not in pickle.dumps(intent)
    assert intent.client_secret
    assert intent.client_secret not in repr(intent)


def test_without_a_key_stripe_s_library_is_not_loaded(environment: pytest.MonkeyPatch) -> None:
    program = (
        "import sys\n"
        "from services.api.app import build, create_app\n"
        "from services.api.decoder.pool import Decoder\n"
        "from services.api.settings import Settings\n"
        "deps = build(Settings.read(), Decoder())\n"
        "create_app(deps)\n"
        "print('stripe' in sys.modules)\n"
        "deps.close()\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split()[-1] == "False"
