"""The outbox of webhooks: messages written in the transaction of their event, delivered later, at least once.

A worker claims messages with a lease, and records each attempt under it: if another worker has claimed the message
since, nothing changes. A worker that dies between delivering and recording leaves the message to be delivered again.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import ids, pagination, webhook_endpoints
from shared.db.pool import Connection
from shared.models.job import Job, JobFailure
from shared.models.owner import Owner, OwnerType
from shared.models.webhook import LOGGED, Attempt, EventType, Message, MessageState
from shared.models.webhook_payload import job_data, payload

AT_ONCE_EACH = 4  # of one endpoint; of one that fails, one
_CLAIM_LOCK = 7_283_004  # any number that no other advisory lock uses
_COLUMNS = "id, endpoint_id, type, payload, status, attempts, run_after, lease_until, log, created_at"
_FREE = "(lease_until is null or lease_until <= now())"
# The enabled endpoints with pending messages, each found by one step in an index, however many messages wait.
_WAITING = """
    recursive steps as (
        (select endpoint_id from webhook_messages where status = 'pending' order by endpoint_id limit 1)
        union all
        select (
            select endpoint_id
            from webhook_messages
            where status = 'pending' and endpoint_id > steps.endpoint_id
            order by endpoint_id
            limit 1
        )
        from steps
        where endpoint_id is not null
    ),
    waiting as materialized (
        select endpoint_id, failing_since is not null as failing
        from steps
        join webhook_endpoints on webhook_endpoints.id = endpoint_id
        where disabled_at is null
    )
"""


def job_ended(connection: Connection, job: Job, owner: Owner, error: JobFailure | None = None) -> None:
    """Tell the owner's endpoints of a job that is done, or that failed with this error."""
    announce(connection, EventType.JOB_FAILED if error else EventType.JOB_DONE, job_data(job, error), owner)


def announce(
    connection: Connection,
    event: EventType,
    data: Mapping[str, Any],
    owner: Owner | None = None,
    *,
    once: str | None = None,
) -> None:
    """Write an event's messages: for the owner's endpoints that want it, or without an owner those of the shop's keys.

    One look-up in an index if there are none; nothing at all for guests, who have no endpoints. `once` names what
    causes it, such as a parcel's id: an endpoint gets the same once.
    """
    if owner and owner.type not in (OwnerType.CUSTOMER, OwnerType.KEY):
        return
    for endpoint_id in webhook_endpoints.wanting(connection, owner, event):
        _insert(connection, endpoint_id, event, data, once)


def add(connection: Connection, endpoint_id: UUID, event: EventType, data: Mapping[str, Any]) -> Message:
    """Write a message for one endpoint."""
    row = _insert(connection, endpoint_id, event, data, None)
    assert row is not None
    return _message(row)


def _insert(
    connection: Connection, endpoint_id: UUID, event: EventType, data: Mapping[str, Any], once: str | None
) -> Mapping[str, Any] | None:
    return connection.execute(
        f"""
        insert into webhook_messages (id, endpoint_id, type, once, payload)
        values (%s, %s, %s, %s, %s)
        on conflict (endpoint_id, once) where once is not null do nothing
        returning {_COLUMNS}
        """,
        [ids.new(), endpoint_id, event, once, json.dumps(payload(event, data), separators=(",", ":"))],
    ).fetchone()


def claim(connection: Connection, most: int, lease_s: float) -> list[Message]:
    """Claim due messages, the endpoints with the fewest under way first; each counts as an attempt from now on.

    Nothing while another worker is claiming, so that no endpoint gets more than its share.
    """
    alone = connection.execute("select pg_try_advisory_xact_lock(%s) as alone", [_CLAIM_LOCK]).fetchone()
    if not (alone and alone["alone"]):
        return []
    rows = connection.execute(
        f"""
        with {_WAITING},
        busy as materialized (
            select endpoint_id, failing, (
                select count(*)
                from webhook_messages
                where webhook_messages.endpoint_id = waiting.endpoint_id and lease_until > now()
            ) as under_way
            from waiting
        ),
        due as materialized (
            select message_id
            from busy
            cross join lateral (
                select id as message_id, run_after, row_number() over (order by run_after, id) as turn
                from (
                    select id, run_after
                    from webhook_messages
                    where endpoint_id = busy.endpoint_id and status = 'pending' and run_after <= now() and {_FREE}
                    order by run_after
                    limit greatest(0, case when failing then 1 else %(each)s end - under_way)
                ) oldest
            ) mine
            order by under_way + turn, run_after
            limit %(most)s
        )
        update webhook_messages
        set attempts = attempts + 1, lease_until = now() + %(lease_s)s * interval '1 second'
        from due
        where id = message_id
        returning {_COLUMNS}
        """,
        {"each": AT_ONCE_EACH, "most": most, "lease_s": lease_s},
    ).fetchall()
    return list(map(_message, rows))


