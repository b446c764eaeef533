"""Idempotency-Key: a request repeated because its response was lost has one effect and gets the same response.

    claim the key ──> work ──> effect and response recorded in one transaction ──> response
          │             └── failed: no effect; the key is released, so that a repeat tries again
          ├── recorded before: that response, with Idempotent-Replayed
          ├── claimed by a request in progress: 409, until it is done or a minute has passed
          └── used with another request: 422

Keys belong to their caller. Without a token each request comes from a new guest, so a key has no effect.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from uuid import UUID

from flask import Response, request

from shared import errors, timeouts
from shared.db import idempotency as keys
from shared.db import ids
from shared.db.pool import Connection, Database
from shared.models.owner import Owner

HEADER = "Idempotency-Key"
Record = Callable[[Connection, Response], None]  # stores the response in the transaction of the effect


def once(database: Database, owner: Owner, content: str, work: Callable[[Record], Response]) -> Response:
    """The response of `work`, or the one recorded for this key. Requests with equal `content` are the same."""
    key = request.headers.get(HEADER)
    if key is None:
        return work(_record_nothing)
    fingerprint = sha256(f"{request.method} {request.path}\n{content}".encode()).hexdigest()
    claim_id = ids.new()
    with database.transaction() as connection:
        held = keys.claim(connection, owner, key, fingerprint, claim_id, timeouts.IDEMPOTENCY_LOCK_S)
    if held:
        return _replay(held, fingerprint)
    try:
        return work(partial(_record, claim_id, owner, key))
    except BaseException:
        with contextlib.suppress(errors.Unavailable), database.transaction() as connection:  # the claim expires anyway
            keys.release(connection, claim_id, owner, key)
        raise


def _record_nothing(connection: Connection, response: Response) -> None:
    """For requests without a key."""


def _record(claim_id: UUID, owner: Owner, key: str, connection: Connection, response: Response) -> None:
    stored = keys.StoredResponse(
        response.status_code, response.headers.get("Location"), response.get_data(as_text=True)
    )
    if not keys.record(connection, claim_id, owner, key, stored):
        raise errors.RequestInProgress


def _replay(held: keys.Held, fingerprint: str) -> Response:
    if held.fingerprint != fingerprint:
        raise errors.KeyReused
    if held.response is None:
        raise errors.RequestInProgress
    response = Response(held.response.body, held.response.status, content_type="application/json")
    if held.response.location:
        response.headers["Location"] = held.response.location
    response.headers["Idempotent-Replayed"] = "true"
    return response
