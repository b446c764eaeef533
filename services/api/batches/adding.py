"""Adding the pictures of a request to a batch: stored ones get their jobs at once, the others wait to be taken in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from services.api.batches import ingestion
from services.api.batches.parsing import ZIP, Parcel, named
from services.api.dependencies import Dependencies
from shared import batch_errors, errors
from shared.db import assets, batches, ids, pending_uploads
from shared.db.pending_uploads import PendingUpload
from shared.db.pool import Connection
from shared.models.asset import Asset
from shared.models.batch import Batch, NewItem
from shared.models.job import Job


@dataclass(frozen=True, slots=True)
class Added:
    """The position of the first picture that was added, and the jobs of those that were stored already."""

    first: int
    jobs: Sequence[Job]


def put(deps: Dependencies, parcel: Parcel) -> UUID | None:
    """Store the request's file, before its rows; None if it has none."""
    if parcel.archive is None:
        return None
    file_id = ids.new()
    deps.storage.put(ingestion.key_of(file_id), parcel.archive, ZIP, {})
    return file_id


def add(connection: Connection, batch: Batch, parcel: Parcel, file_id: UUID | None) -> Added:
    """Write the rows of a request's pictures. Raises BatchTooLarge, or NotFound if a stored picture is not there."""
    taken = batches.names(connection, batch.id)
    if len(taken) + len(parcel.items) > batch.pictures:
        raise batch_errors.BatchTooLarge(f"The batch was to hold at most {batch.pictures} pictures.")
    stored = _stored(connection, batch, parcel.items)
    items = named(parcel.items, {asset.id: asset.name for asset in stored.values()}, taken)
    items = [replace(item, sha256=stored[item.asset_id].sha256) if item.asset_id else item for item in items]
    if file_id:  # counted by what it holds, and collected after a day if anything goes wrong
        pending = PendingUpload(file_id, batch.owner, ZIP, max(1, parcel.unpacked), None, datetime.now(UTC))
        pending_uploads.add(connection, pending)
    made = {at: batches.queue(connection, batch, item.asset_id) for at, item in enumerate(items) if item.asset_id}
    batches.add_items(connection, batch.id, len(taken), items, file_id, {at: job.id for at, job in made.items()})
    return Added(len(taken), list(made.values()))


def wake(deps: Dependencies, added: Added) -> None:
    """Wake those who go on, once all is committed."""
    deps.ingestion.wake()
    for job in added.jobs:
        deps.waker.wake(job.id, job.queue)


def _stored(connection: Connection, batch: Batch, items: Sequence[NewItem]) -> Mapping[UUID, Asset]:
    """The stored pictures by id. Their deletion waits for the end of this transaction."""
    wanted = {item.asset_id for item in items if item.asset_id}
    found = {asset.id: asset for asset in assets.keep_many(connection, batch.owner, wanted)} if wanted else {}
    if missing := [at for at, item in enumerate(items) if item.asset_id and item.asset_id not in found]:
        message = f"You have no such picture as that of item {missing[0] + 1}."
        raise errors.NotFound(message, details={"fields": {f"items.{at}.assetId": message for at in missing}})
    return found
