"""What tests switch on in the double of Stripe, and what it remembers; tests/contracts has what Stripe does too."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from deploy.local import ports
from deploy.local.supervisor import await_ready
from tests.deploy.local.processes import eventually
from tests.doubles import stripe_double as doubles
from tests.doubles.stripe_double import DECLINED, PAID, SLOW, UNSURE, WEBHOOK_SECRET, StripeDouble


class Shop:
    """A shop's webhook endpoint; `answers` are the statuses of the next events, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []  # signature and body
        self.answers: list[int] = []
        self.server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"shop": self}))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.received]


class _Handler(BaseHTTPRequestHandler):
    shop: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.shop.received.append((self.headers["Stripe-Signature"], body))
        self.send_response(self.shop.answers.pop(0) if self.shop.answers else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    thread = threading.Thread(target=shop.server.serve_forever, args=(0.02,))
    thread.start()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()
    thread.join()


def _intent(double: StripeDouble, key: str | None = None, amount: int = 2500) -> dict[str, str]:
    answer = double.call("POST", "/v1/payment_intents", key, amount=amount, currency="usd")
    assert answer.ok, answer.text
    return dict(answer.json())


def _signed(signature: str, body: bytes) -> bool:
    at, v1 = (part.partition("=")[2] for part in signature.split(","))
    return v1 == hmac.new(WEBHOOK_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_events_are_delivered_signed_and_in_order(stripe_double: StripeDouble, shop: Shop) -> None:
    stripe_double.deliver(url=shop.url)
    stripe_double.pay(_intent(stripe_double)["client_secret"])
    stripe_double.delivered()
    assert shop.types() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert all(_signed(*received) for received in shop.received)


def test_a_refused_event_is_sent_again(stripe_double: StripeDouble, shop: Shop) -> None:
    stripe_double.deliver(url=shop.url, repeat_s=0.01)
    shop.answers = [503, 302]
    _intent(stripe_double)
    stripe_double.delivered()
    assert [attempt["status"] for attempt in stripe_double.attempts()] == [503, 302, 200]
    assert len({json.loads(body)["id"] for _, body in shop.received}) == 1
    assert [event["pending_webhooks"] for event in stripe_double.events()] == [0]


def test_held_events_go_out_when_they_are_let(stripe_double: StripeDouble, shop: Shop) -> None:
    stripe_double.deliver(url=shop.url, held=True)
    stripe_double.pay(_intent(stripe_double)["client_secret"])
    assert not shop.received
    stripe_double.deliver(held=False, copies=2)
    stripe_double.delivered()
    first, again, *_ = shop.types()
    assert (first, again, len(shop.received)) == ("payment_intent.created", "payment_intent.created", 6)


def test_held_events_can_be_shuffled(stripe_double: StripeDouble, shop: Shop) -> None:
    stripe_double.deliver(url=shop.url, held=True, shuffled=True)
    created = [_intent(stripe_double)["id"] for _ in range(12)]
    stripe_double.deliver(held=False)
    stripe_double.delivered()
    received = [json.loads(body)["data"]["object"]["id"] for _, body in shop.received]
    assert received != created
    assert sorted(received) == sorted(created)


def test_an_event_can_be_delayed(stripe_double: StripeDouble, shop: Shop) -> None:
    stripe_double.deliver(url=shop.url, delay_s=0.3)
    _intent(stripe_double)
    assert not shop.received
    stripe_double.delivered()
    assert len(shop.received) == 1


def test_an_event_can_be_sent_again_corrupted_or_with_an_old_signature(stripe_double: StripeDouble, shop: Shop) -> None:
    _intent(stripe_double)
    stripe_double.deliver(url=shop.url)
    [event] = stripe_double.events()
    month_s = 40 * 86_400
    assert stripe_double.send(event["id"], copies=2) == {event["id"]: [200, 200]}
    stripe_double.send(event["id"], corrupted=True)
    stripe_double.send(event["id"], signed_s_ago=month_s)
    assert [_signed(*received) for received in shop.received] == [True, True, False, True]
    now, *_, then = (int(signature[2:].partition(",")[0]) for signature, _ in shop.received)
    assert now - then == pytest.approx(month_s, abs=5)


@pytest.mark.parametrize(
    ("fault", "status", "effects"),
    [("500_before", 500, 0), ("500_after", 500, 1), ("429", 429, 0), ("slow", 200, 1), ("500_kept", 500, 1)],
)
def test_a_fault_changes_one_answer(stripe_double: StripeDouble, fault: str, status: int, effects: int) -> None:
    stripe_double.fault(fault, "POST /v1/payment_intents", seconds=0.05)
    params = {"amount": 2500, "currency": "usd"}
    assert stripe_double.call("POST", "/v1/payment_intents", "key", **params).status_code == status
    assert len(stripe_double.objects("payment_intent")) == effects
    again = stripe_double.call("POST", "/v1/payment_intents", "key", **params)
    assert again.status_code == (500 if fault == "500_kept" else 200)
    assert len(stripe_double.objects("payment_intent")) == 1
    assert [call["fault"] for call in stripe_double.calls()] == [fault, None]


@pytest.mark.parametrize(
    ("fault", "effects"), [("reset_before", 0), ("reset_after", 1), ("hang_before", 0), ("hang_after", 1)]
)
def test_a_fault_can_leave_the_caller_without_an_answer(stripe_double: StripeDouble, fault: str, effects: int) -> None:
    stripe_double.fault(fault, seconds=0.05)
    with pytest.raises(requests.ConnectionError):
        _intent(stripe_double, "key")
    assert len(stripe_double.objects("payment_intent")) == effects
    _intent(stripe_double, "key")
    assert len(stripe_double.objects("payment_intent")) == 1
    keys = [(call["idempotency_key"], call["status"], call["replayed"]) for call in stripe_double.calls()]
    assert keys == [("key", 0, False), ("key", 200, bool(effects))]


def test_a_fault_can_take_the_repeats_answer_as_well(stripe_double: StripeDouble) -> None:
    stripe_double.fault("reset_after", times=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            _intent(stripe_double, "key")
    _intent(stripe_double, "key")
    assert len(stripe_double.objects("payment_intent")) == 1
    assert [call["fault"] for call in stripe_double.calls()] == ["reset_after", "reset_after", None]


def test_a_fault_meets_only_the_calls_it_names_as_often_as_asked(stripe_double: StripeDouble) -> None:
    stripe_double.fault("500_before", "POST /v1/refunds", times=2)
    intent = _intent(stripe_double)
    stripe_double.pay(intent["client_secret"])
    statuses = [stripe_double.call("POST", "/v1/refunds", payment_intent=intent["id"]).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]
    stripe_double.fault("429", times=5)
    stripe_double.no_faults()
    _intent(stripe_double)


def test_no_secret_stands_in_the_ledger(stripe_double: StripeDouble) -> None:
    stripe_double.pay(_intent(stripe_double)["client_secret"])
    assert "_secret_" not in json.dumps(stripe_double.calls())


@contextmanager
def _process(folder: Path, port: int, webhook_url: str = "") -> Iterator[StripeDouble]:
    service = doubles.process(port, folder / "log", file=folder / "stripe.jsonl", webhook_url=webhook_url)
    service.start()
    try:
        await_ready(service)
        yield StripeDouble(port)
    finally:
        service.kill()


def test_a_killed_double_remembers_objects_keys_and_events_to_deliver(
    tmp_path: Path, free_port: int, shop: Shop
) -> None:
    with _process(tmp_path, free_port, shop.url) as double:
        double.deliver(held=True)
        intent = _intent(double, "key")
        double.pay(intent["client_secret"])
        before = double.objects("payment_intent"), double.objects("balance_transaction")
    with (tmp_path / "stripe.jsonl").open("a") as file:
        file.write('{"objects": [{"object": "refu')  # cut off by the kill
    with _process(tmp_path, free_port, shop.url) as double:
        assert (double.objects("payment_intent"), double.objects("balance_transaction")) == before
        assert double.call("POST", "/v1/payment_intents", "key", amount=2500, currency="usd").json() == intent
        double.delivered()
        assert len(shop.received) == 3
    assert (tmp_path / "stripe.jsonl").stat().st_mode & 0o077 == 0


def test_a_double_for_real_money_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubles, "SECRET_KEY", "sk_live_1")
    service = doubles.process(ports.free(), tmp_path / "log")
    service.start()
    eventually(lambda: service.exit_code() == 1, "its end")
    assert "sk_test_" in service.log_tail()
    service.stop()


def test_the_control_address_needs_the_secret_key(stripe_double: StripeDouble) -> None:
    for header in ("", "Bearer pk_test_ofTheTests"):
        answer = requests.get(f"{stripe_double.address}/control/calls", headers={"Authorization": header}, timeout=5)
        assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"[1", b'{"faults": 1}', b'{"faults": [{"kind": "no"}]}', b"{}"])
