"""The currency: one whose minor unit is a hundredth, else nothing starts."""

import pytest

from services.api.pricing.settings import Pricing
from shared.settings import Invalid


def test_the_currency_is_us_dollars_unless_said_otherwise() -> None:
    assert Pricing.read({}).currency == "usd"
    assert Pricing.read({"CURRENCY": "czk"}).currency == "czk"


@pytest.mark.parametrize("currency", ["jpy", "kwd", "USD", "dollars"])
def test_other_currencies_are_refused(currency: str) -> None:
    with pytest.raises(Invalid, match="CURRENCY"):
        Pricing.read({"CURRENCY": currency})
