"""Amounts as people read them."""

import pytest

from services.api.pricing.amounts import amount


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00 EUR"),
        (5, "0.05 EUR"),
        (1990, "19.90 EUR"),
        (-1990, "-19.90 EUR"),
        (-5, "-0.05 EUR"),
        (99_999_999, "999,999.99 EUR"),
    ],
)
def test_an_amount_names_its_currency(cents: int, text: str) -> None:
    assert amount(cents, "eur") == text
