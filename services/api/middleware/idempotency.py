"""Idempotency-Key: a request that is sent again, because its answer was lost, has one effect and the same answer.

    claim the key ──> work ──> effect and answer in one transaction ──> answer
          │             └── failed: nothing happened, the key is given back, and sent again it is tried again
          ├── answered before: that answer, with Idempotent-Replayed
          ├── another at work: 409, until it is done or a minute has passed
          └── another request under that key: 422

Keys belong to their caller, so whoever has no token yet gains nothing by one: each such request is a new guest's.
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
Keep = Callable[[Connection, Response], None]  # says, inside the effect's transaction, what will be answered


def once(database: Database, owner: Owner, content: str, work: Callable[[Keep], Response]) -> Response:
    """The answer of `work`, or the one it gave before. `content` is what makes two requests the same."""
    key = request.headers.get(HEADER)
    if key is None:
        return work(_nothing)
    fingerprint = sha256(f"{request.method} {request.path}\n{content}".encode()).hexdigest()
    claim_id = ids.new()
    with database.transaction() as connection:
        held = keys.claim(connection, owner, key, fingerprint, claim_id, timeouts.IDEMPOTENCY_LOCK_S)
    if held:
        return _replayed(held, fingerprint)
    try:
        return work(partial(_keep, claim_id, owner, key))
    except BaseException:
        with contextlib.suppress(errors.Unavailable), database.transaction() as connection:  # the lock ends by itself
            keys.release(connection, claim_id, owner, key)
        raise


def _nothing(connection: Connection, answer: Response) -> None:
    """Without a key nothing is remembered."""


def _keep(claim_id: UUID, owner: Owner, key: str, connection: Connection, answer: Response) -> None:
    said = keys.Answer(answer.status_code, answer.headers.get("Location"), answer.get_data(as_text=True))
    if not keys.keep(connection, claim_id, owner, key, said):
        raise errors.RequestInProgress


def _replayed(held: keys.Held, fingerprint: str) -> Response:
    if held.fingerprint != fingerprint:
        raise errors.KeyReused
    if held.answer is None:
        raise errors.RequestInProgress
    answer = Response(held.answer.body, held.answer.status, content_type="application/json")
    if held.answer.location:
        answer.headers["Location"] = held.answer.location
    answer.headers["Idempotent-Replayed"] = "true"
    return answer
