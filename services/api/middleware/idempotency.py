"""Idempotency-Key: a request repeated because its response was lost has one effect and gets the same response.

    claim the key ──> work ──> effect and response recorded in one transaction ──> response
          │             └── failed: no effect; the key is released, so that a repeat tries again
          ├── recorded before: that response, with Idempotent-Replayed
          ├── claimed by a request in progress: 409, until it is done or a minute has passed
          └── used with another request: 422

Keys belong to their caller. Without a token each request comes from a new guest, so a key has no effect.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from math import ceil

from flask import Flask, Response, request

from shared import errors, log, shop_errors, timeouts
from shared.db import idempotency as keys
from shared.db import ids
from shared.db.pool import Connection, Database
from shared.models.owner import Owner

HEADER = "Idempotency-Key"
RELEASE_EVERY_S = 1.0  # between attempts to release a key while the database is unavailable
Record = Callable[[Connection, Response], None]  # stores the response in the transaction of the effect

_log = log.get("idempotency")


class Replayed(Exception):
    """The request was answered before; ends the repeat with the recorded response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def install(app: Flask) -> None:
    """Answer repeats with what was recorded."""

    def answer(replayed: Replayed) -> Response:
        return replayed.response

    app.register_error_handler(Replayed, answer)


@contextmanager
def once(database: Database, owner: Owner, content: str = "") -> Iterator[Record]:
    """Do the work of the block once for each key. Requests with equal `content` are the same.

    Raises Replayed, RequestInProgress or KeyReused instead of entering the block again.
    """
    key = request.headers.get(HEADER)
    if key is None:
        yield _record_nothing
        return
    fingerprint = sha256(f"{request.method} {request.path}\n{content}".encode()).hexdigest()
    claim = keys.Claim(ids.new(), owner, key)
    held = keys.claim(database, claim, fingerprint, timeouts.IDEMPOTENCY_LOCK_S)
    if held:
        raise _answered(held, fingerprint)
    try:
        yield partial(_record, claim)
    except BaseException:
        _release(database, claim)
        raise


@contextmanager
def exactly_once(database: Database, owner: Owner, content: str = "") -> Iterator[Record]:
    """As `once`, for a request that must have a key. Raises KeyMissing as well."""
    if request.headers.get(HEADER) is None:
        raise shop_errors.KeyMissing
    with once(database, owner, content) as record:
        yield record


def _record_nothing(connection: Connection, response: Response) -> None:
    """For requests without a key."""


def _record(claim: keys.Claim, connection: Connection, response: Response) -> None:
    stored = keys.StoredResponse(
        response.status_code, response.headers.get("Location"), response.get_data(as_text=True)
    )
    if not keys.record(connection, claim, stored):
        raise errors.RequestInProgress(retry_after_s=1)  # another request has the key since our claim expired


def _answered(held: keys.Held, fingerprint: str) -> Exception:
    if held.fingerprint != fingerprint:
        return errors.KeyReused()
    if held.response is None:
        return errors.RequestInProgress(retry_after_s=max(1, ceil(held.locked_s)))
    response = Response(held.response.body, held.response.status, content_type="application/json")
    if held.response.location:
        response.headers["Location"] = held.response.location
    response.headers["Idempotent-Replayed"] = "true"
    return Replayed(response)


def _release(database: Database, claim: keys.Claim) -> None:
    """Release now or, if the database is unavailable, as soon as it is back.

    No more threads wait than requests were in flight when it went away: while it is away, no key can be claimed.
    """
    try:
        _release_once(database, claim)
    except errors.Unavailable:
        threading.Thread(target=_release_later, args=[database, claim], name="release-key", daemon=True).start()


def _release_later(database: Database, claim: keys.Claim) -> None:
    until = time.monotonic() + timeouts.IDEMPOTENCY_LOCK_S  # then the claim has expired
    while time.monotonic() < until:
        time.sleep(RELEASE_EVERY_S)
        with suppress(errors.Unavailable):
            _release_once(database, claim)
            return
    _log.warning("key_not_released")


def _release_once(database: Database, claim: keys.Claim) -> None:
    with database.transaction() as connection:
        keys.release(connection, claim)
