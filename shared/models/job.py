"""Jobs and the states they pass through.

    queued ──claim──> running ──finish──> done
      ^  ^               │ └────fail────> failed ──retry──> queued
      │  └──release──────┘                cancelled ──retry──> queued
      └─ created          queued or running ──cancel──> cancelled

A running job whose lease has expired is claimed again. If others ran beside it in its process, any of them may have
killed that: it runs alone from then on (`isolated`), and has one attempt more. `fence` grows with every claim, and
every write names the fence of its claim, so a worker that lost its lease cannot change anything.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.models.asset import Asset
from shared.models.cutout import MaskPrecision, Provider
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
    """Types that callers can ask for. `Job.type` and `Job.queue` are text, as a row may come from a newer release."""

    CUTOUT = "cutout"
    PRINT_EDGES = "print_edges"
    PRINT_CHECK = "print_check"
    CUTLINE = "cutline"
    VECTOR = "vector"
    ENLARGEMENT = "enlargement"
    PRINT_FILE = "print_file"
    GANG_SHEET = "gang_sheet"


class Queue(StrEnum):
    """What a worker serves, so that no cut-out waits behind a print file."""

    CUTOUTS = "jobs"
    QUICK = "print"
    SLOW = "print_slow"


QUEUES: Mapping[str, Queue] = {
    JobType.CUTOUT: Queue.CUTOUTS,
    JobType.PRINT_EDGES: Queue.QUICK,
    JobType.PRINT_CHECK: Queue.QUICK,
    JobType.CUTLINE: Queue.QUICK,
    JobType.VECTOR: Queue.QUICK,
    JobType.ENLARGEMENT: Queue.SLOW,
    JobType.PRINT_FILE: Queue.SLOW,
    JobType.GANG_SHEET: Queue.SLOW,
}


PROCESSING: Mapping[str, int] = {}
"""By type, from 1: raise it when the same input would come out differently, and earlier results are not shown again."""


def request_key(type: str, input: Mapping[str, Any]) -> str:  # noqa: A002 - the columns' names
    """What was asked for of a picture; `input` is JSON that the type's own class wrote."""
    facts = [type, PROCESSING.get(type, 1), input]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class JobFailure(StrEnum):
    """Why a job failed; part of the contract."""

    UNKNOWN_FOREGROUND = "unknown_foreground"
    PROVIDER_FAILED = "provider_failed"
    PROVIDER_BUDGET = "provider_budget"
    SOURCE_MISSING = "source_missing"
    POISON = "poison"
    NO_INK = "no_ink"
    NOT_FLAT_ARTWORK = "not_flat_artwork"
    TOO_COMPLEX = "too_complex"
    TOO_LARGE = "too_large"
    DOES_NOT_FIT = "does_not_fit"
    LARGE_ENOUGH = "large_enough"


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
class FollowUp:
    """A job that follows another by itself. `input` is JSON that the type's own class wrote."""

    type: JobType
    asset_id: UUID
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job leaves when it is done.

    `result` is JSON, which the job type's own class writes and reads. `assets` are stored, and get their rows together
    with the result. `fingerprint` names everything the result depends on, so that another job can reuse it. `used` are
    the pictures it shows besides the job's own. `follow_ups` are queued together with the result.
    """

    result: Mapping[str, Any]
    assets: tuple[Asset, ...] = ()
    provider: Provider | None = None
    fingerprint: str | None = None
    reused: bool = False
    used: tuple[UUID, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    precision: MaskPrecision | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work on one asset. `input` and `result` are JSON, which the job type's own classes read.

    `version` counts the visible changes and is the event id of the stream. `request_id` names the request that created
    the job, in all logs. `postponed_s` is the sum of its delays since a service that it needs began to refuse it.
    `parent_id` is the first job of the chain, if this one follows it by itself. `precision` is None where our own
    network did not run.
    """

    id: UUID
    owner: Owner
    type: str
    queue: str
    asset_id: UUID
    input: Mapping[str, Any]
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
    provider: Provider | None = None
    precision: MaskPrecision | None = None
    result: Mapping[str, Any] | None = None
    error: JobError | None = None
    postponed_s: float = 0
    isolated: bool = False
    parent_id: UUID | None = None
