"""Requests and responses about gang sheets."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.api import examples
from services.api.schemas import FROM_TEXT, ApiModel, BodyModel, Count, Items, RequestModel, ResponseModel, Url, bounded
from services.api.url_builder import UrlBuilder
from shared.models.gang_sheet import (
    Effort,
    Film,
    GangSheetInput,
    GangSheetResult,
    Item,
    Placement,
    Sheet,
    SheetFormat,
)
from shared.models.job import Job, JobState

MOST_ITEMS, MOST_COPIES = 50, 1000
_LEAST_WIDTH_MM, _MOST_WIDTH_MM = 100, 1600  # of the film
_MOST_LENGTH_MM = 5080  # 14,400 points: longer pages of a PDF are read as shorter ones by half of the programs

Millimetres = Annotated[float, bounded(minimum=-1e5, maximum=1e5)]


def _length(least: float, most: float) -> Any:
    return Field(ge=least, le=most, allow_inf_nan=False)


class FilmModel(BodyModel):
    """The film. `marginMm` stays free around each sheet, `gapMm` is the least distance between two designs."""

    width_mm: float = _length(_LEAST_WIDTH_MM, _MOST_WIDTH_MM)
    max_length_mm: float = Field(_MOST_LENGTH_MM, ge=_LEAST_WIDTH_MM, le=_MOST_LENGTH_MM, allow_inf_nan=False)
    margin_mm: float = Field(5, ge=0, le=40, allow_inf_nan=False)
    gap_mm: float = Field(5, ge=0, le=50, allow_inf_nan=False)

    def film(self) -> Film:
        return Film(float(self.width_mm), float(self.max_length_mm), float(self.margin_mm), float(self.gap_mm))


class ItemModel(BodyModel):
    """A picture, the width of its ink, how often it is printed, and whether it may be turned by quarters."""

    asset_id: Annotated[UUID, FROM_TEXT]
    width_mm: float = _length(1, _MOST_LENGTH_MM)
    copies: int = Field(1, ge=1, le=MOST_COPIES)
    rotate: bool = True


class NewGangSheet(BodyModel):
    """At most 1,000 copies in all."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(
            sheet={"widthMm": 558.8, "maxLengthMm": 1000},
            items=[{"assetId": examples.ASSET, "widthMm": 90, "copies": 4}],
            formats=["png", "pdf"],
        )
    )

    sheet: FilmModel
    items: list[ItemModel] = Field(min_length=1, max_length=MOST_ITEMS)
    effort: Annotated[Effort, FROM_TEXT] = Field(
        Effort.TIGHT, description="`instant`: rows of rectangles. `tight`: nested by true outlines, in seconds."
    )
    formats: list[Annotated[SheetFormat, FROM_TEXT]] = Field([SheetFormat.PNG], min_length=1, max_length=3)
    labels: bool = Field(False, description="Print the item's number and width below each copy.")
    underbase: bool = Field(
        False, description="White ink below the designs: a Separation (pdf), or a plate beside the file (png, tiff)."
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(item.copies for item in self.items) > MOST_COPIES:
            raise ValueError(f"items: at most {MOST_COPIES} copies in all")
        return self

    def input(self, asset_ids: list[UUID], spot: str, cents_per_m: int) -> GangSheetInput:
        """The job's; `asset_ids` are the pictures that are printed, by item."""
        pairs = zip(asset_ids, self.items, strict=True)
        return GangSheetInput(
            film=self.sheet.film(),
            items=tuple(Item(asset_id, float(item.width_mm), item.copies, item.rotate) for asset_id, item in pairs),
            effort=self.effort,
            formats=tuple(kind for kind in SheetFormat if kind in self.formats),
            labels=self.labels,
            underbase=self.underbase,
            spot=spot,
            cents_per_m=cents_per_m,
        )


class SheetOut(ResponseModel):
    """One sheet: `png`, `tiff` and `pdf` are the addresses of the files that were asked for, else null.

    `plateUrl`: the white ink alone, black = ink. The addresses last for one to two hours.
    """

    length_mm: Millimetres
    preview_url: Url
    plate_url: Url | None
    png: Url | None
    tiff: Url | None
    pdf: Url | None

    @classmethod
    def of(cls, sheet: Sheet, urls: UrlBuilder) -> Self:
        made = {kind: urls.asset(sheet.files[kind]) if kind in sheet.files else None for kind in SheetFormat}
        return cls(
            length_mm=sheet.length_mm,
            preview_url=urls.asset(sheet.preview_key),
            plate_url=urls.asset(sheet.plate_key) if sheet.plate_key else None,
            png=made[SheetFormat.PNG],
            tiff=made[SheetFormat.TIFF],
            pdf=made[SheetFormat.PDF],
        )


class GangSheetResultOut(ResponseModel):
    """`lengthMm`: of all sheets together; `priceCents` follows from it, null where the shop states no price.

    `savedPercent`: how much less film than rows of rectangles take.
    """

    type: Literal["gang_sheet"] = "gang_sheet"
    sheets: Items[SheetOut]
    length_mm: Millimetres
    saved_percent: Annotated[float, bounded(minimum=0, maximum=100)]
    price_cents: Count | None

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder) -> Self:
        result = GangSheetResult.read(stored)
        return cls(
            sheets=[SheetOut.of(sheet, urls) for sheet in result.sheets],
            length_mm=result.length_mm,
            saved_percent=round(100 * result.saved, 2),
            price_cents=result.price_cents,
        )


