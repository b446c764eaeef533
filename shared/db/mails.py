"""The outbox of mails: queued in the transaction that causes them, sent later, at least once.

A sender claims a mail with a lease, and records its end under the same lease: if another sender has claimed it since,
nothing changes. A sender that dies between sending and recording leaves the mail to be sent once more.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import ids, pagination
from shared.db.pool import Connection
from shared.models.mail import MAIL_TERMS, TOKEN, Mail, MailState, MailTemplate, MailTerms

OPEN_PER_HOUR = 20  # mails to one address that anyone can cause
_CLAIM_LOCK = 7_283_003  # any number that no other advisory lock uses
_COLUMNS = """id, recipient, template, facts, status, attempts, run_after, expires_at, lease_until, error, created_at,
    sent_at"""
_HELD = "id = %(id)s and status = 'queued' and lease_until = %(lease_until)s"


def enqueue(
    connection: Connection, *, once: str, recipient: str, template: MailTemplate, facts: Mapping[str, str]
) -> bool:
    """Queue a mail. `once` names what causes it, such as `reset:<id of the token>`: the same is queued once.

    `recipient` is one valid address; `facts` are exactly those of the template's terms. False, and nothing is queued,
    for a repetition, or if too many mails of the open templates went to the address within the hour.
    """
    terms = MAIL_TERMS[template]
    if facts.keys() != terms.facts:
        raise ValueError(f"the mail {template} needs the facts {sorted(terms.facts)}, not {sorted(facts)}")
    if terms.open and _open_within_the_hour(connection, recipient) >= OPEN_PER_HOUR:
        return False
    queued = connection.execute(
        """
        insert into mails (id, once, recipient, template, facts, expires_at)
        values (%s, %s, %s, %s, %s, now() + %s * interval '1 second')
        on conflict (once) do nothing
        """,
        [ids.new(), once, recipient, template, Jsonb(dict(facts)), terms.lifetime_s],
    )
    return queued.rowcount == 1


def _open_within_the_hour(connection: Connection, recipient: str) -> int:
    row = connection.execute(
        """
        select count(*) as mails
        from mails
        where lower(recipient) = lower(%s) and created_at > now() - interval '1 hour' and template = any(%s)
        """,
        [recipient, [template for template, terms in MAIL_TERMS.items() if terms.open]],
    ).fetchone()
    return row["mails"] if row else 0


def claim(connection: Connection, lease_s: float) -> Mail | None:
    """Claim the mail that has been due longest, for `lease_s`; it counts as an attempt from now on.

    None while another mail is being sent: one at a time, whichever instance of the api sends it.
    """
    alone = connection.execute("select pg_try_advisory_xact_lock(%s) as alone", [_CLAIM_LOCK]).fetchone()
    if not (alone and alone["alone"]):
        return None
    row = connection.execute(
        f"""
        update mails
        set attempts = attempts + 1, lease_until = now() + %s * interval '1 second'
        where id = (
            select id
            from mails
            where status = 'queued' and run_after <= now() and expires_at > now()
                and not exists (select from mails where lease_until > now())
            order by run_after
            limit 1
        )
        returning {_COLUMNS}
        """,
        [lease_s],
    ).fetchone()
    return _mail(row) if row else None


def sent(connection: Connection, mail: Mail) -> bool:
    """Record that a mail server accepted it. Its facts go, because the token among them opens an account."""
    return _end(connection, mail, "status = 'sent', sent_at = now(), error = null, facts = '{}'")


def failed(connection: Connection, mail: Mail, error: str) -> bool:
    """Record that it is not tried again."""
    return _end(connection, mail, "status = 'failed', error = %(error)s", error=error)


def deferred(connection: Connection, mail: Mail, error: str, delay_s: float) -> bool:
    """Record that it is tried again after `delay_s`."""
    return _end(
        *(connection, mail, "run_after = now() + %(delay_s)s * interval '1 second', error = %(error)s"),
        error=error,
        delay_s=delay_s,
    )


def released(connection: Connection, mail: Mail, error: str) -> bool:
    """Record that no mail server was there to take it: it is due as before, and this was no attempt."""
    return _end(connection, mail, "attempts = attempts - 1, error = %(error)s", error=error)


def _end(connection: Connection, mail: Mail, changes: str, **parameters: object) -> bool:
    """False if the lease was lost: nothing was written."""
    held = {"id": mail.id, "lease_until": mail.lease_until}
    statement = f"update mails set lease_until = null, {changes} where {_HELD}"
    return connection.execute(statement, {**parameters, **held}).rowcount == 1


def expire(connection: Connection, limit: int) -> int:
    """Fail mails that are no longer of use, at most `limit`; returns how many."""
    return connection.execute(
        """
        with late as materialized (
            select id
            from mails
            where status = 'queued' and expires_at <= now() and coalesce(lease_until <= now(), true)
            limit %s
            for update skip locked
        )
        update mails
        set status = 'failed', lease_until = null, error = coalesce(error, 'not sent in time')
        from late
        where mails.id = late.id
        """,
        [limit],
    ).rowcount


def retry(connection: Connection, mail_id: UUID) -> Mail | None:
    """Queue a failed mail again; None unless it failed and a link in it still works."""
    row = connection.execute(
        f"""
        update mails
        set status = 'queued', attempts = 0, run_after = now(), error = null,
            expires_at = case when facts ? '{TOKEN}' then expires_at else now() + %s * interval '1 second' end
        where id = %s and status = 'failed' and (expires_at > now() or not facts ? '{TOKEN}')
        returning {_COLUMNS}
        """,
        [MailTerms().lifetime_s, mail_id],
    ).fetchone()
    return _mail(row) if row else None


def find(connection: Connection, mail_id: UUID) -> Mail | None:
    row = connection.execute(f"select {_COLUMNS} from mails where id = %s", [mail_id]).fetchone()
    return _mail(row) if row else None


def page(
    connection: Connection, limit: int, after: pagination.Cursor | None, status: MailState | None
) -> pagination.Page[Mail]:
    """All mails, newest first."""
    condition = "status = %(status)s" if status else "true"
    select = f"select {_COLUMNS} from mails where {condition}"
    return pagination.fetch(connection, select, {"status": status}, _mail, limit, after)


def overdue_s(connection: Connection) -> float:
    """For how long the mail that has been due longest has waited; 0 if none is due."""
    row = connection.execute(
        """
        select extract(epoch from now() - run_after)::float as overdue_s
        from mails
        where status = 'queued'
        order by run_after
        limit 1
        """
    ).fetchone()
    return max(0.0, row["overdue_s"]) if row else 0.0


def forget(connection: Connection, recipient: str) -> int:
    """Delete all mails to an address, for an account that is erased; returns how many."""
    return connection.execute("delete from mails where lower(recipient) = lower(%s)", [recipient]).rowcount


def prune(connection: Connection, keep_s: float, limit: int) -> int:
    """Delete mails that are `keep_s` old, at most `limit`; returns how many."""
    return connection.execute(
        """
        with due as materialized (
            select id
            from mails
            where created_at < now() - %s * interval '1 second'
            order by created_at
            limit %s
            for update skip locked
        )
        delete from mails
        using due
        where mails.id = due.id
        """,
        [keep_s, limit],
    ).rowcount


def _mail(row: Mapping[str, Any]) -> Mail:
    return Mail(**{**row, "status": MailState(row["status"])})
