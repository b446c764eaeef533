"""Requests and responses about what is made of a picture for print."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema

from services.api.cutouts.schemas import COLOUR
from services.api.schemas import Count, Items, Message, RequestModel, ResponseModel, Share, Url, bounded
from services.api.url_builder import UrlBuilder
from shared.images import colours
from shared.models.print_check import (
    NO_CHOICE,
    Box,
    Code,
    Colour,
    Figures,
    Finding,
    Level,
    PrintCheckInput,
    PrintCheckResult,
    PrintMethod,
)
from shared.models.print_edges import NO_CHOICE as EDGES
from shared.models.print_edges import Gate, PrintEdgesInput, PrintEdgesResult

MAX_MM = 5000  # the longest sheet of film
_MIN_MM = 1


def _garment(given: object) -> Colour:
    red, green, blue, alpha = colours.parse(given if isinstance(given, str) else "")
    if alpha < 255:
        raise ValueError("a garment is opaque")
    return red, green, blue


Length = Annotated[float, Field(ge=_MIN_MM, le=MAX_MM, allow_inf_nan=False)]  # of what is asked for, in mm
Offset = Annotated[float, Field(ge=-MAX_MM, le=MAX_MM, allow_inf_nan=False)]
Garment = Annotated[Colour, BeforeValidator(_garment), WithJsonSchema({"type": "string", "pattern": COLOUR})]
Number = Annotated[float, bounded(minimum=-1e9, maximum=1e9)]


class BoxOut(ResponseModel):
    """Pixels of the picture that was checked."""

    left: Count
    top: Count
    width: Count
    height: Count

    @classmethod
    def of(cls, box: Box) -> Self:
        return cls(left=box.left, top=box.top, width=box.right - box.left, height=box.bottom - box.top)


class FindingOut(ResponseModel):
    """`value` was measured, `limit` is allowed; `fix` says what to do; `where` are up to eight boxes, worst first."""

    code: Code
    level: Level
    value: Number
    limit: Number
    fix: Message
    where: Items[BoxOut]

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls.from_row(finding, where=list(map(BoxOut.of, finding.where)))


class FiguresOut(ResponseModel):
    """What was measured. Lengths in mm are those of the print; shares are of the ink, `vanish` of its outline."""

    width_mm: Number
    height_mm: Number
    dpi: Number
    over_mm: Number
    touches_border: bool
    uncertain: Share
    semi_share: Share
    semi_inner: Share
    rim_px: Number
    rim_mm: Number
    islands: Count
    island_share: Share
    pinholes: Count
    thin_share: Share
    thin_parts: Count
    narrow_gaps: Count
    contamination: Number
    halo: Number
    out_of_gamut: Share
    dark_garment: bool
    black_share: Share
    vanish: Share
    underbase_lost: Share

    @classmethod
    def of(cls, figures: Figures) -> Self:
        return cls.from_row(figures)


class PrintCheckOut(ResponseModel):
    """What would go wrong if the picture were printed so.

    `ok` unless something fails. `assetId` is the file that was checked, `width` and `height` its pixels, in which
    `where` is given. `figures` is null for a picture without ink.
    """

    type: Literal["print_check"] = "print_check"
    asset_id: UUID
    width: Count
    height: Count
    ok: bool
    score: int = Field(ge=0, le=100)
    findings: Items[FindingOut]
    figures: FiguresOut | None

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder) -> Self:  # noqa: ARG003 - as of the other results
        result = PrintCheckResult.read(stored)
        return cls.from_row(
            result,
            type="print_check",
            findings=list(map(FindingOut.of, result.findings)),
            figures=FiguresOut.of(result.figures) if result.figures else None,
        )


class RemovedOut(ResponseModel):
    """Parts of ink that print edges removed and holes that they closed, and the area of each in print, in mm²."""

    parts: Count
    parts_mm2: Number
    holes: Count
    holes_mm2: Number


class PrintEdgesOut(ResponseModel):
    """A second file beside the soft one, with a hard outline and colours free of the background.

    `gate`: `apply` it, show before and after (`compare`), or `ask`, as the cut-out is too unsure of its outline.
    `uncertain`: the share of ink that the soft file was unsure of; `inkChange`: the area of ink won or lost, as a
    share; `rimPx`: the width of the soft outline; `removed`: null in files made before it was counted.
    """

    type: Literal["print_edges"] = "print_edges"
    asset_id: UUID
    url: Url
    width: Count
    height: Count
    bytes: Count
    gate: Gate
    uncertain: Share
    ink_change: Number
    rim_px: Number
    removed: RemovedOut | None

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder) -> Self:
        result = PrintEdgesResult.read(stored)
        return cls.from_row(result, type="print_edges", url=urls.asset(result.key))


class PrintEdgesQuery(RequestModel):
    """How the outline is hardened."""

    width_mm: Length | None = Field(
        None, description="The width of the ink in print; if absent, 250 mm, or as much of that as fits a T-shirt."
    )
    choke_px: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        EDGES.choke_px, description="How far the outline is drawn in; 0 for white ink on dark cloth."
    )
    island_mm2: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = Field(
        EDGES.island_mm2,
        description="Smaller parts that lie alone are removed, and such holes closed; 0 keeps all. Parts beside "
        "others, as the dot of an i, stay. Parts that the cut-out is nowhere sure of go up to 16 times as large.",
    )

    def input(self) -> dict[str, Any]:
        """The job's input."""
        return PrintEdgesInput(self.width_mm, self.choke_px, self.island_mm2).json()


class PrintCheckQuery(RequestModel):
    """How the picture is to be printed."""

    width_mm: Length | None = Field(
        None, description="The width of the ink; if absent, 250 mm, or as much of that as fits the area."
    )
    garment: Garment = Field(
        NO_CHOICE.garment,
        description="Its colour: a CSS name, hexadecimal digits or `rgb(255, 99, 71)`.",
        json_schema_extra={"default": "white"},
    )
    method: PrintMethod = Field(NO_CHOICE.method, description="How it is printed.")
    area_width_mm: Length = Field(NO_CHOICE.area_mm[0], description="The area that can be printed.")
    area_height_mm: Length = NO_CHOICE.area_mm[1]
    dx: Offset | None = Field(
        None, description="Of the ink's left border in the area; centred without `dx` and `dy`, 0 with one of them."
    )
    dy: Offset | None = Field(None, description="Of the ink's upper border.")

    def input(self) -> dict[str, Any]:
        """The job's input."""
        placed = None if self.dx is None and self.dy is None else (self.dx or 0, self.dy or 0)
        area = self.area_width_mm, self.area_height_mm
        return PrintCheckInput(self.width_mm, self.garment, self.method, area, placed).json()
