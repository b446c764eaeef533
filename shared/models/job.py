"""Jobs and the states they pass through.

    queued ──claim──> running ──finish──> done
      ^  ^               │ └────fail────> failed ──retry──> queued
      │  └──release──────┘                cancelled ──retry──> queued
      └─ created          queued or running ──cancel──> cancelled

A running job whose lease has expired is claimed again; `fence` grows with every claim, and every write names the
fence it was claimed with, so a worker that lost its lease can change nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.cutout import Provider, Result
from shared.models.owner import Owner


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobType(StrEnum):
    CUTOUT = "cutout"


class JobFailure(StrEnum):
    """Why a job ended in `failed`; part of the contract."""

    UNKNOWN_FOREGROUND = "unknown_foreground"
    PROVIDER_FAILED = "provider_failed"
    PROVIDER_BUDGET = "provider_budget"
    SOURCE_MISSING = "source_missing"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each step; None until the step is over."""

    queued_ms: int | None = None
    fetch_ms: int | None = None
    remove_ms: int | None = None
    store_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True, slots=True)
class JobError:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.

    `version` counts its visible changes and is the event id of the stream; `wanted` is the caller's choice of provider;
    `request_id` names the request that asked for it, in all logs.
    """

    id: UUID
    owner: Owner
    type: JobType
    asset_id: UUID
    status: JobState
    progress: int
    attempts: int
    fence: int
    priority: int
    version: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    timings: Timings
    request_id: str = ""
    wanted: Provider | None = None
    provider: Provider | None = None
    result: Result | None = None
    error: JobError | None = None
