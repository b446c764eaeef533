"""The routes of batches, which `routes.py` adds to its own."""

from services.api.batches import events, results, views
from services.api.batches.schemas import BatchForm, BatchOut, BatchPage
from services.api.openapi import ZIP
from services.api.route import API, DELETE, GET, GUEST_READ, GUEST_WRITE, NO_STORE, POST, UNLIMITED
from shared import batch_errors, errors

_OF_BATCH = "/api/batches/<uuid:batch_id>"
_READ = (GUEST_READ, UNLIMITED, NO_STORE)
_WRITTEN = (GUEST_WRITE, API, NO_STORE)
_FILLED = (
    *(errors.MissingFile, errors.NotFound, errors.StorageQuota, errors.JobQuota),
    *(batch_errors.ArchiveRefused, batch_errors.BatchTooLarge),
)

BATCHES = (
    POST("/api/batches", views.create, *_WRITTEN, BatchOut, (202,), _FILLED, BatchForm),
    GET("/api/batches", views.page, *_READ, BatchPage, (200,), (errors.InvalidCursor,)),
    GET(_OF_BATCH, views.show, *_READ, BatchOut),
    POST(f"{_OF_BATCH}/items", views.add, *_WRITTEN, BatchOut, (202,), (*_FILLED, batch_errors.BatchClosed), BatchForm),
    POST(f"{_OF_BATCH}/close", views.close, *_WRITTEN, BatchOut),
    POST(f"{_OF_BATCH}/cancel", views.cancel, *_WRITTEN, BatchOut),
    DELETE(_OF_BATCH, views.delete, *_WRITTEN, None, (204,)),
    GET(f"{_OF_BATCH}/events", events.follow, *_READ, ("text/event-stream",), (200,), (errors.RateLimited,)),
    GET(
        *(f"{_OF_BATCH}/zip", results.download, GUEST_READ, API, NO_STORE),
        *(ZIP, (200,), (batch_errors.BatchUnfinished,)),
    ),
)