def test_the_control_address_refuses_what_it_does_not_know(stripe_double: StripeDouble, body: bytes) -> None:
    headers = {"Authorization": "Bearer sk_test_ofTheTests"}
    answer = requests.put(f"{stripe_double.address}/control/faults", data=body, headers=headers, timeout=5)
    assert answer.status_code == 400


def test_money_that_takes_days_can_be_settled(stripe_double: StripeDouble) -> None:
    intents = [_intent(stripe_double) for _ in range(2)]
    for intent, status in zip(intents, ("succeeded", "failed"), strict=True):
        assert stripe_double.pay(intent["client_secret"], SLOW).json()["status"] == "processing"
        stripe_double.settle_payment(intent["id"], status)
    statuses = [intent["status"] for intent in stripe_double.objects("payment_intent")]
    assert statuses == ["succeeded", "requires_payment_method"]
    assert len(stripe_double.objects("balance_transaction")) == 1


def _session(double: StripeDouble, success_url: str) -> dict[str, str]:
    line = {"quantity": 1, "price_data][currency": "usd", "price_data][unit_amount": 900}
    params = {f"line_items[0][{name}]": value for name, value in line.items()}
    params |= {"line_items[0][price_data][product_data][name]": "Order ST-1", "mode": "payment"}
    params |= {"success_url": success_url, "cancel_url": "http://shop.example/"}
    return dict(double.call("POST", "/v1/checkout/sessions", None, **params).json())


