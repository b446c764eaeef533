"""Keys of repeated requests and announced uploads, as rows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.db import idempotency, ids, pending_uploads
from shared.db.pool import Database
from tests.shared.db.rows import owner, run

ANSWER = idempotency.Answer(202, "/api/jobs/x", '{"id": "x"}')


def _claim(database: Database, fingerprint: str = "f", lock_s: float = 60) -> idempotency.Held | None:
    return run(database, idempotency.claim, owner(), "k", fingerprint, ids.new(), lock_s)


def _claimed(database: Database, fingerprint: str = "f", lock_s: float = 60) -> UUID:
    """The id of a claim that was granted."""
    claim_id = ids.new()
    assert run(database, idempotency.claim, owner(), "k", fingerprint, claim_id, lock_s) is None
    return claim_id


def test_a_key_is_claimed_once_and_again_when_its_lock_has_ended(database: Database) -> None:
    first = _claimed(database, lock_s=0)
    second = _claimed(database)
    assert _claim(database) == idempotency.Held("f", None)
    assert not run(database, idempotency.keep, first, owner(), "k", ANSWER)
    assert run(database, idempotency.keep, second, owner(), "k", ANSWER)
    assert _claim(database, lock_s=0) == idempotency.Held("f", ANSWER)


def test_a_key_with_an_ended_lock_is_still_its_first_request_s(database: Database) -> None:
    _claimed(database, lock_s=0)
    assert _claim(database, fingerprint="other") == idempotency.Held("f", None)


def test_only_an_unanswered_key_of_one_s_own_is_given_back(database: Database) -> None:
    first = _claimed(database)
    run(database, idempotency.release, ids.new(), owner(), "k")
    assert _claim(database) == idempotency.Held("f", None)
    run(database, idempotency.release, first, owner(), "k")
    second = _claimed(database, fingerprint="other")
    run(database, idempotency.keep, second, owner(), "k", ANSWER)
    run(database, idempotency.release, second, owner(), "k")
    assert _claim(database) == idempotency.Held("other", ANSWER)


@pytest.mark.parametrize("hours", [23, 25])
def test_both_are_forgotten_after_a_day(database: Database, hours: int) -> None:
    _claimed(database)
    announced = pending_uploads.PendingUpload(ids.new(), owner(), "image/png", 9, None, datetime.now(UTC))
    run(database, pending_uploads.add, announced)
    with database.transaction() as connection:
        for table in (b"idempotency_keys", b"incoming"):
            connection.execute(b"update %b set created_at = now() - interval '%d hours'" % (table, hours))
    old = hours > 24
    assert run(database, idempotency.prune, 86_400) == run(database, pending_uploads.prune, 86_400) == old
    assert (run(database, pending_uploads.find, owner(), announced.id) is None) == old
