"""Requests and responses of /api/admin."""

from uuid import UUID

from pydantic import Field

from services.api.schemas import RequestModel, ResponseModel, Time
from shared.models.cutout import Provider
from shared.models.job import JobState


class RolloutIn(RequestModel):
    percent: int = Field(ge=0, le=100)


class RolloutChange(ResponseModel):
    percent: int
    set_by: str
    set_at: Time


class RolloutOut(ResponseModel):
    """The percentage of jobs that the self-hosted provider gets, and its changes, newest first."""

    percent: int
    history: list[RolloutChange]


class DaysQuery(RequestModel):
    days: int = Field(7, ge=1, le=90)


class ProviderDayOut(ResponseModel):
    """Durations in milliseconds; `uncertain` is the mean share of visible pixels with alpha between 10 % and 90 %."""

    day: str
    provider: Provider
    count: int
    errors: int
    average_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    input_bytes: int
    output_bytes: int
    cost_usd: float
    uncertain: float | None


class ProvidersOut(ResponseModel):
    items: list[ProviderDayOut]
    spent_today_usd: float
    daily_budget_usd: float


class DeadJob(ResponseModel):
    id: UUID
    code: str
    message: str
    attempts: int
    finished_at: Time


class JobsReport(ResponseModel):
    """Jobs per state, the age of the oldest waiting job, and the newest dead jobs with their errors."""

    states: dict[JobState, int]
    oldest_queued_s: float | None
    dead: list[DeadJob]
