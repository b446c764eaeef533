"""JSON that every reader understands alike: no duplicate names, no NaN, no unbounded nesting."""

from typing import Any

from flask.json.provider import DefaultJSONProvider


class StrictJson(DefaultJSONProvider):
    """Flask's JSON; `loads` raises ValueError also for what is ambiguous or too deep."""

    def loads(self, s: str | bytes, **options: Any) -> Any:
        try:
            return super().loads(s, object_pairs_hook=_unique, parse_constant=_refuse_constant, **options)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, some readers take the first and others the last."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
