"""The project's double of Stripe as a process of its own, and a client of its control address.

`with running() as double:` in a test, or the fixture `stripe_double` (tests/conftest.py).
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from deploy.local import ports
from deploy.local.service import Service
from deploy.local.stack import ROOT
from deploy.local.supervisor import await_ready
from tests.deploy.local.processes import eventually

SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET = "sk_test_ofTheTests", "pk_test_ofTheTests", "whsec_ofTheTests"
PAID, DECLINED, UNSURE = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"
SLOW, DISPUTED = "pm_usBankAccount_success", "pm_card_createDispute"  # the first is `processing` until it is settled
_TIMEOUT_S = 35


class StripeDouble:
    """Nothing here uses the `stripe` library, so that both sides of a test do not share its mistakes."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.session = requests.Session()
        self.session.trust_env = False

    @property
    def environment(self) -> dict[str, str]:
        """The settings of an api that pays here."""
        return {
            "STRIPE_API_BASE": self.address,
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    def call(self, method: str, path: str, key: str | None = None, **params: Any) -> requests.Response:
        """A call as Stripe's libraries make it, such as `call("POST", "/v1/refunds", payment_intent="pi_...")`."""
        headers = {"Authorization": f"Bearer {SECRET_KEY}"} | ({"Idempotency-Key": key} if key is not None else {})
        form = {"params" if method == "GET" else "data": params}
        return self.session.request(method, f"{self.address}{path}", headers=headers, timeout=_TIMEOUT_S, **form)  # type: ignore[arg-type]

    def pay(self, client_secret: str, method: str = PAID) -> requests.Response:
        """Confirm a PaymentIntent as a browser does, with what the api told it."""
        intent = client_secret.partition("_secret_")[0]
        form = {"key": PUBLISHABLE_KEY, "client_secret": client_secret, "payment_method": method}
        return self.session.post(f"{self.address}/v1/payment_intents/{intent}/confirm", data=form, timeout=_TIMEOUT_S)

    def press(self, url: str, button: str = PAID) -> requests.Response:
        """Press a button of a Checkout page: a payment method, or `cancel`. A redirection is not followed."""
        return self.session.post(url, data={"button": button}, timeout=_TIMEOUT_S, allow_redirects=False)

    def calls(self, path: str = "", method: str = "POST") -> list[dict[str, Any]]:
        """The ledger: calls whose path begins so, with `idempotency_key`, `params`, `status`, `replayed`, `fault`."""
        found = self._control("GET", "calls")
        return [call for call in found if call["path"].startswith(path) and call["method"] == method]

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """All of a kind, such as `payment_intent` or `balance_transaction`, the oldest first."""
        return list(self._control("GET", "objects", kind=kind))

    def fault(self, kind: str, call: str = "", times: int = 1, seconds: float = 30) -> None:
        """Play a fault (deploy/local/stripe_double/faults.py) in the next calls, such as `POST /v1/refunds`."""
        self._control("PUT", "faults", faults=[{"kind": kind, "call": call, "times": times, "seconds": seconds}])

    def no_faults(self) -> None:
        self._control("PUT", "faults", faults=[])

    def deliver(self, **settings: Any) -> None:
        """Set `url`, or fields of deploy/local/stripe_double/webhooks.py's Delivery, such as `held=True`."""
        self._control("PUT", "webhooks", **settings)

    def attempts(self) -> list[dict[str, Any]]:
        """What was delivered and what was answered: `event`, `type`, `status`."""
        return list(self._control("GET", "webhooks")["attempts"])

    def delivered(self) -> None:
        """Wait until no event is left to deliver."""
        eventually(lambda: self._control("GET", "webhooks")["pending"] == 0, "the delivery of all events")

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """All events of a type, the oldest first."""
        return [event for event in self.objects("event") if event["type"].startswith(kind)]

    def send(self, *events: str, **settings: Any) -> dict[str, list[int]]:
        """Send events now, in this order, and return what was answered to each copy."""
        return dict(self._control("POST", "send", events=events, **settings))

    def settle_payment(self, intent: str, status: str = "succeeded") -> None:
        """End what is processing, or waits for its customer: `succeeded` or `failed`."""
        self._control("POST", "settle_payment", id=intent, status=status)

    def settle_refund(self, refund: str, status: str) -> None:
        """`succeeded`, or `failed` even after that."""
        self._control("POST", "settle_refund", id=refund, status=status)

    def dispute(self, intent: str, **facts: Any) -> str:
        """Dispute a payment and return the id; `status`, `amount` and `reason` may be given."""
        return str(self._control("POST", "dispute", payment_intent=intent, **facts)["id"])

    def decide(self, dispute: str, status: str) -> None:
        """Change the status of a dispute: `won`, `lost`, `appeal_under_review` ..."""
        self._control("POST", "dispute", id=dispute, status=status)

    def late_fees(self, late: bool) -> None:
        """Take money without a balance transaction, as Stripe may; False brings them, with `charge.updated`."""
        self._control("PUT", "fees", late=late)

    def clock(self, offset_s: int) -> None:
        """Move the double's clock; signatures keep the real time."""
        self._control("PUT", "clock", offset_s=offset_s)

    def _control(self, method: str, name: str, **given: Any) -> Any:
        sent: Mapping[str, Any] = {"params" if method == "GET" else "json": given}
        headers = {"Authorization": f"Bearer {SECRET_KEY}"}
        url = f"{self.address}/control/{name}"
        answer = self.session.request(method, url, headers=headers, timeout=_TIMEOUT_S, **sent)
        assert answer.ok, answer.text
        return answer.json()


def process(port: int, output: Path, *, file: Path | None = None, webhook_url: str = "") -> Service:
    """The process, not started; with a file it remembers."""
    environment = dict(os.environ) | StripeDouble(port).environment
    words = (str(port), webhook_url, *([str(file)] if file else []))
    command = (sys.executable, "-m", "deploy.local.stripe_double", *words)
    return Service("stripe", command, port=port, environment=environment, folder=ROOT, output=output)


@contextmanager
def running(folder: Path, *, webhook_url: str = "") -> Iterator[StripeDouble]:
    """The double on a free port, with its log in `folder`, until the end of the block."""
    port = ports.free()
    service = process(port, folder / "stripe-double.log", webhook_url=webhook_url)
    service.start()
    try:
        await_ready(service)
        yield StripeDouble(port)
    finally:
        service.stop()
