"""Idempotency keys and pending uploads as rows."""

from datetime import UTC, datetime

import pytest

from shared.db import idempotency, ids, pending_uploads
from shared.db.pool import Database
from tests.shared.db.rows import owner, run

RESPONSE = idempotency.StoredResponse(202, "/api/jobs/x", '{"id": "x"}')


def _new() -> idempotency.Claim:
    return idempotency.Claim(ids.new(), owner(), "k")


def _held(database: Database, fingerprint: str = "f") -> tuple[str, idempotency.StoredResponse | None]:
    """What another request learns about the key."""
    held = run(database, idempotency.claim, _new(), fingerprint, 60)
    assert held
    return held.fingerprint, held.response


def _claimed(database: Database, fingerprint: str = "f", lock_s: float = 60) -> idempotency.Claim:
    """A claim that was granted."""
    claim = _new()
    assert run(database, idempotency.claim, claim, fingerprint, lock_s) is None
    return claim


def test_a_key_is_claimed_once_and_again_when_its_claim_has_expired(database: Database) -> None:
    first = _claimed(database, lock_s=0)
    second = _claimed(database)
    assert _held(database) == ("f", None)
    assert not run(database, idempotency.record, first, RESPONSE)
    assert run(database, idempotency.record, second, RESPONSE)
    assert _held(database) == ("f", RESPONSE)


def test_a_key_with_an_expired_claim_still_belongs_to_its_first_request(database: Database) -> None:
    _claimed(database, lock_s=0)
    assert _held(database, "other") == ("f", None)


def test_only_an_own_claim_without_a_response_is_released(database: Database) -> None:
    first = _claimed(database)
    run(database, idempotency.release, _new())
    assert _held(database) == ("f", None)
    run(database, idempotency.release, first)
    second = _claimed(database, fingerprint="other")
    run(database, idempotency.record, second, RESPONSE)
    run(database, idempotency.release, second)
    assert _held(database) == ("other", RESPONSE)


def test_a_held_key_says_for_how_long(database: Database) -> None:
    _claimed(database, lock_s=60)
    held = run(database, idempotency.claim, _new(), "f", 60)
    assert held
    assert 55 < held.locked_s <= 60


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
