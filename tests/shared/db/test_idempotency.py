"""Idempotency keys and pending uploads as rows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.db import idempotency, ids, pending_uploads
from shared.db.pool import Database
from tests.shared.db.rows import owner, run

RESPONSE = idempotency.StoredResponse(202, "/api/jobs/x", '{"id": "x"}')


def _claim(database: Database, fingerprint: str = "f", lock_s: float = 60) -> idempotency.Held | None:
    return run(database, idempotency.claim, owner(), "k", fingerprint, ids.new(), lock_s)


def _claimed(database: Database, fingerprint: str = "f", lock_s: float = 60) -> UUID:
    """The id of a claim that was granted."""
    claim_id = ids.new()
    assert run(database, idempotency.claim, owner(), "k", fingerprint, claim_id, lock_s) is None
    return claim_id


def test_a_key_is_claimed_once_and_again_when_its_claim_has_expired(database: Database) -> None:
    first = _claimed(database, lock_s=0)
    second = _claimed(database)
    assert _claim(database) == idempotency.Held("f", None)
    assert not run(database, idempotency.record, first, owner(), "k", RESPONSE)
    assert run(database, idempotency.record, second, owner(), "k", RESPONSE)
    assert _claim(database, lock_s=0) == idempotency.Held("f", RESPONSE)


def test_a_key_with_an_expired_claim_still_belongs_to_its_first_request(database: Database) -> None:
    _claimed(database, lock_s=0)
    assert _claim(database, fingerprint="other") == idempotency.Held("f", None)


def test_only_an_own_claim_without_a_response_is_released(database: Database) -> None:
    first = _claimed(database)
    run(database, idempotency.release, ids.new(), owner(), "k")
    assert _claim(database) == idempotency.Held("f", None)
    run(database, idempotency.release, first, owner(), "k")
    second = _claimed(database, fingerprint="other")
    run(database, idempotency.record, second, owner(), "k", RESPONSE)
    run(database, idempotency.release, second, owner(), "k")
    assert _claim(database) == idempotency.Held("other", RESPONSE)


@pytest.mark.parametrize("hours", [23, 25])
def test_both_are_deleted_after_a_day(database: Database, hours: int) -> None:
    _claimed(database)
    announced = pending_uploads.PendingUpload(ids.new(), owner(), "image/png", 9, None, datetime.now(UTC))
    run(database, pending_uploads.add, announced)
    with database.transaction() as connection:
        for table in (b"idempotency_keys", b"incoming"):
            connection.execute(b"update %b set created_at = now() - interval '%d hours'" % (table, hours))
    old = hours > 24
    due = run(database, pending_uploads.due, 86_400, 10)
    run(database, pending_uploads.drop, due)
    assert run(database, idempotency.prune, 86_400) == len(due) == old
    assert (run(database, pending_uploads.find, owner(), announced.id) is None) == old