def delivered(connection: Connection, message: Message, attempt: Attempt) -> bool:
    """Record that the receiver accepted it."""
    return _end(connection, message, attempt, "status = 'delivered'")


def failed(connection: Connection, message: Message, attempt: Attempt) -> bool:
    """Record that it is not tried again."""
    return _end(connection, message, attempt, "status = 'failed'")


def deferred(connection: Connection, message: Message, attempt: Attempt, delay_s: float) -> bool:
    """Record that it is tried again after `delay_s`."""
    return _end(
        *(connection, message, attempt, "run_after = now() + %(delay_s)s * interval '1 second'"), delay_s=delay_s
    )


def _end(connection: Connection, message: Message, attempt: Attempt, changes: str, **parameters: object) -> bool:
    """False if the lease was lost: nothing was written."""
    log = [one.json() for one in (*message.log, attempt)][-LOGGED:]
    statement = f"""
        update webhook_messages
        set lease_until = null, log = %(log)s, {changes}
        where id = %(id)s and status = 'pending' and lease_until = %(lease_until)s
        """
    held = {"id": message.id, "lease_until": message.lease_until, "log": Jsonb(log)}
    return connection.execute(statement, {**parameters, **held}).rowcount == 1


def redeliver(connection: Connection, endpoint_id: UUID, message_id: UUID) -> Message | None:
    """Make it due now, with all its attempts before it; None if the endpoint has no such message."""
    row = connection.execute(
        f"""
        update webhook_messages
        set status = 'pending', run_after = now(), attempts = 0
        where id = %s and endpoint_id = %s
        returning {_COLUMNS}
        """,
        [message_id, endpoint_id],
    ).fetchone()
    return _message(row) if row else None


def page(
    connection: Connection, endpoint_id: UUID, limit: int, after: pagination.Cursor | None, status: MessageState | None
) -> pagination.Page[Message]:
    """The messages of an endpoint, newest first."""
    select = f"""
        select {_COLUMNS}
        from webhook_messages
        where endpoint_id = %(endpoint_id)s and (%(status)s::text is null or status = %(status)s)
        """
    return pagination.fetch(connection, select, {"endpoint_id": endpoint_id, "status": status}, _message, limit, after)


def overdue_s(connection: Connection) -> float:
    """For how long the message that has been due longest has waited; 0 if none is due.

    Endpoints that fail do not count: their messages wait in turn.
    """
    row = connection.execute(
        f"""
        with {_WAITING}
        select extract(epoch from now() - min(oldest))::float as overdue_s
        from waiting
        cross join lateral (
            select run_after as oldest
            from webhook_messages
            where endpoint_id = waiting.endpoint_id and status = 'pending' and {_FREE}
            order by run_after
            limit 1
        ) mine
        where not failing
        """
    ).fetchone()
    return max(0.0, row["overdue_s"] or 0.0) if row else 0.0


def prune(connection: Connection, keep_s: float, limit: int) -> int:
    """Delete messages that are `keep_s` old, at most `limit`; returns how many."""
    return connection.execute(
        """
        with due as materialized (
            select id
            from webhook_messages
            where created_at < now() - %s * interval '1 second'
            order by created_at
            limit %s
            for update skip locked
        )
        delete from webhook_messages
        using due
        where webhook_messages.id = due.id
        """,
        [keep_s, limit],
    ).rowcount


def _message(row: Mapping[str, Any]) -> Message:
    log: Sequence[Mapping[str, Any]] = row["log"]
    return Message(**{**row, "status": MessageState(row["status"]), "log": tuple(map(Attempt.of_json, log))})
