"""Requests and responses of /api/admin."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api import examples
from services.api.schemas import (
    Amount,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    RequestModel,
    ResponseModel,
    Share,
    Time,
)
from shared.models.cutout import Provider
from shared.models.job import JobState

Percent = Annotated[int, Field(ge=0, le=100)]


class RolloutIn(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(percent=100))

    percent: Percent


class RolloutChange(ResponseModel):
    percent: Percent
    set_by: Name
    set_at: Time


class RolloutOut(ResponseModel):
    """The percentage of jobs that the self-hosted provider gets, and its changes, newest first.

    `warning` says why the percentage has no effect; null while it has one.
    """

    percent: Percent
    warning: Message | None
    history: Items[RolloutChange]


class DaysQuery(RequestModel):
    days: int = Field(7, ge=1, le=90)


class ProviderDayOut(ResponseModel):
    """Durations in milliseconds; `uncertain` is the mean share of visible pixels with alpha between 10 % and 90 %."""

    day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    provider: Provider
    count: Count
    errors: Count
    average_ms: Amount | None
    p50_ms: Amount | None
    p95_ms: Amount | None
    input_bytes: Count
    output_bytes: Count
    cost_usd: Amount
    uncertain: Share | None


class ProvidersOut(ResponseModel):
    items: Items[ProviderDayOut]
    spent_today_usd: Amount
    daily_budget_usd: Amount


class DeadJob(ResponseModel):
    id: UUID
    code: Name
    message: Message
    attempts: Count
    finished_at: Time


class JobsReport(ResponseModel):
    """Jobs per state, counted to 10,000, the age of the oldest waiting job, and the newest dead jobs with errors."""

    states: dict[JobState, Count]
    oldest_queued_s: Amount | None
    dead: Items[DeadJob]
