"""The shapes of requests and answers, and how rows become answers. JSON is camelCase, times end in Z."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from services.api.url_builder import UrlBuilder
from shared.models.asset import Asset
from shared.models.cutout import CutoutResult, Provider
from shared.models.job import Job, JobState


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    datetime, PlainSerializer(_rfc3339, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


class ApiModel(BaseModel):
    """Base of all. Its JSON Schema is made once: Flask-OpenAPI asks for it per operation, and again at every query."""

    @classmethod
    @cache
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        return super().model_json_schema(*args, **kwargs)


class ResponseModel(ApiModel):
    """Base of every answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def json_ready(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


class RequestModel(ApiModel):
    """Base of every request: what is not known is refused, so that a typing error is noticed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class AssetOut(ResponseModel):
    """A stored picture. `sha256` is of the bytes as they were received."""

    id: UUID
    url: str
    sha256: str
    content_type: str
    width: int
    height: int
    bytes: int
    created_at: Time


class LinkOut(ResponseModel):
    """A private link and its end."""

    url: str
    expires_at: Time


class Accepted(ResponseModel):
    """A job that will run, whatever happens."""

    id: UUID
    asset_id: UUID
    status: JobState
    status_url: str
    events_url: str


class TimingsOut(ResponseModel):
    queued_ms: int | None
    fetch_ms: int | None
    remove_ms: int | None
    store_ms: int | None
    total_ms: int | None


class ForegroundOut(ResponseModel):
    """The box around everything visible, in pixels."""

    top: int
    left: int
    width: int
    height: int


class ResultOut(ResponseModel):
    """`uncertain`: the share of what is visible whose alpha lies between 10 % and 90 %."""

    asset_id: UUID
    cutout_url: str
    preview_url: str
    mask_url: str
    width: int
    height: int
    bytes: int
    model: str
    uncertain: float
    foreground: ForegroundOut
    cost_usd: float


class JobErrorOut(ResponseModel):
    code: str
    message: str


class JobOut(ResponseModel):
    id: UUID
    type: str
    asset_id: UUID
    status: JobState
    progress: int = Field(ge=0, le=100)
    attempts: int
    priority: int
    provider: Provider | None
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    timings: TimingsOut
    result: ResultOut | None
    error: JobErrorOut | None


class AssetPage(ResponseModel):
    items: list[AssetOut]
    next_cursor: str | None


class JobPage(ResponseModel):
    items: list[JobOut]
    next_cursor: str | None


class NewJob(RequestModel):
    asset_id: UUID
    type: Literal["cutout"]
    priority: int | None = Field(None, ge=0, le=9)
    provider: Provider | None = None


class JobPath(ApiModel):
    job_id: UUID


class AssetPath(ApiModel):
    asset_id: UUID


class KeyPath(ApiModel):
    key: str


class LinkQuery(ApiModel):
    """What a private link says; without it, it is none."""

    expires: str = Field("", max_length=20)
    signature: str = Field("", max_length=100)


class VariantQuery(ApiModel):
    """`w`: upright for a page, at most so many pixels wide and 2,000 high, never enlarged; `web`: 2,000 wide."""

    w: Literal["400", "800", "1600", "web"] | None = None


class PageQuery(RequestModel):
    """Pages are newest first; `cursor` is the `nextCursor` of the page before."""

    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=200)


class JobQuery(PageQuery):
    status: JobState | None = None


class ErrorDetail(ResponseModel):
    code: str
    message: str
    details: dict[str, Any] | None = None
    request_id: str


class ErrorOut(ResponseModel):
    """The one shape of every error."""

    error: ErrorDetail


def asset_out(asset: Asset, urls: UrlBuilder) -> AssetOut:
    return AssetOut(
        id=asset.id,
        url=urls.asset(asset.key),
        sha256=asset.sha256,
        content_type=asset.content_type,
        width=asset.width,
        height=asset.height,
        bytes=asset.bytes,
        created_at=asset.created_at,
    )


def accepted(job: Job, urls: UrlBuilder) -> Accepted:
    return Accepted(
        id=job.id,
        asset_id=job.asset_id,
        status=job.status,
        status_url=urls.job(job.id),
        events_url=urls.events(job.id),
    )


def job_out(job: Job, urls: UrlBuilder) -> JobOut:
    timings = job.timings
    return JobOut(
        id=job.id,
        type=job.type,
        asset_id=job.asset_id,
        status=job.status,
        progress=job.progress,
        attempts=job.attempts,
        priority=job.priority,
        provider=job.provider,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        timings=TimingsOut(
            queued_ms=timings.queued_ms,
            fetch_ms=timings.fetch_ms,
            remove_ms=timings.remove_ms,
            store_ms=timings.store_ms,
            total_ms=timings.total_ms,
        ),
        result=_result_out(job, urls),
        error=JobErrorOut(code=job.error.code, message=job.error.message) if job.error else None,
    )


def _result_out(job: Job, urls: UrlBuilder) -> ResultOut | None:
    if job.result is None:
        return None
    result = CutoutResult.read(job.result)
    box = result.foreground
    return ResultOut(
        asset_id=result.asset_id,
        cutout_url=urls.asset(result.cutout_key),
        preview_url=urls.asset(result.preview_key),
        mask_url=urls.asset(result.mask_key),
        width=result.width,
        height=result.height,
        bytes=result.bytes,
        model=result.model,
        uncertain=result.uncertain,
        foreground=ForegroundOut(top=box.top, left=box.left, width=box.width, height=box.height),
        cost_usd=result.cost_microusd / 1_000_000,
    )
