"""Parameters of a call: forms with brackets (`a[b]=`, `expand[0]=`), and what each value may be."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from deploy.local.stripe_double.refusals import Refusal

Params = dict[str, Any]  # of text, Params, and lists of either
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INTEGER = re.compile(r"-?[0-9]{1,12}")
_MOST_FIELDS = 1000
# The least that Stripe charges, in the currencies that this shop may sell in.
LEAST = {
    **dict.fromkeys(("usd", "eur", "cad", "aud", "chf"), 50),
    **dict.fromkeys(("sek", "nok"), 300),
    "gbp": 30,
    "dkk": 250,
    "pln": 200,
    "czk": 1500,
}
_MOST = 99_999_999


def parse(text: str) -> Params:
    """Raises Refusal for a form that is not one."""
    params: Params = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refusal(f"Invalid form: {error}") from None
    for name, value in pairs:
        _store(params, name, value)
    return {name: _with_lists(value) for name, value in params.items()}


def _store(params: Params, name: str, value: str) -> None:
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise Refusal(f"Invalid parameter name: {name}", param=name)
    path = [parts[1], *re.findall(r"\[([^\[\]]*)\]", parts[2])]
    place = params
    for step in path[:-1]:
        place = place.setdefault(step or str(len(place)), {})
        if not isinstance(place, dict):
            raise Refusal(f"Invalid object: {name}", param=name)
    place[path[-1] or str(len(place))] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(part) for name, part in value.items()}
    return list(inner.values()) if inner and all(name.isdecimal() for name in inner) else inner


def require_known(params: Params, names: Collection[str]) -> None:
    """Stripe refuses what it does not know; so a misspelled parameter is found here as well."""
    for name in params:
        if name not in names and name != "expand":
            raise Refusal(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def required(params: Params, name: str) -> Any:
    if params.get(name) in (None, ""):
        raise Refusal(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return params[name]


def integer(params: Params, name: str) -> int:
    given = required(params, name)
    if not isinstance(given, str) or not _INTEGER.fullmatch(given):
        raise Refusal(f"Invalid integer: {given}", code="parameter_invalid_integer", param=name)
    return int(given)


def boolean(params: Params, name: str) -> bool:
    return choice(params, name, ("true", "false"), "false") == "true"


def choice(params: Params, name: str, choices: Collection[str], default: str) -> str:
    given = params.get(name) or default
    if given not in choices:
        raise Refusal(f"Invalid {name}: must be one of {', '.join(choices)}", param=name)
    return str(given)


def text(params: Params, name: str, longest: int = 5000) -> str | None:
    given = params.get(name) or None
    if given is not None and not (isinstance(given, str) and len(given) <= longest):
        raise Refusal(f"Invalid string: {name}", param=name)
    return given


def money(params: Params, amount: str = "amount") -> tuple[int, str]:
    """Amount and currency of a charge."""
    cents, currency = integer(params, amount), str(required(params, "currency")).lower()
    require_charge(cents, currency, amount)
    return cents, currency


def require_charge(cents: int, currency: str, param: str = "amount") -> None:
    least = LEAST.get(currency)
    if least is None:
        raise Refusal(f"Invalid currency: {currency}. This double knows {', '.join(LEAST)}", param="currency")
    if cents < least:
        raise Refusal(f"Amount must be at least {least / 100:.2f} {currency}", code="amount_too_small", param=param)
    if cents > _MOST:
        raise Refusal(f"Amount must be no more than {_MOST / 100:.2f} {currency}", code="amount_too_large", param=param)


def metadata(params: Params, before: dict[str, str] | None = None) -> dict[str, str]:
    """What is there with what is given; an empty value removes one."""
    given = params.get("metadata") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Refusal("Invalid object", param="metadata")
    kept = {**(before or {}), **given}
    kept = {name: value for name, value in kept.items() if value}
    if len(kept) > 50 or any(len(name) > 40 or len(value) > 500 for name, value in kept.items()):
        raise Refusal("Metadata has at most 50 keys of 40 characters, with values of 500", param="metadata")
    return kept
