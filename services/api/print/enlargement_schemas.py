"""Requests and responses about enlargements."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from services.api.print.schemas import Length, Number
from services.api.schemas import Count, Message, RequestModel, ResponseModel, Share, Url
from services.api.url_builder import UrlBuilder
from shared.models.enlargement import NO_CHOICE, EnlargementInput, EnlargementResult, Way

_Dpi = Annotated[int, Field(ge=72, le=1200)]
_LIMITS = {
    Way.FLAT: "Outlines are sharp at this size. Letters that were too small to read stay so, and lines thinner than a"
    " pixel of the picture may be gone.",
    Way.LANCZOS: "It is smooth, but has no more detail than before: print it smaller, or send a larger picture, if it"
    " has to be sharp.",
}


class EnlargementQuery(RequestModel):
    """The pixels that a print needs."""

    width_mm: Length | None = Field(
        None, description="The width of the ink; if absent, 250 mm, or as much of that as fits a shirt's front."
    )
    dpi: _Dpi = Field(NO_CHOICE.dpi, description="The pixels per inch that it is to have.")
    method: Way = Field(
        NO_CHOICE.method,
        description="`flat` gives a logo in flat colours sharp outlines, `lanczos` keeps a photograph smooth; `auto`"
        " takes `flat` where that changes less than 3 % of the picture.",
    )

    def input(self) -> dict[str, Any]:
        """The job's input."""
        return EnlargementInput(self.width_mm, self.dpi, self.method).json()


class EnlargementOut(ResponseModel):
    """A second file with more pixels, beside the picture, which stays.

    `limits` says what its method cannot do. `beforeUrl` and `afterUrl` show the same detail at the new resolution:
    enlarged as any program does it, and so. `dpiBefore`: the resolution of the picture at this width; `scale`: pixels
    per pixel; `changed`: the share of the ink that clearly became another colour.
    """

    type: Literal["enlargement"] = "enlargement"
    asset_id: UUID
    url: Url
    width: Count
    height: Count
    bytes: Count
    width_mm: Number
    dpi: Count
    dpi_before: Number
    scale: Number
    method: Literal[Way.FLAT, Way.LANCZOS]
    limits: Message
    changed: Share
    before_url: Url
    after_url: Url

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder) -> Self:
        result = EnlargementResult.read(stored)
        return cls.from_row(
            result,
            type="enlargement",
            url=urls.asset(result.key),
            limits=_LIMITS[result.method],
            before_url=urls.asset(result.before_key),
            after_url=urls.asset(result.after_key),
        )
