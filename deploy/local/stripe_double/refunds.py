"""Refunds: of a charge that succeeded, never more than it received."""

from deploy.local.stripe_double import balance
from deploy.local.stripe_double.charges import METHODS
from deploy.local.stripe_double.form import Params, choice, integer, metadata
from deploy.local.stripe_double.refusals import Refusal, missing
from deploy.local.stripe_double.state import Object, State, new_id

CREATABLE = ("amount", "charge", "currency", "metadata", "payment_intent", "reason")
_REASONS = ("", "duplicate", "fraudulent", "requested_by_customer")


def create(state: State, params: Params) -> Object:
    charge = _charge(state, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    cents = integer(params, "amount") if params.get("amount") else left
    _require_refundable(state, charge, cents, left)
    method = METHODS[charge["payment_method"]]
    refund = state.put(
        {
            "id": new_id("re"),
            "object": "refund",
            "amount": cents,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": state.now(),
            "currency": charge["currency"],
            "failure_balance_transaction": None,
            "failure_reason": None,
            "metadata": metadata(params),
            "payment_intent": charge["payment_intent"],
            "reason": choice(params, "reason", _REASONS, "") or None,
            "status": "pending",
        }
    )
    _add(state, charge, cents)
    if method.then != "pending_refund":
        _pay_out(state, refund)
    state.emit("refund.created", refund)
    state.emit("charge.refunded", charge)
    return refund


def update(state: State, refund: Object, params: Params) -> Object:
    refund["metadata"] = metadata(params, refund["metadata"])
    state.emit("refund.updated", state.put(refund))
    return refund


def settle(state: State, refund: Object, status: str) -> Object:
    """What the customer's bank said: `succeeded`, or `failed`, even after it had succeeded."""
    if refund["status"] not in ("pending", "succeeded") or status == refund["status"]:
        raise Refusal(f"{refund['id']} is {refund['status']}")
    if choice({"status": status}, "status", ("succeeded", "failed", "canceled"), "") == "succeeded":
        _pay_out(state, refund)
    else:
        _take_back(state, refund, status)
    state.emit("refund.failed" if status == "failed" else "refund.updated", state.put(refund))
    return refund


def _pay_out(state: State, refund: Object) -> None:
    moved = balance.move(state, refund, -refund["amount"], kind="refund", category="refund")
    state.put(refund)
    refund |= {"status": "succeeded", "balance_transaction": moved["id"]}


def _take_back(state: State, refund: Object, status: str) -> None:
    if refund["status"] == "succeeded":
        moved = balance.move(state, refund, refund["amount"], kind="refund_failure", category="refund_failure")
        refund["failure_balance_transaction"] = moved["id"]
    refund |= {"status": status, "failure_reason": "unknown" if status == "failed" else None}
    charge = state.find("charge", refund["charge"])
    assert charge
    _add(state, charge, -refund["amount"])


def _add(state: State, charge: Object, cents: int) -> None:
    charge["amount_refunded"] += cents
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    state.put(charge)


def _charge(state: State, params: Params) -> Object:
    if given := params.get("charge"):
        charge = state.find("charge", given)
        if charge is None:
            raise missing("charge", given, "charge", 400)
        return charge
    given = params.get("payment_intent")
    if not given:
        raise Refusal("One of the following params should be provided: payment_intent or charge.")
    intent = state.find("payment_intent", given)
    if intent is None:
        raise missing("payment_intent", given, "payment_intent", 400)
    charge = state.find("charge", intent["latest_charge"])
    if charge is None or not charge["captured"]:
        raise Refusal(
            f"This PaymentIntent ({given}) does not have a successful charge to refund.", param="payment_intent"
        )
    return charge


def _require_refundable(state: State, charge: Object, cents: int, left: int) -> None:
    of_charge = (dispute for dispute in state.all("dispute") if dispute["charge"] == charge["id"])
    if not all(dispute["is_charge_refundable"] for dispute in of_charge):
        raise Refusal(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed", begun=True
        )
    if not left:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", begun=True)
    if cents < 1:
        raise Refusal("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if cents > left:
        raise Refusal(
            f"Refund amount ({cents / 100:.2f}) is greater than unrefunded amount on charge ({left / 100:.2f})",
            param="amount",
            begun=True,
        )