class FilmOut(ResponseModel):
    width_mm: Millimetres
    max_length_mm: Millimetres
    margin_mm: Millimetres
    gap_mm: Millimetres


class ItemOut(ResponseModel):
    asset_id: UUID
    width_mm: Millimetres
    copies: Count
    rotate: bool


class PlacementOut(ResponseModel):
    """A copy of an item (from 0) on a sheet (from 1): the top left corner of its ink's box after it is turned.

    `quarters`: turns by 90 degrees clockwise. x runs across the film, y along it.
    """

    item: Count
    sheet: Count
    x_mm: Millimetres
    y_mm: Millimetres
    quarters: Count

    @classmethod
    def of(cls, placement: Placement) -> Self:
        return cls.from_row(placement, sheet=placement.sheet + 1)


class GangSheetOut(ResponseModel):
    """A gang sheet: what was asked for, and once its job is done, what lies where. `id` is the job's."""

    names: ClassVar[Mapping[str, str]] = {"job_id": "id"}

    id: UUID
    status: JobState
    sheet: FilmOut
    items: Items[ItemOut]
    effort: Effort
    labels: bool
    underbase: bool
    result: GangSheetResultOut | None
    placements: Annotated[list[PlacementOut], bounded(maxItems=MOST_COPIES)] | None

    @classmethod
    def of(cls, job: Job, urls: UrlBuilder) -> Self:
        asked = GangSheetInput.read(job.input)
        placements = GangSheetResult.read(job.result).placements if job.result else None
        return cls(
            id=job.id,
            status=job.status,
            sheet=FilmOut.from_row(asked.film),
            items=[ItemOut.from_row(item) for item in asked.items],
            effort=asked.effort,
            labels=asked.labels,
            underbase=asked.underbase,
            result=GangSheetResultOut.of(job.result, urls) if job.result else None,
            placements=None if placements is None else list(map(PlacementOut.of, placements)),
        )


class SheetPath(ApiModel):
    job_id: UUID
    number: int = Field(ge=1, le=MOST_COPIES, description="From 1.")


class SheetQuery(RequestModel):
    format: SheetFormat = SheetFormat.PNG


class SheetFileOut(ResponseModel):
    """The address of a sheet's file, and of its white plate beside PNG and TIFF; they last for one to two hours."""

    url: Url
    plate_url: Url | None
    preview_url: Url
    length_mm: Millimetres

    @classmethod
    def of(cls, sheet: Sheet, kind: SheetFormat, urls: UrlBuilder) -> Self:
        return cls(
            url=urls.asset(sheet.files[kind]),
            plate_url=urls.asset(sheet.plate_key) if sheet.plate_key and kind is not SheetFormat.PDF else None,
            preview_url=urls.asset(sheet.preview_key),
            length_mm=sheet.length_mm,
        )
