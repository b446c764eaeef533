"""Requests that may be sent twice: who is at work under a key, and what was answered."""

from dataclasses import dataclass
from uuid import UUID

from shared.db.pool import Connection
from shared.models.owner import Owner


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Held:
    """A key that somebody else has. `answer` is None while the work goes on."""

    fingerprint: str
    answer: Answer | None


def claim(
    connection: Connection, owner: Owner, key: str, fingerprint: str, claim_id: UUID, lock_s: float
) -> Held | None:
    """Take a key, for the first time or from somebody who did not finish in `lock_s`; None when it is ours now."""
    won = connection.execute(
        """insert into idempotency_keys as held (owner_type, owner_id, key, fingerprint, claim, locked_until)
        values (%s, %s, %s, %s, %s, now() + %s * interval '1 second')
        on conflict (owner_type, owner_id, key) do update
        set claim = excluded.claim, locked_until = excluded.locked_until
        where held.status is null and held.locked_until < now() and held.fingerprint = excluded.fingerprint
        returning key""",
        [owner.type, owner.id, key, fingerprint, claim_id, lock_s],
    ).fetchone()
    if won:
        return None
    row = connection.execute(
        """select fingerprint, status, location, body from idempotency_keys
        where owner_type = %s and owner_id = %s and key = %s""",
        [owner.type, owner.id, key],
    ).fetchone()
    if row is None:  # given back this moment
        return Held(fingerprint, None)
    answered = row["status"] is not None
    return Held(row["fingerprint"], Answer(row["status"], row["location"], row["body"]) if answered else None)


def keep(connection: Connection, claim_id: UUID, owner: Owner, key: str, answer: Answer) -> bool:
    """Write the answer beside its effect. False when somebody else has taken the key: then let neither happen."""
    row = connection.execute(
        """update idempotency_keys set status = %s, location = %s, body = %s
        where owner_type = %s and owner_id = %s and key = %s and claim = %s and status is null returning key""",
        [answer.status, answer.location, answer.body, owner.type, owner.id, key, claim_id],
    ).fetchone()
    return row is not None


def release(connection: Connection, claim_id: UUID, owner: Owner, key: str) -> None:
    """Give a key back that nothing was done under."""
    connection.execute(
        """delete from idempotency_keys
        where owner_type = %s and owner_id = %s and key = %s and claim = %s and status is null""",
        [owner.type, owner.id, key, claim_id],
    )


def prune(connection: Connection, older_than_s: float) -> int:
    """Forget old keys; returns how many."""
    return connection.execute(
        "delete from idempotency_keys where created_at < now() - %s * interval '1 second'", [older_than_s]
    ).rowcount
