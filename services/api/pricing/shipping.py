"""What a parcel costs to send, behind one interface, so that a carrier's client can replace the price list's zones."""

from dataclasses import dataclass
from typing import Protocol

from shared import shop_errors
from shared.models.price_list import Destination, PriceList, Zone


@dataclass(frozen=True, slots=True)
class ShippingRate:
    """`name` is what the order keeps, a zone or a carrier's service; `cents` is before tax."""

    name: str
    cents: int


class ShippingRates(Protocol):
    def rate(self, destination: Destination, weight_g: int) -> ShippingRate:
        """Raises NotShippedThere. A client of a carrier has a deadline of its own, and raises Unavailable."""
        ...


class ZoneRates:
    """By the zones and weights of a price list."""

    def __init__(self, prices: PriceList) -> None:
        self._zones = {place: zone for zone in prices.zones for place in zone.places}

    def rate(self, destination: Destination, weight_g: int) -> ShippingRate:
        place = destination.longest(list(self._zones))
        if place is None:
            raise shop_errors.NotShippedThere(details={"country": destination.country})
        zone = self._zones[place]
        return ShippingRate(zone.name, _postage(zone, weight_g))


def _postage(zone: Zone, weight_g: int) -> int:
    """As many of the heaviest parcels as can be filled, and one for the rest."""
    heaviest = zone.postage[-1]
    full, rest_g = divmod(weight_g, heaviest.up_to_g)
    rest = next(step.cents for step in zone.postage if rest_g <= step.up_to_g) if rest_g else 0
    return full * heaviest.cents + rest
