"""What admins set: the price list and discount codes."""

import itertools
from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from services.api import examples
from services.api.pricing.rules import MOST_CENTS, MOST_LINES, MOST_PIECES
from services.api.pricing.schemas import BasisPoints, Cents
from services.api.schemas import (
    FROM_TEXT,
    ApiModel,
    BodyModel,
    Count,
    Day,
    Items,
    Name,
    NextCursor,
    ResponseModel,
    Time,
    bounded,
    written,
)
from shared.models.discount import Discount
from shared.models.price_list import PriceList
from shared.models.print_check import PrintMethod

_Price = Annotated[int, Field(ge=0, le=1_000_000)]
_Place = Annotated[str, Field(pattern=r"^[A-Z]{2}(:[A-Z0-9]{1,10})?$")]
_Rate = Annotated[int, Field(ge=0, le=10_000)]


_Moment = Annotated[
    AwareDatetime,
    FROM_TEXT,
    written(r"20\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", "2026-12-31T23:59:59Z"),
]


def _rises(values: list[int], what: str) -> None:
    for low, high in itertools.pairwise(values):
        if high <= low:
            raise ValueError(f"{what} must rise, and {high} follows {low}")


def _require_different(values: list[str], what: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{value} is in two {what}")
        seen.add(value)


class FilmIn(BodyModel):
    width_mm: int = Field(ge=100, le=2000)
    gap_mm: int = Field(ge=0, le=50)
    cents_per_m: _Price


class PrintPriceIn(BodyModel):
    piece_cents: _Price
    dm2_cents: _Price = 0
    film: FilmIn | None = None


class BreakIn(BodyModel):
    quantity: int = Field(ge=2, le=MOST_LINES * MOST_PIECES)
    off_bp: int = Field(ge=1, le=9000)


class PostageIn(BodyModel):
    up_to_g: int = Field(ge=1, le=1_000_000)
    cents: _Price


class ZoneIn(BodyModel):
    name: str = Field(min_length=1, max_length=100)
    places: list[_Place] = Field(min_length=1, max_length=300)
    postage: list[PostageIn] = Field(min_length=1, max_length=50)

    @field_validator("postage")
    @classmethod
    def _rising(cls, value: list[PostageIn]) -> list[PostageIn]:
        _rises([step.up_to_g for step in value], "the weights")
        return value


class TaxIn(BodyModel):
    place: _Place
    since: Day
    rate_bp: _Rate


class PriceListIn(BodyModel):
    """A whole price list. `methods` must price every print method."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(
            methods={
                "dtg": {"pieceCents": 350, "dm2Cents": 60},
                "dtf": {"pieceCents": 250, "film": {"widthMm": 560, "gapMm": 5, "centsPerM": 1200}},
                "screen": {"pieceCents": 180, "dm2Cents": 25},
                "sticker": {"pieceCents": 80, "dm2Cents": 45},
            },
            breaks=[{"quantity": 10, "offBp": 500}, {"quantity": 50, "offBp": 1500}],
            zones=[
                {
                    "name": "United States",
                    "places": ["US"],
                    "postage": [{"upToG": 500, "cents": 550}, {"upToG": 20000, "cents": 4200}],
                },
            ],
            taxes=[{"place": "US:89", "since": "2026-01-01", "rateBp": 838}],
        )
    )

    methods: dict[Annotated[PrintMethod, FROM_TEXT], PrintPriceIn] = bounded(required=list(PrintMethod))
    breaks: list[BreakIn] = Field(max_length=50)
    zones: list[ZoneIn] = Field(min_length=1, max_length=100)
    taxes: list[TaxIn] = Field(max_length=1000)

    @field_validator("methods")
    @classmethod
    def _complete(cls, value: dict[PrintMethod, PrintPriceIn]) -> dict[PrintMethod, PrintPriceIn]:
        if missing := [method for method in PrintMethod if method not in value]:
            raise ValueError(f"no price for {missing[0]}")
        return value

    @field_validator("breaks")
    @classmethod
    def _rising(cls, value: list[BreakIn]) -> list[BreakIn]:
        _rises([step.quantity for step in value], "the quantities")
        return value

    @field_validator("zones")
    @classmethod
    def _apart(cls, value: list[ZoneIn]) -> list[ZoneIn]:
        _require_different([place for zone in value for place in zone.places], "zones, or twice in one")
        return value

    @field_validator("taxes")
    @classmethod
    def _dated(cls, value: list[TaxIn]) -> list[TaxIn]:
        _require_different([f"{tax.place} since {tax.since}" for tax in value], "taxes")
        return value

    def price_list(self) -> PriceList:
        return PriceList.read(self.model_dump(mode="json"))


class DiscountPath(ApiModel):
    code: str = Field(pattern=r"^[A-Z0-9-]{3,32}$", description="Customers may write it in small letters.")


class DiscountIn(BodyModel):
    """Terms of a code: it takes off either `offBp` or `offCents`, for orders of at least `minimumCents` of goods.

    It counts from `startsAt` until `endsAt`, for at most `maxUses` orders; null means no limit.
    """

    model_config = ConfigDict(json_schema_extra=examples.body(offBp=1000, minimumCents=5000, maxUses=500))

    off_bp: int | None = Field(None, ge=1, le=10_000)
    off_cents: int | None = Field(None, ge=1, le=MOST_CENTS)
    minimum_cents: int = Field(0, ge=0, le=MOST_CENTS)
    starts_at: _Moment | None = None
    ends_at: _Moment | None = None
    max_uses: int | None = Field(None, ge=1, le=1_000_000_000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.off_bp is None) == (self.off_cents is None):
            raise ValueError("either offBp or offCents is needed, not both")
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValueError("endsAt must be after startsAt")
        return self

    def discount(self, discount_id: UUID, code: str) -> Discount:
        return Discount(id=discount_id, code=code, created_at=datetime.now(UTC), **dict(self))


class DiscountOut(ResponseModel):
    """`uses`: orders that took it off."""

    code: Name
    off_bp: BasisPoints | None
    off_cents: Cents | None
    minimum_cents: Cents
    starts_at: Time | None
    ends_at: Time | None
    max_uses: Count | None
    uses: Count
    created_at: Time


class DiscountPage(ResponseModel):
    items: Items[DiscountOut]
    next_cursor: NextCursor
