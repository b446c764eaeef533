"""The pages that a customer sees: Checkout, and the bank's question whether it is them. Plain, and marked as a test."""

from html import escape

from deploy.local.stripe_double import charges, checkout
from deploy.local.stripe_double.refusals import Refusal
from deploy.local.stripe_double.state import Object, State

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TEST payment</title>
<style>
body {{ font: 18px system-ui, sans-serif; max-width: 32em; margin: 3em auto; padding: 0 1em; }}
h1 {{ font-size: 4em; letter-spacing: .1em; margin: 0; }}
button {{ font: inherit; display: block; width: 100%; padding: .6em; margin: .6em 0; }}
</style>
<h1>TEST</h1>
<p>No money moves: the shop runs in test mode, with its own stand-in for Stripe.</p>
<p><strong>{what}</strong></p>
<p role="alert">{problem}</p>
<form method="post">
{buttons}
</form>
</html>
"""
_PAY = (("pm_card_visa", "Pay"), ("pm_card_chargeDeclined", "Pay with a declined card"), ("cancel", "Cancel"))
_PROVE = (("succeeded", "Yes, it is me"), ("failed", "No"))


class Redirect(Exception):
    """The browser goes elsewhere."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def shown(state: State, path: str) -> str:
    """The page at a path. Raises Refusal for one that does not exist, Redirect where nothing is left to do."""
    thing = _found(state, path)
    if thing["object"] == "checkout.session":
        if thing["status"] == "complete":
            raise Redirect(_back(thing))
        return _checkout_page(thing)
    return _page(f"{_amount(thing, 'amount')}: the bank asks whether this payment is yours.", _PROVE)


def pressed(state: State, path: str, button: str, page: str) -> str:
    """What a button does. Raises Refusal or Redirect."""
    thing = _found(state, path)
    if thing["object"] == "payment_intent":
        asked = thing["next_action"]["redirect_to_url"] if thing["next_action"] else {}
        charges.settle(state, thing, succeeded=button == "succeeded")
        checkout.follow(state, thing)
        raise Redirect(asked.get("return_url") or page)
    if button == "cancel":
        raise Redirect(thing["cancel_url"] or page)
    try:
        checkout.pay(state, thing, button, page)
    except Refusal as refusal:
        if refusal.status != 402:
            raise
        return _checkout_page(thing, str(refusal))
    raise Redirect(_next(state, path))


def _next(state: State, path: str) -> str:
    """Where the customer goes who pressed Pay: to their bank, or back to the shop."""
    session = _found(state, path)
    intent = state.find("payment_intent", session["payment_intent"])
    if session["status"] == "open" and intent and intent["next_action"]:
        return str(intent["next_action"]["redirect_to_url"]["url"])
    return _back(session)


def _back(session: Object) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _found(state: State, path: str) -> Object:
    place, _, identity = path.strip("/").partition("/")
    kind = {"pay": "checkout.session", "authenticate": "payment_intent"}.get(place, "")
    found = state.find(kind, identity)
    if found is None:
        raise Refusal("There is no such page.", status=404)
    return found


def _checkout_page(session: Object, problem: str = "") -> str:
    if session["status"] != "open":
        return _page(f"This payment is {session['status']}.", ())
    return _page(_amount(session, "amount_total"), _PAY, problem)


def _amount(thing: Object, name: str) -> str:
    return f"{thing[name] / 100:.2f} {thing['currency'].upper()}"


def _page(what: str, buttons: tuple[tuple[str, str], ...], problem: str = "") -> str:
    rows = (f'<button name="button" value="{value}">{words}</button>' for value, words in buttons)
    return _PAGE.format(what=escape(what), problem=escape(problem), buttons="\n".join(rows))
