"""Batches: send many pictures at once or in parts, see how far they are, cancel or delete them."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response

from services.api import lookup, quotas
from services.api.batches import adding
from services.api.batches.parsing import parse
from services.api.batches.schemas import PAGE, BatchOut, BatchPage, BatchPath, BatchQuery, BatchSummary, ItemsQuery
from services.api.cutouts import backgrounds
from services.api.dependencies import Dependencies
from services.api.middleware import auth, rate_limits
from services.api.middleware.idempotency import once
from services.api.schemas import IdempotencyHeaders, PageQuery
from shared import batch_errors, errors, metrics, web
from shared.db import batches, ids
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.models.batch import MAX_PICTURES, Batch
from shared.models.owner import Owner


def create(deps: Dependencies, header: IdempotencyHeaders, query: BatchQuery) -> Response:  # noqa: ARG001 - validates
    """Create batch.

    Cuts out up to 500 pictures with the same options: files of a form, one ZIP file, or stored pictures and URLs in
    JSON. Each is checked as any upload; one that is refused fails alone. All count as uploads at once. With `pictures`
    the batch stays open, so that more can be added.
    """
    parcel = parse(fetches=deps.fetcher is not None)
    pictures = query.pictures or len(parcel.items)
    _require_size(len(parcel.items), pictures)
    owner = auth.writer()
    with once(deps.database, owner, f"{parcel.digest} {query.model_dump_json()}") as record:
        quotas.require_first(deps, owner, stored=parcel.unpacked, jobs=pictures)
        rate_limits.count_uploads(pictures)
        batch = Batch(ids.new(), owner, query.input(), pictures, web.request_id(), datetime.now(UTC))
        file_id = adding.put(deps, parcel)
        with deps.database.transaction() as connection:
            if query.bg_asset:
                backgrounds.require(connection, owner, query.bg_asset)
            batches.add(connection, batch, closed=query.pictures is None)
            added = adding.add(connection, batch, parcel, file_id)
            response = _shown(deps, connection, owner, batch.id, 0).response(202)
            record(connection, response)
    adding.wake(deps, added)
    return response


def add(deps: Dependencies, header: IdempotencyHeaders, path: BatchPath) -> Response:  # noqa: ARG001 - validates
    """Add pictures to batch.

    Adds pictures to an open batch, in the same ways in which it was made. The response lists them. They were counted as
    uploads when the batch was made.
    """
    owner = auth.visible_owner()
    batch = lookup.require(deps, batches.find, owner, path.batch_id)
    parcel = parse(fetches=deps.fetcher is not None)
    with once(deps.database, auth.writer(), parcel.digest) as record:
        quotas.require_first(deps, batch.owner, stored=parcel.unpacked, jobs=len(parcel.items))
        _require_open(batch)
        file_id = adding.put(deps, parcel)
        with deps.database.transaction() as connection:
            batch = _locked(connection, owner, path.batch_id)
            _require_open(batch)
            added = adding.add(connection, batch, parcel, file_id)
            response = _shown(deps, connection, owner, batch.id, added.first).response(202)
            record(connection, response)
    adding.wake(deps, added)
    return response


def page(deps: Dependencies, query: PageQuery) -> BatchPage:
    """List batches.

    Lists your own batches, newest first, without their pictures.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    owner = auth.caller()
    if owner is None:
        return BatchPage(items=[], next_cursor=None)
    with deps.database.transaction() as connection:
        found = batches.page(connection, owner, query.limit, after)
        items = [BatchSummary.of(batch, batches.counts(connection, batch.id), deps.urls) for batch in found.items]
    return BatchPage(items=items, next_cursor=found.next_cursor)


def show(deps: Dependencies, path: BatchPath, query: ItemsQuery) -> BatchOut:
    """Get batch.

    Shows how many pictures are in which state, and a page of them in their order: all, or those in one state, such as
    `failed`, each with its code.
    """
    with deps.database.transaction() as connection:
        batch = batches.find(connection, auth.visible_owner(), path.batch_id)
        if batch is None:
            raise errors.NotFound
        counts = batches.counts(connection, batch.id)
        items = batches.items(connection, batch.id, query.status, query.after, query.limit + 1)
    return BatchOut.page(batch, counts, items, query.limit, deps.urls)


def close(deps: Dependencies, path: BatchPath) -> BatchOut:
    """Close batch.

    Ends the adding of pictures, so that the batch is done once all of them have ended. May be repeated.
    """
    owner = auth.visible_owner()
    with deps.database.transaction() as connection:
        batch = _locked(connection, owner, path.batch_id)
        batches.close(connection, batch.id)
        return _shown(deps, connection, owner, batch.id, 0)


def cancel(deps: Dependencies, path: BatchPath) -> BatchOut:
    """Cancel batch.

    Ends all that waits or runs, and the adding of pictures. What is done stays. May be repeated.
    """
    owner = auth.visible_owner()
    with deps.database.transaction() as connection:
        batch = _locked(connection, owner, path.batch_id)
        cancelled = batches.cancel(connection, batch.id)
        shown = _shown(deps, connection, owner, batch.id, 0)
    metrics.JOBS.labels("cancelled", "").inc(cancelled)
    return shown


def delete(deps: Dependencies, path: BatchPath) -> None:
    """Delete batch.

    Cancels it, and deletes it with its cut-outs and the pictures that it brought; pictures that you had before stay.
    """
    with deps.database.transaction() as connection:
        batch = _locked(connection, auth.visible_owner(), path.batch_id)
        cancelled = batches.delete(connection, batch.id)
    metrics.JOBS.labels("cancelled", "").inc(cancelled)


def _locked(connection: Connection, owner: Owner | None, batch_id: UUID) -> Batch:
    batch = batches.find(connection, owner, batch_id, lock=True)
    if batch is None:
        raise errors.NotFound
    return batch


def _shown(deps: Dependencies, connection: Connection, owner: Owner | None, batch_id: UUID, first: int) -> BatchOut:
    """The batch as it is now, with a page of its pictures from a position on."""
    batch = _locked(connection, owner, batch_id)
    items = batches.items(connection, batch_id, after=first - 1, limit=PAGE + 1)
    return BatchOut.page(batch, batches.counts(connection, batch_id), items, PAGE, deps.urls)


def _require_size(items: int, pictures: int) -> None:
    """Raise BatchTooLarge if a batch cannot hold so many, or if the caller may never send so many."""
    most = min(MAX_PICTURES, rate_limits.most_uploads() or MAX_PICTURES)
    if pictures > most:
        raise batch_errors.BatchTooLarge(f"A batch of yours holds at most {most} pictures; one of an API key, more.")
    if items > pictures:
        raise batch_errors.BatchTooLarge(f"The batch was to hold at most {pictures} pictures.")
    if pictures == 0:
        raise errors.MissingFile("No picture was sent: `items` is empty.")


def _require_open(batch: Batch) -> None:
    if batch.closed_at:
        raise batch_errors.BatchClosed
