"""What finished jobs have produced, by their type."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from services.api.gang_sheets.schemas import GangSheetResultOut
from services.api.print.schemas import PrintCheckOut
from services.api.schemas import Amount, Count, Name, ResponseModel, Share, Url
from services.api.url_builder import UrlBuilder
from shared.models.cutout import CutoutResult, Method
from shared.models.job import Job, JobType


class ForegroundOut(ResponseModel):
    """The bounding box of all visible pixels."""

    top: Count
    left: Count
    width: Count
    height: Count


class CutoutOut(ResponseModel):
    """`assetId`, `cutoutUrl`, `width`, `height` and `bytes` are those of the file that was asked for.

    `previewUrl`, `maskUrl` and `foreground` are those of the whole cut-out, before it was cropped, made smaller or put
    on a background. `uncertain`: the share of visible pixels whose alpha lies between 10 % and 90 %.

    It is higher where the subject hardly stands out from its background. `passedThrough`: the picture was a cut-out
    already, and is unchanged. `method`: how our own service told subject and background apart, else null. The URLs need
    no token and last for one to two hours; every response signs them afresh.
    """

    type: Literal["cutout"] = "cutout"
    asset_id: UUID
    cutout_url: Url
    preview_url: Url
    mask_url: Url
    width: Count
    height: Count
    bytes: Count
    model: Name
    uncertain: Share
    foreground: ForegroundOut
    cost_usd: Amount
    passed_through: bool
    method: Method | None

    @classmethod
    def of(cls, stored: Mapping[str, Any], urls: UrlBuilder) -> Self:
        result = CutoutResult.read(stored)
        return cls.from_row(
            result,
            type="cutout",
            cutout_url=urls.asset(result.cutout_key),
            preview_url=urls.asset(result.preview_key),
            mask_url=urls.asset(result.mask_key),
            cost_usd=result.cost_microusd / 1_000_000,
        )


Result = Annotated[CutoutOut | GangSheetResultOut | PrintCheckOut, Field(discriminator="type")]
_RESULTS: Mapping[str, Callable[[Mapping[str, Any], UrlBuilder], Result]] = {
    JobType.CUTOUT: CutoutOut.of,
    JobType.GANG_SHEET: GangSheetResultOut.of,
    JobType.PRINT_CHECK: PrintCheckOut.of,
}


def result_of(job: Job, urls: UrlBuilder) -> Result | None:
    """None until the job is done, and for a type of a newer release."""
    read = _RESULTS.get(job.type)
    return read(job.result, urls) if read and job.result else None
