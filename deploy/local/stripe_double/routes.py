"""The routes of the double, and the parameters that each takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.stripe_double import checkout, disputes, form, lists, payment_intents, refunds
from deploy.local.stripe_double.form import Params
from deploy.local.stripe_double.refusals import Refusal, missing
from deploy.local.stripe_double.state import Object, State

_ID = r"([A-Za-z0-9_]+)"


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose key was accepted; `page` is the address of the double."""

    method: str
    path: str
    params: Params
    page: str
    publishable: bool = False


Do = Callable[[State, Call, Object], Object]  # the object of the path, empty where there is none


@dataclass(frozen=True, slots=True)
class Route:
    """`path` names the kind of the object whose id it has, as `{refund}`."""

    method: str
    path: str
    do: Do
    names: tuple[str, ...] = ()
    publishable: bool = False  # whether a browser may call it, with the client secret

    @property
    def kind(self) -> str:
        found = re.search(r"\{(.+)\}", self.path)
        return found[1] if found else ""

    def matches(self, call: Call) -> re.Match[str] | None:
        return re.fullmatch(re.sub(r"\{.+\}", _ID, self.path), call.path.rstrip("/"))


def answer(state: State, call: Call) -> Object:
    """Do what is asked. Raises Refusal."""
    for route in ROUTES:
        if route.method == call.method and (match := route.matches(call)):
            return _follow(state, call, route, match)
    raise Refusal(f"Unrecognized request URL ({call.method}: {call.path}).", status=404)


def _follow(state: State, call: Call, route: Route, match: re.Match[str]) -> Object:
    if call.publishable and not route.publishable:
        raise Refusal(
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            status=401,
            code="secret_key_required",
        )
    form.require_known(call.params, (*route.names, "key") if call.publishable else route.names)
    found: Object = {}
    if route.kind:
        thing = state.find(route.kind, match[1])
        if thing is None:
            raise missing(route.kind, match[1], "intent" if route.kind == "payment_intent" else "id")
        found = thing
        if call.publishable and call.params.get("client_secret") != found["client_secret"]:
            raise Refusal("The client_secret provided does not match this object.", param="client_secret")
    return lists.expanded(state, route.do(state, call, found), call.params.get("expand"))


def _same(_: State, __: Call, thing: Object) -> Object:
    return thing


def _listed(kind: str, *filters: str) -> Do:
    def listed(state: State, call: Call, _: Object) -> Object:
        wishes = {name: call.params[name] for name in filters if name in call.params}
        found = (thing for thing in state.all(kind) if all(thing[name] == wish for name, wish in wishes.items()))
        return lists.page(found, call.params, call.path)

    return listed


def _events(state: State, call: Call, _: Object) -> Object:
    wanted = call.params.get("types") or [call.params.get("type")]
    found = (event for event in state.all("event") if event["type"] in wanted or wanted == [None])
    return lists.page(found, call.params, call.path)


def _list_route(path: str, kind: str, *filters: str) -> Route:
    return Route("GET", path, _listed(kind, *filters), (*lists.PAGING, *filters))


_INTENTS, _SESSIONS = "/v1/payment_intents", "/v1/checkout/sessions"
_INTENT, _SESSION = f"{_INTENTS}/{{payment_intent}}", f"{_SESSIONS}/{{checkout.session}}"
ROUTES = (
    Route("POST", _INTENTS, lambda s, c, _: payment_intents.create(s, c.params, c.page), payment_intents.CREATABLE),
    _list_route(_INTENTS, "payment_intent", "customer"),
    Route("GET", _INTENT, _same, ("client_secret",), publishable=True),
    Route("POST", _INTENT, lambda s, c, i: payment_intents.update(s, i, c.params), payment_intents.CHANGEABLE),
    Route(
        "POST",
        f"{_INTENT}/confirm",
        lambda s, c, i: payment_intents.confirm(s, i, c.params, c.page),
        payment_intents.CONFIRMABLE,
        publishable=True,
    ),
    Route(
        "POST",
        f"{_INTENT}/cancel",
        lambda s, c, i: payment_intents.cancel(s, i, c.params),
        payment_intents.CANCELLABLE,
    ),
    Route(
        "POST",
        f"{_INTENT}/capture",
        lambda s, c, i: payment_intents.capture(s, i, c.params),
        payment_intents.CAPTURABLE,
    ),
    Route("POST", _SESSIONS, lambda s, c, _: checkout.create(s, c.params, c.page), checkout.CREATABLE),
    _list_route(_SESSIONS, "checkout.session", "payment_intent", "status"),
    Route("GET", _SESSION, _same),
    Route("POST", f"{_SESSION}/expire", lambda s, _, one: checkout.expire(s, one)),
    Route("POST", "/v1/refunds", lambda s, c, _: refunds.create(s, c.params), refunds.CREATABLE),
    _list_route("/v1/refunds", "refund", "charge", "payment_intent"),
    Route("GET", "/v1/refunds/{refund}", _same),
    Route("POST", "/v1/refunds/{refund}", lambda s, c, one: refunds.update(s, one, c.params), ("metadata",)),
    _list_route("/v1/charges", "charge", "payment_intent"),
    Route("GET", "/v1/charges/{charge}", _same),
    _list_route("/v1/disputes", "dispute", "charge", "payment_intent"),
    Route("GET", "/v1/disputes/{dispute}", _same),
    Route("POST", "/v1/disputes/{dispute}", lambda s, c, one: disputes.update(s, one, c.params), disputes.UPDATABLE),
    Route("POST", "/v1/disputes/{dispute}/close", lambda s, _, one: disputes.change(s, one, "lost")),
    Route("GET", "/v1/events", _events, (*lists.PAGING, "type", "types")),
    Route("GET", "/v1/events/{event}", _same),
    _list_route("/v1/balance_transactions", "balance_transaction", "type", "source", "currency"),
    Route("GET", "/v1/balance_transactions/{balance_transaction}", _same),
)
