"""Idempotency keys: which request holds a key, and the response recorded for it."""

from dataclasses import asdict, dataclass
from uuid import UUID

from shared.db import owners
from shared.db.pool import Connection, Executor
from shared.models.owner import Owner


@dataclass(frozen=True, slots=True)
class Claim:
    """A request's claim to a key."""

    id: UUID
    owner: Owner
    key: str

    def parameters(self) -> dict[str, object]:
        return {**owners.parameters(self.owner), "key": self.key, "claim": self.id}


@dataclass(frozen=True, slots=True)
class StoredResponse:
    status: int
    location: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Held:
    """A key that another request holds: for at most `locked_s` more while it is in progress and has no `response`."""

    fingerprint: str
    response: StoredResponse | None
    locked_s: float


def claim(connection: Executor, claim: Claim, fingerprint: str, lock_s: float) -> Held | None:
    """Claim a key that is new, or whose claim expired after `lock_s`. None on success."""
    parameters = claim.parameters() | {"fingerprint": fingerprint, "lock": lock_s}
    claimed = connection.execute(
        """insert into idempotency_keys as held (owner_type, owner_id, key, fingerprint, claim, locked_until)
        values (
            %(owner_type)s, %(owner_id)s, %(key)s, %(fingerprint)s, %(claim)s, now() + %(lock)s * interval '1 second'
        )
        on conflict (owner_type, owner_id, key)
        do update set claim = excluded.claim, locked_until = excluded.locked_until
        where held.status is null
        and held.locked_until < now()
        and held.fingerprint = excluded.fingerprint
        returning key""",
        parameters,
    ).fetchone()
    if claimed:
        return None
    row = connection.execute(
        f"""select fingerprint, status, location, body,
            greatest(extract(epoch from locked_until - now()), 0)::float as locked_s
        from idempotency_keys
        where {owners.OWNED}
        and key = %(key)s""",
        parameters,
    ).fetchone()
    if row is None:  # released in the meantime
        return Held(fingerprint, None, 0)
    recorded = row["status"] is not None
    response = StoredResponse(row["status"], row["location"], row["body"]) if recorded else None
    return Held(row["fingerprint"], response, row["locked_s"])


def record(connection: Connection, claim: Claim, response: StoredResponse) -> bool:
    """Record the response in the transaction of its effect. False if the claim was lost: then roll back."""
    row = connection.execute(
        f"""update idempotency_keys
        set status = %(status)s, location = %(location)s, body = %(body)s
        where {owners.OWNED}
        and key = %(key)s
        and claim = %(claim)s
        and status is null
        returning key""",
        claim.parameters() | asdict(response),
    ).fetchone()
    return row is not None


def release(connection: Connection, claim: Claim) -> None:
    """Give up a claim whose request had no effect."""
    connection.execute(
        f"""delete from idempotency_keys
        where {owners.OWNED}
        and key = %(key)s
        and claim = %(claim)s
        and status is null""",
        claim.parameters(),
    )


def prune(connection: Connection, older_than_s: float) -> int:
    """Delete old keys; returns how many."""
    return connection.execute(
        "delete from idempotency_keys where created_at < now() - %s * interval '1 second'", [older_than_s]
    ).rowcount
