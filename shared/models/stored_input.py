"""What a job is asked for, as JSON in its row: strict about what is read, and without what nobody chose."""

import math
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any


def require_known(names: Collection[str], known: Iterable[str]) -> None:
    """Raise ValueError for a field that this release does not know."""
    if unknown := set(names) - set(known):
        raise ValueError(f"unknown input: {', '.join(sorted(unknown))}")


def require_finite(lengths: Iterable[float]) -> None:
    """Raise ValueError for infinity and NaN."""
    if not all(map(math.isfinite, lengths)):
        raise ValueError("lengths are finite")


def names_of(kind: type[Any]) -> list[str]:
    """Return the fields of a dataclass."""
    return [field.name for field in fields(kind)]


def chosen(given: Any) -> dict[str, Any]:
    """What differs from the defaults of a dataclass, so that rows stay equal when options are added."""
    return {field.name: value for field in fields(given) if (value := getattr(given, field.name)) != field.default}
