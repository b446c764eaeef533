"""Requests and responses about prices. Money is in minor units of the shop's currency, rates in basis points."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator

from services.api import examples
from services.api.pricing.rules import MOST_CENTS, MOST_LINES, MOST_PIECES
from services.api.pricing.settings import Currency
from services.api.schemas import FROM_TEXT, BodyModel, Count, Items, Name, ResponseModel, Time, bounded
from shared.models.price_list import Destination, PriceList
from shared.models.print_check import PrintMethod
from shared.models.quote import PrintCharge, Quote, QuoteLine

_MOST_DESIGNS = 10  # of one garment
Cents = Annotated[int, bounded(minimum=0, maximum=MOST_CENTS)]
BasisPoints = Annotated[int, bounded(minimum=0, maximum=10_000)]
Millimetres = Annotated[float, bounded(minimum=0, maximum=10_000)]


class PriceItem(BodyModel):
    """Pieces of one article, each printed with these designs; without designs they are blank."""

    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    quantity: int = Field(ge=1, le=MOST_PIECES)
    design_ids: list[Annotated[UUID, FROM_TEXT]] = Field(
        [], max_length=_MOST_DESIGNS, json_schema_extra={"uniqueItems": True}
    )

    @field_validator("design_ids")
    @classmethod
    def _different(cls, value: list[UUID]) -> list[UUID]:
        if len(set(value)) < len(value):
            raise ValueError("a design is there twice")
        return value


class NewPrice(BodyModel):
    """A cart and where it goes. The postal code decides where a zone or a tax covers a part of a country."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(items=[{"sku": examples.SKU, "quantity": 10}], country="US", postalCode="10001")
    )

    items: list[PriceItem] = Field(min_length=1, max_length=MOST_LINES)
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166, such as `US`.")
    postal_code: str = Field("", pattern=r"^[A-Za-z0-9 -]{0,16}$")
    discount_code: str | None = Field(None, pattern=r"^[ -~]{1,64}$", description="In any case.")

    @property
    def destination(self) -> Destination:
        return Destination(self.country, self.postal_code)


class PrintOut(ResponseModel):
    """One print on each piece, before the quantity break."""

    method: PrintMethod
    width_mm: Millimetres
    height_mm: Millimetres
    cents: Cents

    @classmethod
    def of(cls, charge: PrintCharge) -> Self:
        return cls.from_row(charge, width_mm=charge.width_um / 1000, height_mm=charge.height_um / 1000)


class PriceLine(ResponseModel):
    """`unitCents`: one piece with its prints, after the quantity break of `breakBp`.

    `totalCents` = `quantity` x `unitCents` - `discountCents` + `taxCents`.
    """

    sku: Name
    title: Name
    color: Name
    size: Name
    design_ids: Items[UUID]
    quantity: Count
    garment_cents: Cents
    prints: Items[PrintOut]
    break_bp: BasisPoints
    unit_cents: Cents
    discount_cents: Cents
    tax_rate_bp: BasisPoints
    tax_cents: Cents
    total_cents: Cents

    @classmethod
    def of(cls, line: QuoteLine) -> Self:
        return cls.from_row(line, color=line.colour, prints=list(map(PrintOut.of, line.prints)))


class ShippingOut(ResponseModel):
    zone: Name
    weight_g: Count
    cents: Cents
    tax_rate_bp: BasisPoints
    tax_cents: Cents


class PriceOut(ResponseModel):
    """What a cart costs until `expiresAt`; equal pieces are one item, and items are in the order of their SKUs.

    `totalCents` = `subtotalCents` - `discountCents` + `shippingCents` + `taxCents`.
    """

    quote_id: UUID
    items: Items[PriceLine]
    shipping: ShippingOut
    subtotal_cents: Cents
    discount_cents: Cents
    shipping_cents: Cents
    tax_cents: Cents
    total_cents: Cents
    currency: Currency
    expires_at: Time

    @classmethod
    def of(cls, quote: Quote) -> Self:
        charges = quote.charges
        return cls(
            quote_id=quote.id,
            items=list(map(PriceLine.of, charges.lines)),
            shipping=ShippingOut.from_row(charges.shipping),
            subtotal_cents=charges.subtotal_cents,
            discount_cents=charges.discount_cents,
            shipping_cents=charges.shipping.cents,
            tax_cents=charges.tax_cents,
            total_cents=charges.total_cents,
            currency=Currency(quote.currency),
            expires_at=quote.expires_at,
        )


class FilmOut(ResponseModel):
    """Film that equal prints lie on in rows, `gapMm` apart."""

    width_mm: Count
    gap_mm: Count
    cents_per_m: Cents


class PrintPriceOut(ResponseModel):
    """Of a print: a piece, each square decimetre of its box, and its share of film where the method takes film."""

    piece_cents: Cents
    dm2_cents: Cents
    film: FilmOut | None


class BreakOut(ResponseModel):
    """From so many pieces of equal designs on, each costs `offBp` less."""

    quantity: Count
    off_bp: BasisPoints


class PostageOut(ResponseModel):
    """Of a parcel of at most `upToG` grams."""

    up_to_g: Count
    cents: Cents


class ZoneOut(ResponseModel):
    """Countries, or parts of one by the beginning of the postal code, as `US:967`; the longest that fits counts."""

    name: Name
    places: Annotated[list[Name], bounded(maxItems=300)]
    postage: Items[PostageOut]


class TaxOut(ResponseModel):
    """The rate of a place from a day (UTC) on; places without one pay none."""

    place: Name
    since: date
    rate_bp: BasisPoints


class PricesOut(ResponseModel):
    """The prices of the shop, before tax. Garments have theirs in the catalogue. Version 0 is the list it came with."""

    version: Count
    currency: Currency
    methods: dict[PrintMethod, PrintPriceOut]
    breaks: Items[BreakOut]
    zones: Items[ZoneOut]
    taxes: Annotated[list[TaxOut], bounded(maxItems=1000)]

    @classmethod
    def of(cls, version: int, prices: PriceList, currency: Currency) -> Self:
        return cls.model_validate({**prices.json(), "version": version, "currency": currency})
