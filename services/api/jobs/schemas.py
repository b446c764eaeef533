"""Requests and responses about jobs."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from flask import Response
from pydantic import ConfigDict, Field

from services.api import examples
from services.api.cutouts.schemas import JobOptions, chosen
from services.api.schemas import (
    FROM_TEXT,
    Amount,
    ApiModel,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Share,
    Time,
    Url,
)
from services.api.url_builder import UrlBuilder
from shared.models.cutout import CutoutResult, MaskPrecision, Method, Provider
from shared.models.job import Job, JobState


class Accepted(ResponseModel):
    """A job that is stored and will run."""

    names: ClassVar[Mapping[str, str]] = {"job_id": "id", "asset_id": "assetId"}

    id: UUID
    asset_id: UUID
    status: JobState
    status_url: Url
    events_url: Url

    @classmethod
    def answer(cls, job: Job, urls: UrlBuilder) -> Response:
        """202, to be sent once the job's row is committed."""
        status_url = urls.job(job.id)
        events_url = f"{status_url}/events"
        body = cls(id=job.id, asset_id=job.asset_id, status=job.status, status_url=status_url, events_url=events_url)
        response = body.response(202)
        response.headers["Location"] = status_url
        return response


class TimingsOut(ResponseModel):
    queued_ms: Count | None
    fetch_ms: Count | None
    remove_ms: Count | None
    store_ms: Count | None
    total_ms: Count | None


class ForegroundOut(ResponseModel):
    """The bounding box of all visible pixels."""

    top: Count
    left: Count
    width: Count
    height: Count


class ResultOut(ResponseModel):
    """`assetId`, `cutoutUrl`, `width`, `height` and `bytes` are those of the file that was asked for.

    `previewUrl`, `maskUrl` and `foreground` are those of the whole cut-out, before it was cropped, made smaller or put
    on a background. `uncertain`: the share of visible pixels whose alpha lies between 10 % and 90 %.

    It is higher where the subject hardly stands out from its background. `passedThrough`: the picture was a cut-out
    already, and is unchanged. `method`: how our own service told subject and background apart, else null. `precision`:
    in which numbers its network made the mask, null where it did not run. The URLs need no token and last for one to
    two hours; every response signs them afresh.
    """

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
    precision: MaskPrecision | None

    @classmethod
    def of(cls, result: CutoutResult, urls: UrlBuilder) -> Self:
        return cls.from_row(
            result,
            cutout_url=urls.asset(result.cutout_key),
            preview_url=urls.asset(result.preview_key),
            mask_url=urls.asset(result.mask_key),
            cost_usd=result.cost_microusd / 1_000_000,
        )


class JobErrorOut(ResponseModel):
    code: Name
    message: Message


class JobOut(ResponseModel):
    """`options`: those that were chosen, which another job may be given as they are."""

    names: ClassVar[Mapping[str, str]] = {"job_id": "id", "asset_id": "assetId"}

    id: UUID
    type: Name
    asset_id: UUID
    status: JobState
    progress: int = Field(ge=0, le=100)
    attempts: Count
    priority: Count
    provider: Provider | None
    options: dict[str, Any]
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    timings: TimingsOut
    result: ResultOut | None
    error: JobErrorOut | None

    @classmethod
    def of(cls, job: Job, urls: UrlBuilder) -> Self:
        result = ResultOut.of(CutoutResult.read(job.result), urls) if job.result else None
        return cls.from_row(job, result=result, options=chosen(job.input))


class JobPage(ResponseModel):
    items: Items[JobOut]
    next_cursor: NextCursor


class NewJob(BodyModel):
    model_config = ConfigDict(
        json_schema_extra=examples.body(
            assetId=examples.ASSET, type="cutout", options={"format": "jpg", "bgColor": "tomato"}
        )
    )

    asset_id: Annotated[UUID, FROM_TEXT]
    type: Literal["cutout"]
    priority: int | None = Field(None, ge=0, le=9)
    provider: Annotated[Provider, FROM_TEXT] | None = None
    options: JobOptions = JobOptions()


class JobPath(ApiModel):
    job_id: UUID


class JobQuery(PageQuery):
    status: JobState | None = None
