"""Requests and responses about lines: cut lines, and logos traced into curves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.api.print.schemas import Length, Number
from services.api.schemas import Count, Items, Name, RequestModel, ResponseModel, Share, Url
from services.api.url_builder import UrlBuilder
from shared.models import cutline, vector
from shared.models.cutline import CutlineInput, CutlineResult
from shared.models.vector import MOST_INKS, Ink, VectorInput, VectorResult

_Offset = Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)]
_Radius = Annotated[float, Field(ge=0.25, le=20, allow_inf_nan=False)]
_WIDTH = "The width of the ink; if absent, 250 mm, or as much of that as fits a shirt's front."


class LineFormat(StrEnum):
    SVG = "svg"
    PDF = "pdf"


class CutlineQuery(RequestModel):
    """The cut path."""

    width_mm: Length | None = Field(None, description=_WIDTH)
    offset_mm: _Offset = Field(cutline.NO_CHOICE.offset_mm, description="How far from the ink the line lies.")
    smooth_mm: _Radius = Field(cutline.NO_CHOICE.smooth_mm, description="The smallest radius of its corners.")
    holes: bool = Field(cutline.NO_CHOICE.holes, description="Whether holes in the ink are cut out as well.")
    format: LineFormat = Field(LineFormat.SVG, description="The file that `url` in the response leads to.")
    artwork: bool = Field(cutline.NO_CHOICE.artwork, description="Whether the picture lies in the PDF, below the line.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.artwork and self.format is not LineFormat.PDF:
            raise ValueError("artwork lies in a PDF: ask for format=pdf")
        return self

    def input(self, spot: str) -> dict[str, Any]:
        """The job's input; both files are made by the same job."""
        return CutlineInput(self.width_mm, self.offset_mm, self.smooth_mm, self.holes, self.artwork, spot).json()


class CutlineOut(ResponseModel):
    """`url` is that of the file in the format that was asked for; of a job, the SVG's.

    Lengths are in mm: of the page, of the ink's box from the page's upper left corner, and `lengthMm` of the cut
    path along `lines` closed lines. In the SVG, one unit is a millimetre.
    """

    type: Literal["cutline"] = "cutline"
    asset_id: UUID
    url: Url
    bytes: Count
    svg_url: Url
    pdf_url: Url
    width_mm: Number
    height_mm: Number
    ink_left_mm: Number
    ink_top_mm: Number
    ink_width_mm: Number
    ink_height_mm: Number
    lines: Count
    length_mm: Number

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder, form: LineFormat = LineFormat.SVG) -> Self:
        result = CutlineResult.read(stored)
        return cls.from_row(result, type="cutline", **_files(result, urls, form))


class VectorQuery(RequestModel):
    """The drawing that is wanted."""

    format: LineFormat = Field(LineFormat.SVG, description="The file that `url` in the response leads to.")
    marks: bool = Field(
        vector.NO_CHOICE.marks, description="Whether the PDF has registration marks, and the inks' names, for films."
    )
    width_mm: Length | None = Field(None, description=_WIDTH)
    max_inks: int = Field(
        vector.NO_CHOICE.max_inks, ge=1, le=MOST_INKS, description="A logo of more inks is refused, not simplified."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.marks and self.format is not LineFormat.PDF:
            raise ValueError("marks lie in a PDF: ask for format=pdf")
        return self

    def input(self) -> dict[str, Any]:
        """The job's input; both files are made by the same job."""
        return VectorInput(self.width_mm, self.max_inks, self.marks).json()


class InkOut(ResponseModel):
    """`colour` is hexadecimal; `share` is that of the opaque area; `spot` is its spot colour in the PDF."""

    colour: Name
    share: Share
    spot: Name

    @classmethod
    def of(cls, ink: Ink) -> Self:
        return cls.from_row(ink)


class VectorOut(ResponseModel):
    """An SVG of curves, whose fills are exactly the inks, the largest first, and a PDF with a spot colour for each.

    `url` is that of the file in the format that was asked for; of a job, the SVG's. `explained` is the share of
    flat areas that are one of the inks.
    """

    type: Literal["vector"] = "vector"
    asset_id: UUID
    url: Url
    bytes: Count
    svg_url: Url
    pdf_url: Url
    width_mm: Number
    height_mm: Number
    inks: Items[InkOut]
    explained: Share

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder, form: LineFormat = LineFormat.SVG) -> Self:
        result = VectorResult.read(stored)
        inks = list(map(InkOut.of, result.inks))
        return cls.from_row(result, type="vector", inks=inks, **_files(result, urls, form))


def _files(result: CutlineResult | VectorResult, urls: UrlBuilder, form: LineFormat) -> dict[str, Any]:
    """Both files, and the one in the format that was asked for."""
    svg, page = urls.asset(result.key), urls.asset(result.pdf_key)
    if form is LineFormat.SVG:
        chosen = {"asset_id": result.asset_id, "url": svg, "bytes": result.bytes}
    else:
        chosen = {"asset_id": result.pdf_id, "url": page, "bytes": result.pdf_bytes}
    return {**chosen, "svg_url": svg, "pdf_url": page}
