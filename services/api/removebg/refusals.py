"""Refusals of remove.bg's API, in its words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One entry of a list of errors."""

    title: str
    code: str
    detail: str = ""


class Refusal(Exception):
    """A request is refused; nothing is charged. `headers` go with the response."""

    def __init__(
        self, problems: Sequence[Problem], status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(problems[0].code)
        self.problems = tuple(problems)
        self.status = status
        self.headers = dict(headers or {})


def bad_value(name: str, title: str = "") -> Problem:
    """A field with a value that remove.bg does not take."""
    return Problem(title or f"Invalid {name} parameter given", f"invalid_{name}")
