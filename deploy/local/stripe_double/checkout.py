"""Checkout sessions: a page on which the customer pays. The intent comes with the first attempt, as at Stripe."""

from deploy.local.stripe_double import charges, form, payment_intents
from deploy.local.stripe_double.form import Params
from deploy.local.stripe_double.refusals import Refusal
from deploy.local.stripe_double.state import Object, State, new_id

CREATABLE = (
    *("adaptive_pricing", "cancel_url", "client_reference_id", "customer", "customer_email", "expires_at"),
    *("line_items", "locale", "metadata", "mode", "payment_intent_data", "payment_method_types", "submit_type"),
    *("success_url", "ui_mode"),
)
_LEAST_S, _MOST_S = 30 * 60, 24 * 3600


def create(state: State, params: Params, page: str) -> Object:
    form.choice(params, "mode", ("payment",), "payment")
    form.choice(params, "ui_mode", ("hosted_page",), "hosted_page")
    cents, currency = _total(form.required(params, "line_items"))
    identity = new_id("cs_test", 40)
    payment = params.get("payment_intent_data") or {}
    form.require_known(payment, ("capture_method", "description", "metadata", "receipt_email", "shipping"))
    return state.put(
        {
            "id": identity,
            "object": "checkout.session",
            "amount_subtotal": cents,
            "amount_total": cents,
            "cancel_url": form.text(params, "cancel_url"),
            "client_reference_id": form.text(params, "client_reference_id", 200),
            "created": state.now(),
            "currency": currency,
            "customer_email": form.text(params, "customer_email"),
            "expires_at": _expiry(state, params),
            "livemode": False,
            "metadata": form.metadata(params),
            "mode": "payment",
            "payment_intent": None,
            "payment_intent_data": payment,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": form.required(params, "success_url"),
            "ui_mode": "hosted_page",
            "url": f"{page}/pay/{identity}",
        }
    )


def pay(state: State, session: Object, method: str, page: str) -> None:
    """What the page does when its customer pays. Raises Refusal for a declined card; the session stays open then."""
    _require_open(session)
    intent = state.find("payment_intent", session["payment_intent"])
    if intent is None:
        intent = payment_intents.new(
            state, session["amount_total"], session["currency"], session["payment_intent_data"]
        )
        state.put(session | {"payment_intent": intent["id"]})
    charges.confirm(state, intent, method, f"{page}/pay/{session['id']}", page)
    follow(state, intent)


def follow(state: State, intent: Object) -> None:
    """Bring the session of an intent up to date with it."""
    session = next((one for one in state.all("checkout.session") if one["payment_intent"] == intent["id"]), None)
    if session is None or session["payment_status"] == "paid":
        return
    complete = session["status"] == "complete"  # earlier, by a payment that takes days
    if intent["status"] in ("succeeded", "requires_capture"):
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        state.emit(f"checkout.session.{'async_payment_succeeded' if complete else 'completed'}", state.put(session))
    elif intent["status"] == "processing" and not complete:
        session |= {"status": "complete", "url": None}
        state.emit("checkout.session.completed", state.put(session))
    elif complete and intent["status"] == "requires_payment_method":
        state.emit("checkout.session.async_payment_failed", state.put(session))


def expire(state: State, session: Object) -> Object:
    _require_open(session)
    session |= {"status": "expired", "url": None}
    intent = state.find("payment_intent", session["payment_intent"])
    if intent:
        payment_intents.cancel(state, intent, {})
    state.emit("checkout.session.expired", state.put(session))
    return session


def expire_due(state: State) -> None:
    """Expire the sessions whose time is over."""
    for session in state.all("checkout.session"):
        if session["status"] == "open" and session["expires_at"] <= state.now():
            expire(state, session)


def _require_open(session: Object) -> None:
    if session["status"] != "open":
        raise Refusal(
            'Only Checkout Sessions with a status in ["open"] can be expired or paid. '
            f"This Checkout Session has a status of {session['status']}."
        )


def _total(items: object) -> tuple[int, str]:
    """The sum and the currency of all lines."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal("Invalid array", param="line_items")
    prices = [form.required(item, "price_data") for item in items]
    if any(not isinstance(price, dict) or not price.get("product_data") for price in prices):
        raise Refusal("Missing required param: line_items[0][price_data][product_data].", param="line_items")
    currencies = {str(form.required(price, "currency")).lower() for price in prices}
    if len(currencies) != 1:
        raise Refusal("All line items must have the same currency", param="line_items")
    total = sum(
        form.integer(price, "unit_amount") * form.integer(item, "quantity")
        for item, price in zip(items, prices, strict=True)
    )
    currency = currencies.pop()
    form.require_charge(total, currency, "line_items")
    return total, currency


def _expiry(state: State, params: Params) -> int:
    at = form.integer(params, "expires_at") if params.get("expires_at") else state.now() + _MOST_S
    if not _LEAST_S <= at - state.now() <= _MOST_S:
        raise Refusal(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return at