def test_a_checkout_page_can_be_paid_declined_and_left(stripe_double: StripeDouble) -> None:
    session = _session(stripe_double, "http://shop.example/{CHECKOUT_SESSION_ID}")
    page = requests.get(session["url"], timeout=5)
    assert "<h1>TEST</h1>" in page.text
    assert "9.00 USD" in page.text
    assert "Your card was declined." in stripe_double.press(session["url"], DECLINED).text
    assert stripe_double.press(session["url"], "cancel").headers["Location"] == "http://shop.example/"
    assert stripe_double.press(session["url"], PAID).headers["Location"] == f"http://shop.example/{session['id']}"
    assert stripe_double.press(session["url"], PAID).status_code == 400
    assert [event["type"] for event in stripe_double.events("checkout")] == ["checkout.session.completed"]


def test_a_checkout_page_leads_back_to_a_shop_that_does_not_know_its_address(
    stripe_double: StripeDouble, shop: Shop
) -> None:
    stripe_double.deliver(url=shop.url)
    session = _session(stripe_double, "/?order=ST-1")
    assert stripe_double.press(session["url"]).headers["Location"] == shop.url.replace("/hook", "/?order=ST-1")


def test_a_checkout_page_leads_to_the_bank_and_back(stripe_double: StripeDouble) -> None:
    session = _session(stripe_double, "http://shop.example/")
    asked = stripe_double.press(session["url"], UNSURE).headers["Location"]
    assert "the bank asks" in requests.get(asked, timeout=5).text
    assert stripe_double.press(asked, "failed").headers["Location"] == session["url"]
    asked = stripe_double.press(session["url"], UNSURE).headers["Location"]
    back = stripe_double.press(asked, "succeeded").headers["Location"]
    assert requests.get(back, timeout=5, allow_redirects=False).headers["Location"] == "http://shop.example/"
    [found] = stripe_double.objects("checkout.session")
    assert (found["status"], found["payment_status"]) == ("complete", "paid")
    assert stripe_double.press(asked, "succeeded").status_code == 400
