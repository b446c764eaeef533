"""The nouns of the system as frozen values, and the states they pass through.

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


class Provider(StrEnum):
    SELF_HOSTED = "self_hosted"
    REMOVEBG = "removebg"


class OwnerType(StrEnum):
    GUEST = "guest"
    KEY = "key"


class Scope(StrEnum):
    """What an API key may do: premium chooses priority and provider, admin also sees everything."""

    PREMIUM = "premium"
    ADMIN = "admin"


class AssetKind(StrEnum):
    SOURCE = "source"
    CUTOUT = "cutout"
    PREVIEW = "preview"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a row is: a guest (`id` is the SHA-256 of the token, so that a row opens no session) or an API key."""

    type: OwnerType
    id: str

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored object.

    `sha256` is of the bytes as received (sources) or as made, `stored_sha256` of the object's, where it was noted;
    `orientation` is EXIF's 1-8, 1 = upright.
    """

    id: UUID
    owner: Owner
    kind: AssetKind
    key: str
    sha256: str
    content_type: str
    width: int
    height: int
    bytes: int
    created_at: datetime
    orientation: int = 1
    name: str = ""
    job_id: UUID | None = None
    stored_sha256: str | None = None

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the object; None for a source of which an older release did not note it."""
        return self.stored_sha256 or (None if self.kind is AssetKind.SOURCE else self.sha256)


@dataclass(frozen=True, slots=True)
class Foreground:
    """The box around everything visible, in pixels of the upright picture."""

    top: int
    left: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished cut-out job produced. `uncertain` is the share of ink whose alpha lies between 10 % and 90 %."""

    asset_id: UUID
    cutout_key: str
    preview_key: str
    mask_key: str
    width: int
    height: int
    bytes: int
    model: str
    uncertain: float
    foreground: Foreground
    cost_microusd: int = 0


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
