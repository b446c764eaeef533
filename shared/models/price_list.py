"""Price lists: what prints, shipping and taxes cost.

Money is in minor units of the shop's currency, rates are in basis points. A place is a country or a part of one by the
beginning of its postal codes, `US` or `US:967`; of several that hold a destination, the longest counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from shared.models.print_check import PrintMethod


@dataclass(frozen=True, slots=True)
class Film:
    """Film that is charged by its length. `gap_mm` is free between two prints."""

    width_mm: int
    gap_mm: int
    cents_per_m: int


@dataclass(frozen=True, slots=True)
class PrintPrice:
    """Of one print: so much a piece, and a square decimetre of its box, and a metre of film where it takes film."""

    piece_cents: int
    dm2_cents: int = 0
    film: Film | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "film": Film(**stored["film"]) if stored["film"] else None})


@dataclass(frozen=True, slots=True)
class QuantityBreak:
    """From so many pieces on, each costs `off_bp` less."""

    quantity: int
    off_bp: int


@dataclass(frozen=True, slots=True)
class Postage:
    """Of a parcel of at most this weight."""

    up_to_g: int
    cents: int


@dataclass(frozen=True, slots=True)
class Zone:
    """Places with equal postage. `postage` rises; what is heavier than its last goes as several parcels."""

    name: str
    places: tuple[str, ...]
    postage: tuple[Postage, ...]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        postage = tuple(Postage(**step) for step in stored["postage"])
        return cls(stored["name"], tuple(stored["places"]), postage)


@dataclass(frozen=True, slots=True)
class Tax:
    """The rate of a place from a day (UTC) on, until a later one of the same place."""

    place: str
    since: date
    rate_bp: int

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "since": date.fromisoformat(stored["since"])})


@dataclass(frozen=True, slots=True)
class PriceList:
    """`breaks` rise by quantity. Places without a tax pay none."""

    methods: Mapping[PrintMethod, PrintPrice]
    breaks: tuple[QuantityBreak, ...]
    zones: tuple[Zone, ...]
    taxes: tuple[Tax, ...]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From JSON, as `json` writes it."""
        return cls(
            methods={PrintMethod(name): PrintPrice.read(price) for name, price in stored["methods"].items()},
            breaks=tuple(QuantityBreak(**step) for step in stored["breaks"]),
            zones=tuple(map(Zone.read, stored["zones"])),
            taxes=tuple(map(Tax.read, stored["taxes"])),
        )

    def json(self) -> dict[str, Any]:
        taxes = [asdict(tax) | {"since": tax.since.isoformat()} for tax in self.taxes]
        return asdict(self) | {"taxes": taxes}


@dataclass(frozen=True, slots=True)
class Destination:
    """`country` as in ISO 3166, such as `US`; `postal_code` may be empty."""

    country: str
    postal_code: str = ""

    def longest(self, places: Sequence[str]) -> str | None:
        """The place that says most precisely where this is; None if none holds it."""
        postal_code = "".join(filter(str.isalnum, self.postal_code)).upper()
        holding = [place for place in places if f"{self.country}:{postal_code}".startswith(place)]
        return max(holding, key=len, default=None)
