"""Quotes: what a cart costs, item by item. Money is in minor units, rates are in basis points."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from shared.models.price_list import Destination
from shared.models.print_check import PrintMethod


@dataclass(frozen=True, slots=True)
class PrintCharge:
    """One print of a garment, before the quantity break."""

    method: PrintMethod
    width_um: int
    height_um: int
    cents: int


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """Equal pieces. `unit_cents` is garment and prints of one after the quantity break of `break_bp`.

    `total_cents` = `quantity` x `unit_cents` - `discount_cents` + `tax_cents`.
    """

    variant_id: UUID
    sku: str
    title: str
    colour: str
    size: str
    design_ids: tuple[UUID, ...]
    quantity: int
    garment_cents: int
    prints: tuple[PrintCharge, ...]
    break_bp: int
    unit_cents: int
    discount_cents: int
    tax_rate_bp: int
    tax_cents: int

    @property
    def goods_cents(self) -> int:
        return self.quantity * self.unit_cents

    @property
    def total_cents(self) -> int:
        return self.goods_cents - self.discount_cents + self.tax_cents

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        prints = tuple(PrintCharge(**{**one, "method": PrintMethod(one["method"])}) for one in stored["prints"])
        design_ids = tuple(map(UUID, stored["design_ids"]))
        read = {"variant_id": UUID(stored["variant_id"]), "design_ids": design_ids, "prints": prints}
        return cls(**{**stored, **read})

    def json(self) -> dict[str, Any]:
        design_ids = list(map(str, self.design_ids))
        return asdict(self) | {"variant_id": str(self.variant_id), "design_ids": design_ids}


@dataclass(frozen=True, slots=True)
class ShippingLine:
    """`cents` is before tax."""

    zone: str
    weight_g: int
    cents: int
    tax_rate_bp: int
    tax_cents: int


@dataclass(frozen=True, slots=True)
class Charges:
    """The lines of goods and that of shipping; the sums are those that an order keeps."""

    lines: tuple[QuoteLine, ...]
    shipping: ShippingLine

    @property
    def subtotal_cents(self) -> int:
        return sum(line.goods_cents for line in self.lines)

    @property
    def discount_cents(self) -> int:
        return sum(line.discount_cents for line in self.lines)

    @property
    def tax_cents(self) -> int:
        return sum(line.tax_cents for line in self.lines) + self.shipping.tax_cents

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents - self.discount_cents + self.shipping.cents + self.tax_cents

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From JSON, as `json` writes it."""
        return cls(tuple(map(QuoteLine.read, stored["lines"])), ShippingLine(**stored["shipping"]))

    def json(self) -> dict[str, Any]:
        return {"lines": [line.json() for line in self.lines], "shipping": asdict(self.shipping)}


@dataclass(frozen=True, slots=True)
class Quote:
    """Charges that hold until `expires_at`. `price_version` is that of the price list they come from."""

    id: UUID
    currency: str
    charges: Charges
    destination: Destination
    discount_code: str | None
    price_version: int
    expires_at: datetime
