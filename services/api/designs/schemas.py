"""Requests and responses about designs."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from services.api import examples
from services.api.designs import checks
from services.api.mockups.schemas import Hex
from services.api.print.schemas import MAX_MM, PrintCheckOut
from services.api.schemas import (
    FROM_TEXT,
    Amount,
    ApiModel,
    BodyModel,
    Items,
    Name,
    NextCursor,
    ResponseModel,
    Time,
    Url,
    bounded,
)
from services.api.url_builder import UrlBuilder
from shared.models.asset import Asset
from shared.models.design import FULL_TURN, Design, Placement, Problem
from shared.models.garment import GARMENTS
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea

MOST_PLACEMENTS = 10
_MOST_SHOWN_MM = 1000  # of a mock-up's query

Title = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Millimetres = Annotated[float, bounded(minimum=-1e5, maximum=1e5)]


def _length(least: float) -> Any:
    return Field(ge=least, le=MAX_MM, allow_inf_nan=False)


class PlacementModel(BodyModel):
    """A picture on one of the product's print areas, in millimetres, to a thousandth.

    `leftMm` and `topMm` lead from the area's upper left corner to that of the picture's ink, `widthMm` is the ink's
    width; its height follows from the picture. Then the ink is turned about its middle, clockwise.
    """

    placement: str = Field(min_length=1, max_length=40)
    asset_id: Annotated[UUID, FROM_TEXT]
    method: Annotated[PrintMethod, FROM_TEXT]
    left_mm: float = _length(-MAX_MM)
    top_mm: float = _length(-MAX_MM)
    width_mm: float = _length(1)
    rotation_deg: float = Field(0, ge=-360, le=360, allow_inf_nan=False)

    def placement_of(self, picture: Asset, ink_px: tuple[int, int], area: PrintArea) -> Placement:
        return Placement(
            name=self.placement,
            asset_id=picture.id,
            method=self.method,
            left_um=round(1000 * self.left_mm),
            top_um=round(1000 * self.top_mm),
            width_um=round(1000 * self.width_mm),
            ink_px=ink_px,
            rotation_mdeg=round(1000 * self.rotation_deg) % FULL_TURN,
            picture_key=picture.key,
            area=area,
        )


def _one_a_placement(asked: list[PlacementModel]) -> list[PlacementModel]:
    if len({one.placement for one in asked}) < len(asked):
        raise ValueError("one picture at each placement")
    return asked


Placements = Annotated[
    list[PlacementModel], Field(min_length=1, max_length=MOST_PLACEMENTS), AfterValidator(_one_a_placement)
]


class NewDesign(BodyModel):
    """`color` is the `colorHex` of one of the product's variants, on which the design is shown and checked.

    By default it is that of the first.
    """

    model_config = ConfigDict(
        json_schema_extra=examples.body(
            productId=examples.PRODUCT,
            name="Summer party",
            color="1c1c1f",
            placements=[
                {
                    "placement": "front",
                    "assetId": examples.ASSET,
                    "method": "dtg",
                    "leftMm": 40,
                    "topMm": 30,
                    "widthMm": 200,
                }
            ],
        )
    )

    product_id: Annotated[UUID, FROM_TEXT]
    name: Title = "Untitled"
    color: Hex | None = None
    placements: Placements


class DesignChange(BodyModel):
    """What is to change; `color` as of a new design, `placements` replaces them all."""

    model_config = ConfigDict(json_schema_extra=examples.body(name="Winter party"))

    name: Title | None = None
    color: Hex | None = None
    placements: Placements | None = None


class DesignCopy(BodyModel):
    """Without a name the copy has that of the original."""

    model_config = ConfigDict(json_schema_extra=examples.body(name="Summer party, second try"))

    name: Title | None = None

    @model_validator(mode="before")
    @classmethod
    def _may_be_left_out(cls, given: object) -> object:
        return {} if given is None and not request.get_data() else given


class DesignPlacementOut(ResponseModel):
    """`problem` says why it cannot be printed as it is, else null.

    `check` is null until the print check is done; `checkUrl` is its job, null where nothing is checked. `mockupUrl` is
    null where no mock-up is offered. The addresses of pictures and mock-ups need no token and last for one to two
    hours; every response signs them afresh.
    """

    placement: Name
    asset_id: UUID
    method: PrintMethod
    left_mm: Millimetres
    top_mm: Millimetres
    width_mm: Amount
    height_mm: Amount
    rotation_deg: Annotated[float, bounded(minimum=0, maximum=360)]
    problem: Problem | None
    picture_url: Url | None
    mockup_url: Url | None
    check: PrintCheckOut | None
    check_url: Url | None

    @classmethod
    def of(cls, design: Design, placement: Placement, found: checks.Found, urls: UrlBuilder, *, mockups: bool) -> Self:
        job = found.get(checks.key(design, placement)) if placement.picture_key else None
        return cls(
            placement=placement.name,
            asset_id=placement.asset_id,
            method=placement.method,
            left_mm=placement.left_um / 1000,
            top_mm=placement.top_um / 1000,
            width_mm=placement.width_um / 1000,
            height_mm=placement.height_um / 1000,
            rotation_deg=placement.rotation_mdeg / 1000,
            problem=placement.problem,
            picture_url=urls.asset(placement.picture_key) if placement.picture_key else None,
            mockup_url=mockup_url(design.colour, placement, urls) if mockups and placement.picture_key else None,
            check=PrintCheckOut.of(job.result, urls) if job and job.result else None,
            check_url=urls.job(job.id) if job else None,
        )


class DesignOut(ResponseModel):
    names: ClassVar[Mapping[str, str]] = {"design_id": "id"}

    id: UUID
    product_id: UUID
    name: Name
    color: Name
    placements: Items[DesignPlacementOut]
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, design: Design, found: checks.Found, urls: UrlBuilder, *, mockups: bool) -> Self:
        """`found` are the jobs of the checks; `mockups` says whether any are offered here."""
        placements = [DesignPlacementOut.of(design, one, found, urls, mockups=mockups) for one in design.placements]
        return cls.from_row(design, color=design.colour, placements=placements)


class DesignPage(ResponseModel):
    items: Items[DesignOut]
    next_cursor: NextCursor


class DesignPath(ApiModel):
    design_id: UUID


def mockup_url(colour: str, placement: Placement, urls: UrlBuilder) -> str | None:
    """None where the print area has no drawn garment, or the garment cannot show the placement."""
    area = placement.area
    if area is None or area.garment not in GARMENTS:
        return None
    asked = {
        "widthMm": placement.width_um / 1000,
        "dx": (2 * placement.left_um + placement.width_um - area.width_um) / 2000,
        "dy": (2 * placement.top_um + placement.height_um - area.height_um) / 2000,
        "rotate": placement.rotation_mdeg / 1000,
    }
    if max(map(abs, (asked["widthMm"], asked["dx"], asked["dy"]))) > _MOST_SHOWN_MM:
        return None
    return f"{urls.signed_mockup(area.garment, colour, placement.asset_id)}?{urlencode(asked)}"
