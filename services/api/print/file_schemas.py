"""Requests and responses about print files."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.api.print.schemas import Length
from services.api.schemas import Amount, Count, RequestModel, ResponseModel, Url
from services.api.url_builder import UrlBuilder
from shared import errors
from shared.images.press_profiles import Profiles
from shared.models.print_file import PrintFileInput, PrintFileResult, PrintFormat, Space, Underbase

_Dpi = Annotated[int, Field(ge=72, le=1200)]
_Choke = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
_Lines = Annotated[float, Field(ge=10, le=85, allow_inf_nan=False)]
_Angle = Annotated[float, Field(ge=0, le=90, allow_inf_nan=False)]


class PrintFileQuery(RequestModel):
    """The file that a printer wants."""

    width_mm: Length = Field(
        description="The width of the ink; the file ends where the ink ends.", json_schema_extra={"example": 250}
    )
    dpi: _Dpi = 300
    underbase: Underbase = Field(
        Underbase.NONE,
        description="White ink: `plate` as a grey picture of its own, black for ink; `spot` inside a PDF or CMYK TIFF.",
    )
    choke_mm: _Choke = Field(0.17, description="How far the white is drawn in from the outline.")
    format: PrintFormat = PrintFormat.PNG
    space: Space = Field(Space.SRGB, description="`cmyk` for a PDF or TIFF.")
    profile: str | None = Field(
        None, max_length=200, description="The printer's ICC profile, by the name the shop gave it; for CMYK."
    )
    mirror: bool = Field(False, description="Reversed, as film is.")
    halftone: _Lines | None = Field(None, description="Fades become dots, of so many lines per inch.")
    halftone_angle: _Angle = Field(22.5, description="Of the rows of dots, in degrees.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._input("White", self.profile)
        return self

    def input(self, spot: str, profiles: Profiles) -> dict[str, Any]:
        """The job's input. Raises InvalidRequest for a profile that there is not."""
        digest = profiles.digests.get(self.profile) if self.profile else None
        if self.profile and digest is None:
            names = ", ".join(profiles.digests) or "none"
            raise errors.InvalidRequest("There is no profile of this name.", details={"profile": f"one of: {names}"})
        return self._input(spot, digest).json()

    def _input(self, spot: str, profile: str | None) -> PrintFileInput:
        return PrintFileInput(
            width_mm=self.width_mm,
            dpi=self.dpi,
            underbase=self.underbase,
            choke_mm=self.choke_mm,
            format=self.format,
            space=self.space,
            profile=profile,
            mirror=self.mirror,
            halftone_lpi=self.halftone,
            halftone_angle=self.halftone_angle,
            spot=spot,
        )


class PrintFileOut(ResponseModel):
    """A file for a printer. `width` and `height` are its pixels; sizes in mm are those it states.

    `plateUrl` is the plate of white ink where one was asked for: as large, grey, black for ink. The URLs need no token
    and last for one to two hours; every response signs them afresh.
    """

    type: Literal["print_file"] = "print_file"
    asset_id: UUID
    url: Url
    width: Count
    height: Count
    width_mm: Amount
    height_mm: Amount
    bytes: Count
    plate_id: UUID | None
    plate_url: Url | None
    plate_bytes: Count

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder) -> Self:
        result = PrintFileResult.read(stored)
        return cls.from_row(
            result,
            type="print_file",
            url=urls.asset(result.key),
            plate_url=urls.asset(result.plate_key) if result.plate_key else None,
        )
