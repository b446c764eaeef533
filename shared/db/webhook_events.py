"""Events that Stripe sent: each id is stored for ever, so that an event has one effect however often it comes.

An event is stored before it is applied. One that cannot be applied yet stays open, and is tried again later.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from shared.db.pool import Connection
from shared.models.payment import WebhookEvent

_COLUMNS = "id, type, object_id, happened_at"
_RETRY = "least(interval '1 hour', interval '20 seconds' * power(2, least(attempts, 10)))"


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event and what became of it; `error` is why it could not be applied when it was last tried."""

    id: str
    type: str
    object_id: str
    happened_at: datetime
    received_at: datetime
    tried_at: datetime | None
    handled_at: datetime | None
    attempts: int
    error: str | None

    @property
    def event(self) -> WebhookEvent:
        return WebhookEvent(self.id, self.type, self.object_id, self.happened_at)


_RECEIVED = f"select {', '.join(field.name for field in fields(ReceivedEvent))} from webhook_events"


def find(connection: Connection, event_id: str) -> ReceivedEvent | None:
    row = connection.execute(f"{_RECEIVED} where id = %s", [event_id]).fetchone()
    return ReceivedEvent(**row) if row else None


def unhandled(connection: Connection, limit: int) -> list[ReceivedEvent]:
    """Events that are not applied yet, oldest first."""
    rows = connection.execute(f"{_RECEIVED} where handled_at is null order by received_at limit %s", [limit]).fetchall()
    return [ReceivedEvent(**row) for row in rows]


def add(connection: Connection, event: WebhookEvent) -> bool:
    """Store an event, or find it; returns whether it is still to be handled."""
    connection.execute(
        """insert into webhook_events (id, type, object_id, happened_at) values (%s, %s, %s, %s)
        on conflict (id) do nothing""",
        [event.id, event.type, event.object_id, event.happened_at],
    )
    row = connection.execute("select handled_at from webhook_events where id = %s", [event.id]).fetchone()
    return row is not None and row["handled_at"] is None


def add_missing(connection: Connection, events: Collection[WebhookEvent]) -> list[str]:
    """Store those that are not stored; returns their ids."""
    rows = connection.execute(
        """insert into webhook_events (id, type, object_id, happened_at)
        select * from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[])
        on conflict (id) do nothing
        returning id""",
        [
            [event.id for event in events],
            [event.type for event in events],
            [event.object_id for event in events],
            [event.happened_at for event in events],
        ],
    ).fetchall()
    return [row["id"] for row in rows]


def handled(connection: Connection, event_id: str) -> bool:
    """Record, in the transaction of its effect, that an event was applied.

    False if it was before: then there must be no effect. Others who apply it wait for the end of this transaction.
    """
    return bool(
        connection.execute(
            "update webhook_events set handled_at = now(), error = null where id = %s and handled_at is null",
            [event_id],
        ).rowcount
    )


def deferred(connection: Connection, event_id: str, error: str) -> None:
    """Record why an event could not be applied; `due` gives it out again, later each time, at least hourly."""
    connection.execute(
        """update webhook_events set attempts = least(attempts + 1, 32767), tried_at = now(), error = %s
        where id = %s and handled_at is null""",
        [error, event_id],
    )


def due(connection: Connection, limit: int) -> list[WebhookEvent]:
    """Open events to try now, oldest first. Nobody else gets them until their next turn."""
    rows = connection.execute(
        f"""update webhook_events set tried_at = now()
        where id in (
            select id from webhook_events
            where handled_at is null and coalesce(tried_at, received_at) < now() - {_RETRY}
            order by received_at
            limit %s
            for update skip locked
        )
        returning {_COLUMNS}""",
        [limit],
    ).fetchall()
    return sorted(map(_event, rows), key=_happened_at)


def waiting_s(connection: Connection) -> float:
    """For how long the oldest open event has waited; 0 if none does."""
    row = connection.execute(
        """select extract(epoch from now() - received_at)::float as waiting_s
        from webhook_events where handled_at is null order by received_at limit 1"""
    ).fetchone()
    return max(0.0, row["waiting_s"]) if row else 0.0


def _event(row: Mapping[str, Any]) -> WebhookEvent:
    return WebhookEvent(row["id"], row["type"], row["object_id"], row["happened_at"])


def _happened_at(event: WebhookEvent) -> datetime:
    return event.happened_at
