"""What a customer may choose."""

import pytest

from services.worker.prepress.rules import RULES, Print
from shared.models.print_check import PrintMethod


def test_every_method_has_rules() -> None:
    assert set(RULES) == set(PrintMethod)
    assert all(Print(100, method=method).rules is RULES[method] for method in PrintMethod)


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_must_be_finite_and_above_0(width: float) -> None:
    with pytest.raises(ValueError, match="finite and above 0"):
        Print(width)


def test_a_garments_colour_has_bytes() -> None:
    with pytest.raises(ValueError, match="0 to 255"):
        Print(100, garment=(0, 0, 256))


def test_an_offset_is_finite() -> None:
    with pytest.raises(ValueError, match="offset"):
        Print(100, offset_mm=(float("nan"), 0))
