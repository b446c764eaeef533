"""Requests and responses about jobs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from flask import Response
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from services.api import examples
from services.api.cutouts.schemas import JobOptions, chosen
from services.api.jobs.results import Result, result_of
from services.api.schemas import (
    FROM_TEXT,
    ApiModel,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Time,
    Url,
)
from services.api.url_builder import UrlBuilder
from shared.models.cutout import Provider
from shared.models.job import Job, JobState, JobType


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


class JobErrorOut(ResponseModel):
    code: Name
    message: Message


class StepOut(ResponseModel):
    """A job that follows by itself. It can be cancelled and retried like any other, but stands in no list."""

    type: Name
    id: UUID
    status: JobState
    error: JobErrorOut | None


class JobOut(ResponseModel):
    """`options`: those that were chosen, which another job may be given as they are.

    `steps` are what follows the job by itself: of a cut-out its print edges, and then their check. The next one is
    there as soon as the one before is done.
    """

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
    result: Result | None
    error: JobErrorOut | None
    steps: Items[StepOut]

    @classmethod
    def of(cls, job: Job, following: Sequence[Job], urls: UrlBuilder) -> Self:
        return cls.from_row(job, result=result_of(job, following, urls), options=_options(job), steps=following)


def _options(job: Job) -> dict[str, Any]:
    if job.type == JobType.CUTOUT:
        return chosen(job.input)
    return {to_camel(name): _camel(value) for name, value in job.input.items()}


def _camel(value: Any) -> Any:
    """Names of fields in objects within objects and lists, as JSON of the API writes them."""
    if isinstance(value, list):
        return list(map(_camel, value))
    return {to_camel(name): _camel(inner) for name, inner in value.items()} if isinstance(value, dict) else value


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
