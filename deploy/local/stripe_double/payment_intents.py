"""PaymentIntents: create, change, confirm, capture, cancel."""

from deploy.local.stripe_double import charges, form
from deploy.local.stripe_double.form import Params
from deploy.local.stripe_double.refusals import Refusal, wrong_state
from deploy.local.stripe_double.state import Object, State, copy, new_id

CREATABLE = (
    *("amount", "automatic_payment_methods", "capture_method", "confirm", "currency", "customer", "description"),
    *("metadata", "off_session", "payment_details", "payment_method", "payment_method_types", "receipt_email"),
    *("return_url", "shipping", "statement_descriptor", "statement_descriptor_suffix"),
)
CHANGEABLE = ("amount", "description", "metadata", "payment_details", "receipt_email", "shipping")
CONFIRMABLE = ("client_secret", "key", "payment_method", "return_url", "use_stripe_sdk")
CANCELLABLE = ("cancellation_reason",)
CAPTURABLE = ("amount_to_capture",)
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_REASONS = ("", "abandoned", "duplicate", "fraudulent", "requested_by_customer")


def create(state: State, params: Params, page: str) -> Object:
    cents, currency = form.money(params)
    intent = new(state, cents, currency, params)
    if form.boolean(params, "confirm"):
        method = str(form.required(params, "payment_method"))
        charges.confirm(state, intent, method, params.get("return_url"), page)
    return intent


def new(state: State, cents: int, currency: str, params: Params) -> Object:
    """An intent without an attempt to pay it."""
    identity = new_id("pi")
    method = form.text(params, "payment_method")
    intent = state.put(
        {
            "id": identity,
            "object": "payment_intent",
            "amount": cents,
            "amount_capturable": 0,
            "amount_received": 0,
            "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": form.choice(
                params, "capture_method", ("automatic", "automatic_async", "manual"), "automatic_async"
            ),
            "client_secret": new_id(f"{identity}_secret"),
            "confirmation_method": "automatic",
            "created": state.now(),
            "currency": currency,
            "customer": form.text(params, "customer"),
            "description": form.text(params, "description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": form.metadata(params),
            "next_action": None,
            "payment_details": params.get("payment_details"),
            "payment_method": method,
            "payment_method_types": ["card"],
            "receipt_email": form.text(params, "receipt_email"),
            "shipping": params.get("shipping"),
            "status": "requires_confirmation" if method else "requires_payment_method",
        }
    )
    state.emit("payment_intent.created", intent)
    return intent


def update(state: State, intent: Object, params: Params) -> Object:
    if params.get("amount"):
        _require(intent, _OPEN, "update the amount of")
        form.require_charge(form.integer(params, "amount"), intent["currency"])
        intent["amount"] = form.integer(params, "amount")
    intent |= {name: params[name] for name in CHANGEABLE if name in params and name not in ("amount", "metadata")}
    intent["metadata"] = form.metadata(params, intent["metadata"])
    return state.put(intent)


def confirm(state: State, intent: Object, params: Params, page: str) -> Object:
    _require(intent, _OPEN, "confirm")
    method = form.text(params, "payment_method") or intent["payment_method"]
    if not method:
        raise wrong_state("You cannot confirm this PaymentIntent because it's missing a payment method.", copy(intent))
    charges.confirm(state, intent, method, form.text(params, "return_url"), page)
    return intent


def capture(state: State, intent: Object, params: Params) -> Object:
    _require(intent, ("requires_capture",), "capture")
    cents = form.integer(params, "amount_to_capture") if params.get("amount_to_capture") else intent["amount"]
    if not 1 <= cents <= intent["amount_capturable"]:
        raise Refusal("The amount to capture is more than the capturable amount.", param="amount_to_capture")
    charge = state.find("charge", intent["latest_charge"])
    assert charge
    charges.receive(state, intent, charge, cents)
    return intent


def cancel(state: State, intent: Object, params: Params) -> Object:
    _require(intent, (*_OPEN, "requires_capture"), "cancel")
    reason = form.choice(params, "cancellation_reason", _REASONS, "") or None
    intent |= {"status": "canceled", "canceled_at": state.now(), "cancellation_reason": reason}
    intent |= {"amount_capturable": 0, "next_action": None}
    state.emit("payment_intent.canceled", state.put(intent))
    return intent


def _require(intent: Object, statuses: tuple[str, ...], what: str) -> None:
    if intent["status"] not in statuses:
        raise wrong_state(
            f"You cannot {what} this PaymentIntent because it has a status of {intent['status']}.", copy(intent)
        )
