"""Postage by zone and weight, and by whatever takes its place."""

from dataclasses import replace

import pytest

from services.api.pricing import rules
from services.api.pricing.default_list import DEFAULT
from services.api.pricing.rules import Cart, CartLine
from services.api.pricing.shipping import ShippingRate, ShippingRates, ZoneRates
from shared import shop_errors
from shared.models.price_list import Destination, Postage, Zone
from tests.services.api.pricing import carts

US = Destination("US", "10001")
_STEPS = (Postage(500, 300), Postage(2000, 700))
LIST = replace(DEFAULT, zones=(Zone("Home", ("US",), _STEPS), Zone("Far", ("US:96",), (Postage(1000, 900),))))


@pytest.mark.parametrize(
    ("weight_g", "cents"), [(0, 0), (1, 300), (500, 300), (501, 700), (2000, 700), (2001, 1000), (4600, 2100)]
)
def test_a_weight_costs_its_step_and_more_than_the_heaviest_goes_as_several_parcels(weight_g: int, cents: int) -> None:
    assert ZoneRates(LIST).rate(US, weight_g) == ShippingRate("Home", cents)


def test_the_longest_place_that_holds_the_destination_counts() -> None:
    assert ZoneRates(LIST).rate(Destination("US", "96 701"), 100) == ShippingRate("Far", 900)


def test_a_place_outside_the_zones_is_not_shipped_to() -> None:
    with pytest.raises(shop_errors.NotShippedThere) as refused:
        ZoneRates(LIST).rate(Destination("ZA"), 100)
    assert refused.value.details == {"country": "ZA"}


def test_another_s_rates_take_the_place_of_the_zones() -> None:
    class Carrier:
        def rate(self, destination: Destination, weight_g: int) -> ShippingRate:
            return ShippingRate(f"Express to {destination.country}", 100 + weight_g)

    rates: ShippingRates = Carrier()
    cart = Cart((CartLine(carts.variant(weight_g=180), 3),), US)
    charges = rules.price(DEFAULT, cart, rates.rate(US, cart.weight_g), carts.NOW)
    assert (charges.shipping.zone, charges.shipping.weight_g, charges.shipping.cents) == ("Express to US", 540, 640)
    assert charges.total_cents == charges.subtotal_cents + 640 + charges.tax_cents
