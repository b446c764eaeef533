"""What becomes of a payment: by its payment method it succeeds, is declined, needs the customer, or takes days."""

from dataclasses import dataclass

from deploy.local.stripe_double import balance, disputes
from deploy.local.stripe_double.refusals import Refusal, missing
from deploy.local.stripe_double.state import Object, State, copy, new_id


@dataclass(frozen=True, slots=True)
class _Method:
    """`then` is what follows: a declined card's code, or what happens after a payment that succeeded."""

    outcome: str
    then: str = ""
    decline: str = ""


# Stripe's own names for its test methods.
METHODS = {
    "pm_card_visa": _Method("succeeds"),
    "pm_card_mastercard": _Method("succeeds"),
    "pm_card_createDispute": _Method("succeeds", "dispute"),
    "pm_card_pendingRefund": _Method("succeeds", "pending_refund"),  # its refunds take days
    "pm_card_chargeDeclined": _Method("declined", "card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": _Method("declined", "card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": _Method("declined", "expired_card", "expired_card"),
    "pm_card_authenticationRequired": _Method("needs_customer"),
    "pm_usBankAccount_success": _Method("takes_days"),
}


def confirm(state: State, intent: Object, method: str, return_url: str | None, page: str) -> None:
    """Pay the intent; `page` is where the customer proves that the card is theirs. Raises Refusal when declined."""
    how = METHODS.get(method)
    if how is None:
        raise missing("PaymentMethod", method, "payment_method", 400)
    intent |= {"payment_method": method, "last_payment_error": None, "next_action": None}
    if how.outcome == "declined":
        raise decline(state, intent, how.then, how.decline)
    if how.outcome == "needs_customer":
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"{page}/authenticate/{intent['id']}", "return_url": return_url},
        }
        state.emit("payment_intent.requires_action", state.put(intent))
    elif how.outcome == "takes_days":
        intent["status"] = "processing"
        _charge(state, intent, "pending")
        state.emit("payment_intent.processing", state.put(intent))
    else:
        succeed(state, intent)


def succeed(state: State, intent: Object) -> None:
    """The money is here, or reserved where it is captured later."""
    charge = _charge(state, intent, "succeeded")
    intent["next_action"] = None
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        state.emit("charge.succeeded", state.put(charge))
        state.emit("payment_intent.amount_capturable_updated", state.put(intent))
    else:
        receive(state, intent, charge, intent["amount"])


def receive(state: State, intent: Object, charge: Object, cents: int) -> None:
    """Take the money of a charge."""
    charge |= {"captured": True, "amount_captured": cents}
    if not state.late_fees:
        _book(state, charge)
    intent |= {"status": "succeeded", "amount_received": cents, "amount_capturable": 0}
    state.put(intent)
    state.emit("charge.succeeded", state.put(charge))
    state.emit("payment_intent.succeeded", intent)
    method = METHODS.get(intent["payment_method"])
    if method and method.then == "dispute":
        disputes.open_for(state, charge)


def book_late(state: State) -> None:
    """Tell the fees of the charges that were taken without."""
    for charge in state.all("charge"):
        if charge["captured"] and not charge["balance_transaction"]:
            _book(state, charge)
            state.emit("charge.updated", charge)


def _book(state: State, charge: Object) -> None:
    cents = charge["amount_captured"]
    fee = balance.charge_fee(cents)
    moved = balance.move(state, charge, cents, kind="charge", category="charge", fee=fee)
    state.put(charge)
    charge["balance_transaction"] = moved["id"]


def decline(state: State, intent: Object, code: str, reason: str) -> Refusal:
    """Record a failed attempt and return what its caller is told; the customer may try again."""
    message = "Your card was declined." if code == "card_declined" else f"Your payment failed: {code}."
    charge = _charge(state, intent, "failed") | {"failure_code": code, "failure_message": message}
    error = {"type": "card_error", "code": code, "decline_code": reason, "message": message, "charge": charge["id"]}
    intent |= {"status": "requires_payment_method", "last_payment_error": error, "next_action": None}
    intent["payment_method"] = None
    state.emit("charge.failed", state.put(charge))
    state.emit("payment_intent.payment_failed", state.put(intent))
    facts = {"decline_code": reason, "charge": charge["id"], "payment_intent": copy(intent)}
    return Refusal(message, status=402, kind="card_error", code=code, begun=True, **facts)


def settle(state: State, intent: Object, *, succeeded: bool) -> None:
    """End the days that a payment took, or the customer's authentication."""
    if intent["status"] not in ("processing", "requires_action"):
        raise Refusal(f"{intent['id']} is {intent['status']}")
    if succeeded:
        succeed(state, intent)
    else:
        authentication = intent["status"] == "requires_action"
        decline(state, intent, "payment_intent_authentication_failure" if authentication else "payment_failed", "")


def _charge(state: State, intent: Object, status: str) -> Object:
    """The attempt's charge; one that was pending goes on."""
    latest = state.find("charge", intent["latest_charge"])
    if latest and latest["status"] == "pending":
        return state.put(latest | {"status": status, "paid": status != "failed"})
    charge = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": False,
        "created": state.now(),
        "currency": intent["currency"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": status != "failed",
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "refunded": False,
        "status": status,
    }
    intent["latest_charge"] = charge["id"]
    return state.put(charge)
