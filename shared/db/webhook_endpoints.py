"""Endpoints of callers' webhooks. Each belongs to a customer or an API key."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from shared.db import ids
from shared.db.owners import OWNED, VISIBLE, parameters
from shared.db.pool import Connection
from shared.models.owner import Owner, OwnerType
from shared.models.webhook import MOST_ENDPOINTS, OVERLAP_S, DisabledReason, Endpoint

_COLUMNS = """id, owner_type, owner_id, url, events, secret_version, old_secret_until, failing_since, disabled_at,
    disabled_reason, created_at"""


def add(connection: Connection, owner: Owner, url: str, events: list[str]) -> Endpoint | None:
    """None if the owner has as many as it may."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks {owner.type} {owner.id}"])
    row = connection.execute(
        f"""
        insert into webhook_endpoints (id, owner_type, owner_id, url, events)
        select %(id)s, %(owner_type)s, %(owner_id)s, %(url)s, %(events)s
        where (select count(*) from webhook_endpoints where {OWNED}) < %(most)s
        returning {_COLUMNS}
        """,
        {**parameters(owner), "id": ids.new(), "url": url, "events": events, "most": MOST_ENDPOINTS},
    ).fetchone()
    return _endpoint(row) if row else None


def find(connection: Connection, owner: Owner | None, endpoint_id: UUID) -> Endpoint | None:
    """One of the owner's own; None finds anyone's."""
    row = connection.execute(
        f"select {_COLUMNS} from webhook_endpoints where id = %(id)s and {VISIBLE}",
        {**parameters(owner), "id": endpoint_id},
    ).fetchone()
    return _endpoint(row) if row else None


def of_owner(connection: Connection, owner: Owner) -> list[Endpoint]:
    """Oldest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from webhook_endpoints where {OWNED} order by created_at, id", parameters(owner)
    ).fetchall()
    return list(map(_endpoint, rows))


def by_id(connection: Connection, endpoint_ids: Collection[UUID]) -> dict[UUID, Endpoint]:
    """Those of them that there are."""
    rows = connection.execute(
        f"select {_COLUMNS} from webhook_endpoints where id = any(%s)", [list(endpoint_ids)]
    ).fetchall()
    return {row["id"]: _endpoint(row) for row in rows}


def change(
    connection: Connection,
    owner: Owner,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    events: list[str] | None = None,
    enabled: bool | None = None,
) -> Endpoint | None:
    """Change what is given; one that is enabled again has three days again. None if the owner has no such endpoint."""
    row = connection.execute(
        f"""
        update webhook_endpoints
        set url = coalesce(%(url)s, url),
            events = coalesce(%(events)s, events),
            failing_since = case when %(enabled)s then null else failing_since end,
            disabled_at = case %(enabled)s::boolean
                when true then null when false then coalesce(disabled_at, now()) else disabled_at end,
            disabled_reason = case %(enabled)s::boolean
                when true then null when false then coalesce(disabled_reason, %(reason)s) else disabled_reason end
        where id = %(id)s and {OWNED}
        returning {_COLUMNS}
        """,
        {
            **parameters(owner),
            "id": endpoint_id,
            "url": url,
            "events": events,
            "enabled": enabled,
            "reason": DisabledReason.OWNER,
        },
    ).fetchone()
    return _endpoint(row) if row else None


def rotate(connection: Connection, owner: Owner, endpoint_id: UUID) -> Endpoint | None:
    """Give it a new secret; the one before signs as well for a day, earlier ones no more."""
    row = connection.execute(
        f"""
        update webhook_endpoints
        set secret_version = secret_version + 1, old_secret_until = now() + %(overlap_s)s * interval '1 second'
        where id = %(id)s and {OWNED}
        returning {_COLUMNS}
        """,
        {**parameters(owner), "id": endpoint_id, "overlap_s": OVERLAP_S},
    ).fetchone()
    return _endpoint(row) if row else None


def remove(connection: Connection, owner: Owner, endpoint_id: UUID) -> bool:
    """False if the owner has no such endpoint. Its messages are not sent any more, and go with their retention."""
    statement = f"delete from webhook_endpoints where id = %(id)s and {OWNED}"
    return connection.execute(statement, {**parameters(owner), "id": endpoint_id}).rowcount == 1


def remove_all(connection: Connection, owner: Owner) -> None:
    connection.execute(f"delete from webhook_endpoints where {OWNED}", parameters(owner))


def wanting(connection: Connection, owner: Owner | None, event: str) -> list[UUID]:
    """The enabled endpoints for an event: the owner's, or without an owner those of the shop's keys."""
    condition = OWNED if owner else "owner_type = 'key'"
    rows = connection.execute(
        f"select id from webhook_endpoints where {condition} and %(event)s = any(events) and disabled_at is null",
        {**parameters(owner), "event": event},
    ).fetchall()
    return [row["id"] for row in rows]


def accepted(connection: Connection, endpoint_id: UUID) -> None:
    """Record that a message was accepted."""
    connection.execute(
        "update webhook_endpoints set failing_since = null where id = %s and failing_since is not null", [endpoint_id]
    )


def failed(connection: Connection, endpoint_id: UUID, tolerance_s: float, *, gone: bool) -> Endpoint | None:
    """Record a failed attempt; returns the endpoint if that has disabled it.

    That happens when nothing was accepted for `tolerance_s`, or when the receiver is `gone`.
    """
    row = connection.execute(
        f"""
        update webhook_endpoints
        set failing_since = coalesce(failing_since, now()),
            disabled_at = case when {_OVER} then now() end,
            disabled_reason = case when {_OVER} then %(reason)s end
        where id = %(id)s and disabled_at is null and (failing_since is null or {_OVER})
        returning {_COLUMNS}
        """,
        {
            "id": endpoint_id,
            "tolerance_s": tolerance_s,
            "gone": gone,
            "reason": DisabledReason.GONE if gone else DisabledReason.FAILING,
        },
    ).fetchone()
    return _endpoint(row) if row and row["disabled_at"] else None


_OVER = "(%(gone)s or coalesce(failing_since <= now() - %(tolerance_s)s * interval '1 second', false))"


def _endpoint(row: Mapping[str, Any]) -> Endpoint:
    values = dict(row)
    owner = Owner(OwnerType(values.pop("owner_type")), values.pop("owner_id"))
    return Endpoint(**{**values, "owner": owner, "events": tuple(values["events"])})
