"""GET /api/batches/<id>/events: how far a batch is, as server-sent events, like those of a job.

The states of its pictures are counted each second: an announcement for each would be one more statement for every job.
"""

from dataclasses import dataclass
from uuid import UUID

from flask import Response

from services.api import lookup
from services.api.batches.schemas import BatchPath, BatchSummary
from services.api.dependencies import Dependencies
from services.api.jobs import events
from services.api.middleware import auth
from shared import errors
from shared.db import batches
from shared.models.batch import BatchState
from shared.models.owner import Owner

POLL_S = 1.0


def follow(deps: Dependencies, path: BatchPath) -> Response:
    """Follow batch.

    Server-sent events: `event: status` with the batch as data, without its pictures: its state now and then each
    change, once a second. The stream ends with the batch or after 30 s, and counts among those of jobs.
    """
    owner = auth.visible_owner()
    lookup.require(deps, batches.find, owner, path.batch_id)
    return events.stream(deps, str(path.batch_id), _Reading(deps, owner, path.batch_id).read, poll_s=POLL_S)


@dataclass(slots=True)
class _Reading:
    """Reads the batch; its version grows with each change that the reader sees."""

    deps: Dependencies
    owner: Owner | None
    batch_id: UUID
    shown: BatchSummary | None = None
    version: int = 0

    def read(self) -> events.State:
        with self.deps.database.transaction() as connection:
            batch = batches.find(connection, self.owner, self.batch_id)
            if batch is None:
                raise errors.NotFound
            shown = BatchSummary.of(batch, batches.counts(connection, batch.id), self.deps.urls)
        if shown != self.shown:
            self.shown, self.version = shown, self.version + 1
        ended = shown.status in (BatchState.DONE, BatchState.CANCELLED)
        return events.State(self.version, lambda: shown, ended)
