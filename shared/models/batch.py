"""Batches: many pictures sent to be cut out with the same options.

    waiting ──ingested──> queued ──> running ──> done, failed or cancelled
       │ └────refused───> failed
       └──────batch cancelled───> cancelled

A picture waits until the api has checked and stored it; from then on its state is that of its job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.models.job import JobError
from shared.models.owner import Owner

MAX_PICTURES = 500


class BatchState(StrEnum):
    """OPEN: pictures can be added. RUNNING: not all have ended. DONE: all have, some of them perhaps as failed."""

    OPEN = "open"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (ItemState.WAITING, ItemState.QUEUED, ItemState.RUNNING)


@dataclass(frozen=True, slots=True)
class Batch:
    """`pictures`: it holds at most so many. `input` is that of each cut-out, as `CutoutInput` writes it."""

    id: UUID
    owner: Owner
    input: Mapping[str, Any]
    pictures: int
    request_id: str
    created_at: datetime
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None

    def state(self, counts: Mapping[ItemState, int]) -> BatchState:
        """`counts`: its pictures in each state."""
        if self.cancelled_at:
            return BatchState.CANCELLED
        if self.closed_at is None:
            return BatchState.OPEN
        return BatchState.RUNNING if any(counts.get(state) for state in UNFINISHED) else BatchState.DONE


@dataclass(frozen=True, slots=True)
class NewItem:
    """A picture to be added: stored already, or at an address, or an entry of the ZIP file that came with it.

    `error`: it is refused already.
    """

    name: str
    asset_id: UUID | None = None
    url: str | None = None
    entry: int | None = None
    sha256: str | None = None
    error: JobError | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A picture of a batch. `name` is its path, safe and unique in the batch; `result` is that of its job."""

    position: int
    name: str
    state: ItemState
    sha256: str | None
    asset_id: UUID | None
    job_id: UUID | None
    result: Mapping[str, Any] | None
    error: JobError | None


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A picture that the api takes in now; `lease` tells this claim from later ones."""

    batch: Batch
    position: int
    name: str
    url: str | None
    file_id: UUID | None
    entry: int | None
    attempts: int
    lease: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ZIP file of a batch holds of a picture: the object of its cut-out, or why there is none."""

    name: str
    key: str | None
    sha256: str | None
    bytes: int
    error: JobError | None
