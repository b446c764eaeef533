"""The shapes of what operators ask and are told under /api/admin."""

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
    """The percentage of jobs that the self-hosted provider gets, and who set it when, newest first."""

    percent: int
    history: list[RolloutChange]


class DaysQuery(RequestModel):
    days: int = Field(7, ge=1, le=90)


class ProviderDayOut(ResponseModel):
    """Durations in milliseconds; `uncertain` is the average share of unsure ink."""

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
    """How many jobs are in each state, how long the oldest has been waiting, and the newest that died, and why."""

    states: dict[JobState, int]
    oldest_queued_s: float | None
    dead: list[DeadJob]
