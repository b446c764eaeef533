"""Lists in pages, the newest first, and ids expanded to their objects."""

from collections.abc import Iterable
from typing import Any

from deploy.local.stripe_double.form import Params, integer
from deploy.local.stripe_double.refusals import Refusal, missing
from deploy.local.stripe_double.state import Object, State, copy

PAGING = ("created", "ending_before", "limit", "starting_after")
_BOUNDS = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
_DEEPEST = 4


def page(things: Iterable[Object], params: Params, url: str) -> Object:
    """One page of `things`, which come the oldest first."""
    found = [thing for thing in reversed(list(things)) if _created(thing, params.get("created"))]
    limit = integer(params, "limit") if params.get("limit") else 10
    if not 1 <= limit <= 100:
        raise Refusal("Invalid limit: must be between 1 and 100", param="limit")
    if after := params.get("starting_after"):
        rest = found[_position(found, after) + 1 :]
        data, more = rest[:limit], len(rest) > limit
    elif before := params.get("ending_before"):
        rest = found[: _position(found, before)]
        data, more = rest[-limit:], len(rest) > limit
    else:
        data, more = found[:limit], len(found) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def expanded(state: State, thing: Object, wishes: object) -> Object:
    """A copy of `thing` with the objects that `expand` names in place of their ids."""
    answer = copy(thing)
    for wish in wishes if isinstance(wishes, list) else []:
        steps = str(wish).split(".")
        if len(steps) > _DEEPEST:
            raise Refusal(f"You cannot expand more than {_DEEPEST} levels of a property", param="expand")
        _expand(state, answer, steps)
    return answer


def _expand(state: State, place: Any, steps: list[str]) -> None:
    if not steps or place is None:
        return
    if isinstance(place, list):
        for part in place:
            _expand(state, part, steps)
        return
    name, *rest = steps
    if name not in place:
        raise Refusal(f"This property cannot be expanded ({name}).", param="expand")
    if isinstance(place[name], str):
        found = state.named(place[name])
        if found is None:
            raise Refusal(f"This property cannot be expanded ({name}).", param="expand")
        place[name] = copy(found)
    _expand(state, place[name], rest)


def _created(thing: Object, wish: Any) -> bool:
    if wish is None:
        return True
    bounds = wish if isinstance(wish, dict) else {"gte": wish, "lte": wish}
    if not set(bounds) <= set(_BOUNDS):
        raise Refusal("Invalid created: gt, gte, lt and lte are known", param="created")
    return all(_BOUNDS[name](thing["created"], integer(bounds, name)) for name in bounds)


def _position(found: list[Object], given: str) -> int:
    for position, thing in enumerate(found):
        if thing["id"] == given:
            return position
    raise missing("object", given, "starting_after", 400)
