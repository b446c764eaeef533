"""The control address, `/control/...`: ledger, faults, webhooks, and what banks decide. It needs the secret key."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from deploy.local.stripe_double import charges, checkout, disputes, refunds
from deploy.local.stripe_double.double import Double
from deploy.local.stripe_double.faults import Fault
from deploy.local.stripe_double.refusals import Refusal, missing
from deploy.local.stripe_double.state import Object
from deploy.local.stripe_double.webhooks import Delivery, Webhooks

_SETTABLE = tuple(Delivery.__dataclass_fields__)


class Control:
    """Takes and gives JSON."""

    def __init__(self, double: Double, webhooks: Webhooks) -> None:
        self._double = double
        self._state = double.state
        self._webhooks = webhooks
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "calls"): lambda _: list(double.calls),
            ("GET", "objects"): lambda given: self._state.all(given["kind"]),
            ("PUT", "faults"): self._faults,
            ("PUT", "clock"): self._clock,
            ("PUT", "fees"): self._fees,
            ("GET", "webhooks"): lambda _: self._delivery(),
            ("PUT", "webhooks"): self._change_delivery,
            ("POST", "send"): self._send,
            ("POST", "settle_payment"): self._settle_payment,
            ("POST", "settle_refund"): self._settle_refund,
            ("POST", "dispute"): self._dispute,
        }

    def answer(self, method: str, path: str, given: dict[str, Any]) -> Any:
        """Raises Refusal; in what is given, a name or a value that does not fit is the caller's mistake as well."""
        act = self._routes.get((method, path.removeprefix("/control/")))
        if act is None:
            raise Refusal(f"The double has no control {method} {path}", status=404)
        try:
            return act(given)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Refusal(f"{type(error).__name__}: {error}") from None

    def _faults(self, given: dict[str, Any]) -> Object:
        self._double.faults.replace([Fault.parse(one) for one in given["faults"]])
        return {}

    def _clock(self, given: dict[str, Any]) -> Object:
        with self._state.transaction():
            self._state.offset_s = int(given["offset_s"])
            checkout.expire_due(self._state)
        return {"now": self._state.now()}

    def _fees(self, given: dict[str, Any]) -> Object:
        with self._state.transaction():
            self._state.late_fees = bool(given["late"])
            if not self._state.late_fees:
                charges.book_late(self._state)
        return {}

    def _delivery(self) -> Object:
        attempts = list(self._webhooks.attempts)
        return {"pending": self._webhooks.pending, "attempts": attempts, **asdict(self._webhooks.delivery)}

    def _change_delivery(self, given: dict[str, Any]) -> Object:
        self._webhooks.change(given)
        return self._delivery()

    def _send(self, given: dict[str, Any]) -> Object:
        """Send events again, now, in the order given; other settings are those of this sending alone."""
        wishes = {name: given[name] for name in _SETTABLE if name in given}
        delivery = replace(Delivery(), **wishes)
        return {event_id: self._webhooks.send(event_id, delivery) for event_id in given["events"]}

    def _settle_payment(self, given: dict[str, Any]) -> Object:
        with self._state.transaction():
            intent = self._named("payment_intent", given["id"])
            charges.settle(self._state, intent, succeeded=given["status"] == "succeeded")
            checkout.follow(self._state, intent)
            return intent

    def _settle_refund(self, given: dict[str, Any]) -> Object:
        with self._state.transaction():
            return refunds.settle(self._state, self._named("refund", given["id"]), given["status"])

    def _dispute(self, given: dict[str, Any]) -> Object:
        """Open one for `charge` or `payment_intent`, or change the status of that with `id`."""
        with self._state.transaction():
            if identity := given.get("id"):
                return disputes.change(self._state, self._named("dispute", identity), given["status"])
            charge_id = given.get("charge") or self._named("payment_intent", given["payment_intent"])["latest_charge"]
            return disputes.open_for(self._state, self._named("charge", charge_id), given)

    def _named(self, kind: str, identity: str) -> Object:
        found = self._state.find(kind, identity)
        if found is None:
            raise missing(kind, identity)
        return found
