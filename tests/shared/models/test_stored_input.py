"""What a job is asked for, as JSON in its row."""

from dataclasses import dataclass

import pytest

from shared.models import stored_input


@dataclass(frozen=True, slots=True)
class Order:
    size: float
    color: str = "red"
    copies: int = 1


def test_a_field_that_is_not_known_is_refused_by_name() -> None:
    stored_input.require_known({"size": 1}, stored_input.names_of(Order))
    with pytest.raises(ValueError, match="unknown input: height, width"):
        stored_input.require_known({"width": 1, "size": 1, "height": 1}, stored_input.names_of(Order))


@pytest.mark.parametrize("length", [float("inf"), float("-inf"), float("nan")])
def test_lengths_are_finite(length: float) -> None:
    stored_input.require_finite([1, 2.5])
    with pytest.raises(ValueError, match="finite"):
        stored_input.require_finite([1, length])


def test_only_what_differs_from_the_defaults_is_stored() -> None:
    assert stored_input.chosen(Order(5)) == {"size": 5}
    assert stored_input.chosen(Order(5, "blue")) == {"size": 5, "color": "blue"}
