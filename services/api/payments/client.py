"""Stripe's API through its official client: our deadlines, our values, our errors.

Each call raises PaymentUnavailable if Stripe did not answer. Whether it did what was asked is then unknown, so what
creates something is called again later with the same key and the same arguments. Refused says that Stripe will not do
it, KeyConflict that a key came with other arguments.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import requests
import stripe
from requests.adapters import HTTPAdapter

from services.api.payments import reading
from services.api.payments.objects import (
    BalanceTransaction,
    CheckoutSession,
    Intent,
    KeyConflict,
    Refused,
    StripeDispute,
    StripeRefund,
)
from shared import errors, log, metrics, shop_errors, timeouts
from shared.bulkhead import Bulkhead
from shared.models.payment import Payment, WebhookEvent

_CALLS, _WAITING = 8, 8  # of gunicorn's 32 threads
_PAGE = 100  # the most that Stripe lists at once
_ASK_AGAIN_S = 30.0  # between two calls of the health check while Stripe is away
_AWAY_S, _MISUSED_S = 5, 60  # before a caller should try again
_ID = re.compile(r"(?:pi|cs_test|cs_live|re|pyr|dp|du|ch)_[A-Za-z0-9_]{1,250}")
_INTENT = ["latest_charge.balance_transaction"]
_REFUND = ["balance_transaction", "failure_balance_transaction"]

Value = TypeVar("Value")  # the newer syntax needs Python 3.12
_log = log.get("stripe")


class StripeClient:
    """Thread-safe. `live` is whether its key moves real money."""

    def __init__(self, key: str, *, live: bool, api_base: str | None = None) -> None:
        stripe.enable_telemetry = False  # else it writes a file into the home folder
        self.live = live
        self._bulkhead = Bulkhead(_CALLS, _WAITING, timeouts.STRIPE_WAIT_S)
        self._answers = _Answers()
        base = api_base or stripe.DEFAULT_API_BASE
        self._v1 = stripe.StripeClient(
            key,
            max_network_retries=timeouts.STRIPE_TRIES - 1,
            base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
            http_client=stripe.RequestsClient(
                timeout=(timeouts.STRIPE_CONNECT_S, timeouts.STRIPE_READ_S), session=_session()
            ),
        ).v1

    def create_intent(self, payment: Payment, order_number: str) -> Intent:
        """A PaymentIntent that takes every method of payment which the account offers."""
        made = self._call(
            lambda: self._v1.payment_intents.create(
                {
                    "amount": _cents(payment.amount_cents),
                    "currency": payment.currency,
                    "automatic_payment_methods": {"enabled": True},
                    "description": order_number,
                    "metadata": _metadata(payment, order_number),
                    "expand": _INTENT,
                },
                {"idempotency_key": payment.idempotency_key},
            )
        )
        return reading.intent(made.to_dict())

    def intent(self, intent_id: str) -> Intent | None:
        found = self._find(lambda: self._v1.payment_intents.retrieve(_known(intent_id), {"expand": _INTENT}))
        return reading.intent(found) if found else None

    def cancel_intent(self, intent_id: str) -> Intent:
        """Raises Refused for one that was paid, or that is being paid."""
        cancelled = self._call(lambda: self._v1.payment_intents.cancel(_known(intent_id), {"expand": _INTENT}))
        return reading.intent(cancelled.to_dict())

    def create_session(
        self, payment: Payment, order_number: str, *, expires_at: datetime, return_url: str, email: str
    ) -> CheckoutSession:
        """A page at Stripe. `expires_at` must be 30 minutes to 24 hours away; the page leads back to `return_url`."""
        metadata = _metadata(payment, order_number)
        price: Any = {
            "currency": payment.currency,
            "unit_amount": _cents(payment.amount_cents),
            "product_data": {"name": f"Order {order_number}"},
        }
        made = self._call(
            lambda: self._v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "ui_mode": "hosted_page",
                    "adaptive_pricing": {"enabled": False},  # else customers may pay in another currency
                    "line_items": [{"quantity": 1, "price_data": price}],
                    "client_reference_id": order_number,
                    "customer_email": email,
                    "metadata": metadata,
                    "payment_intent_data": {"metadata": metadata, "description": order_number},
                    "expires_at": int(expires_at.timestamp()),
                    "success_url": return_url,
                    "cancel_url": return_url,
                },
                {"idempotency_key": payment.idempotency_key},
            )
        )
        return reading.checkout_session(made.to_dict())

    def session(self, session_id: str) -> CheckoutSession | None:
        found = self._find(lambda: self._v1.checkout.sessions.retrieve(_known(session_id)))
        return reading.checkout_session(found) if found else None

    def expire_session(self, session_id: str) -> CheckoutSession:
        """Raises Refused for one that is no longer open."""
        expired = self._call(lambda: self._v1.checkout.sessions.expire(_known(session_id)))
        return reading.checkout_session(expired.to_dict())

    def create_refund(self, key: str, *, intent_id: str, amount_cents: int, refund_id: UUID) -> StripeRefund:
        """Raises Refused for more than was received, among others."""
        made = self._call(
            lambda: self._v1.refunds.create(
                {
                    "payment_intent": _known(intent_id),
                    "amount": _cents(amount_cents),
                    "metadata": {"refund_id": str(refund_id)},
                    "expand": _REFUND,
                },
                {"idempotency_key": key},
            )
        )
        return reading.refund(made.to_dict())

    def refund(self, refund_id: str) -> StripeRefund | None:
        found = self._find(lambda: self._v1.refunds.retrieve(_known(refund_id), {"expand": _REFUND}))
        return reading.refund(found) if found else None

    def dispute(self, dispute_id: str) -> StripeDispute | None:
        found = self._find(lambda: self._v1.disputes.retrieve(_known(dispute_id)))
        return reading.dispute(found) if found else None

    def events(self, since: datetime) -> Iterator[WebhookEvent]:
        """All that happened since then, newest first; Stripe keeps 30 days."""
        for page in self._pages(self._v1.events.list, {"created": {"gte": int(since.timestamp())}}):
            yield from map(reading.event, page)

    def balance_transactions(self, since: datetime, until: datetime) -> Iterator[BalanceTransaction]:
        """All of this time, `until` excluded, newest first."""
        within = {"created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())}}
        for page in self._pages(self._v1.balance_transactions.list, {**within, "expand": ["data.source"]}):
            yield from map(reading.balance_transaction, page)

    def check(self) -> Mapping[str, object]:
        """For health: raises while Stripe is away, and then asks it now and again. A call that it answers ends that."""
        if self._answers.should_ask():
            self._call(lambda: self._v1.events.list({"limit": 1}))
        self._answers.check()
        return {"live": self.live}

    def _pages(self, list_page: Callable[[Any], Any], query: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
        after: dict[str, str] = {}
        while True:
            page = self._call(lambda: list_page({**query, **after, "limit": _PAGE})).to_dict()  # noqa: B023 - called at once
            yield page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def _find(self, call: Callable[[], Any]) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._call(call).to_dict()
        except Refused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise
        return found

    def _call(self, call: Callable[[], Value]) -> Value:
        with self._bulkhead.slot():
            try:
                value = call()
            except stripe.StripeError as error:
                raise self._failure(error) from None  # its text and its cause may hold what the request held
        self._answers.note(answered=True)
        metrics.STRIPE_CALLS.labels("answered").inc()
        return value

    def _failure(self, error: stripe.StripeError) -> Exception:
        """Log and count what Stripe did not do, and say what that means."""
        code = (error.error and error.error.code) or error.code or type(error).__name__
        outcome, failure = _meaning(error, code)
        self._answers.note(answered=outcome == "refused")
        metrics.STRIPE_CALLS.labels(outcome).inc()
        tell = _log.error if outcome == "misused" else _log.warning
        tell("stripe_call", outcome=outcome, code=code, status=error.http_status, stripe_request=error.request_id)
        return failure


def _meaning(error: stripe.StripeError, code: str) -> tuple[str, Exception]:
    if isinstance(error, stripe.IdempotencyError):
        return "misused", KeyConflict(code)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return "misused", shop_errors.PaymentUnavailable(retry_after_s=_MISUSED_S)
    if isinstance(error, (stripe.InvalidRequestError, stripe.CardError)):
        return "refused", Refused(code)
    return "away", shop_errors.PaymentUnavailable(retry_after_s=_AWAY_S)


class _Answers:
    """Whether Stripe answered the last call, and when it was called. At first that is unknown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: bool | None = None
        self._called_at = float("-inf")

    def note(self, *, answered: bool) -> None:
        with self._lock:
            self._answered, self._called_at = answered, time.monotonic()

    def should_ask(self) -> bool:
        with self._lock:
            return not self._answered and time.monotonic() - self._called_at > _ASK_AGAIN_S

    def check(self) -> None:
        with self._lock:
            if not self._answered:
                raise errors.Unavailable


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    adapter = HTTPAdapter(pool_maxsize=_CALLS, pool_block=True)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _known(object_id: str) -> str:
    """The library asks for a list if the id is empty."""
    if not _ID.fullmatch(object_id):
        raise Refused("resource_missing")
    return object_id


def _cents(amount: int) -> int:
    """The library sends fractions, Decimals and booleans as they are."""
    if type(amount) is not int or amount <= 0:
        raise TypeError("an amount is a positive int of minor units")
    return amount


def _metadata(payment: Payment, order_number: str) -> dict[str, str]:
    return {"payment_id": str(payment.id), "order_number": order_number}
