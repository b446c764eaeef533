"""Requests and responses about garments and mock-ups."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field

from services.api.assets.schemas import AssetPath
from services.api.schemas import (
    Amount,
    ApiModel,
    Items,
    Name,
    RequestModel,
    ResponseModel,
    Share,
    Time,
    Url,
)
from shared.models.garment import SIDE, Garment

_HEX = "[0-9a-fA-F]{6}"


def _hex(text: str) -> str:
    if not re.fullmatch(_HEX, text):
        raise ValueError("A colour is six hexadecimal digits, such as 1c1c1f")
    return text.lower()


Hex = Annotated[str, Field(json_schema_extra={"pattern": f"^{_HEX}$"}), AfterValidator(_hex)]


class AreaOut(ResponseModel):
    """A print area in millimetres, and its middle in a mock-up, as shares of the picture's side."""

    width_mm: Amount
    height_mm: Amount
    center_x: Share
    center_y: Share


class ColorOut(ResponseModel):
    name: Name
    color: Name


class GarmentOut(ResponseModel):
    """One view of a garment. `pictureMm`: how much of it the side of a mock-up shows.

    `colors` are those that shops usually offer; a mock-up may have any other.
    """

    garment: Name
    title: Name
    view: Name
    area: AreaOut
    picture_mm: Amount
    colors: Items[ColorOut]

    @classmethod
    def of(cls, garment: Garment) -> Self:
        width, height = garment.area_mm
        x, y = garment.centre
        return cls(
            garment=garment.name,
            title=garment.title,
            view=garment.view,
            area=AreaOut(width_mm=width, height_mm=height, center_x=round(x / SIDE, 4), center_y=round(y / SIDE, 4)),
            picture_mm=round(SIDE / garment.px_mm, 1),
            colors=[ColorOut(name=name, color=color) for name, color in garment.colours],
        )


class GarmentList(ResponseModel):
    items: Items[GarmentOut]


class MockupPath(AssetPath):
    garment: str = Field(max_length=40)
    color: Hex


class SignedMockupPath(MockupPath):
    """With the grant that lets the holder of the address see the picture on any garment for a while."""

    mockup_grant: str = Field(json_schema_extra={"minLength": 1, "maxLength": 100})


class BlankPath(ApiModel):
    garment: str = Field(max_length=40)
    color: Hex


class BlankQuery(RequestModel):
    w: Literal["400", "800", "1200"] = Field("800", description="Pixels of the picture's side.")


class MockupQuery(RequestModel):
    """Where the design lies, in millimetres of the garment. Without `widthMm` it fills the print area."""

    w: int = Field(SIDE, ge=50, le=SIDE, description="Pixels of the picture's side.")
    width_mm: float | None = Field(None, ge=1, le=1000, description="Width of the design's ink.")
    dx: float = Field(0, ge=-1000, le=1000, description="Millimetres to the right of the print area's middle.")
    dy: float = Field(0, ge=-1000, le=1000, description="Millimetres below the print area's middle.")
    rotate: float = Field(0, ge=-360, le=360, description="Degrees, clockwise.")

    def chosen(self) -> dict[str, Any]:
        """What differs from the defaults, by name."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


class MockupsQuery(MockupQuery):
    """Which mock-ups; without a garment all, without a colour each in the first of its usual colours."""

    garment: str | None = Field(None, max_length=40)
    color: Hex | None = None


class MockupOut(ResponseModel):
    garment: Name
    title: Name
    color: Name
    url: Url


class MockupList(ResponseModel):
    """Addresses for `<img>` that need no token, until `expiresAt`.

    `template` makes the address of any other: put a garment and a colour, six hexadecimal digits, in place of
    `{garment}` and `{color}`, and `w`, `widthMm`, `dx`, `dy` and `rotate` into the query. Both are empty where mock-ups
    are not offered.
    """

    items: Items[MockupOut]
    template: Annotated[str, Field(json_schema_extra={"maxLength": 2000})]
    expires_at: Time
