"""Databases with many jobs waiting: of this release, and of the one whose claims saw the whole backlog."""

import shutil
import tempfile
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from shared.db import migrate, pool

Shape = Literal["even", "skew", "busy"]
LAST_BEFORE = "0011"  # the last migration without owner_queues
IDLE_OWNERS = 10  # of the shape busy
_INDEXES = """
    select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    from pg_index where indrelid = 'jobs'::regclass and not indisprimary
"""
_JOBS = """
    insert into jobs (id, owner_type, user_id, type, asset_id, created_at, run_after)
    select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-' || substr(md5(n::text), 1, 12))::uuid, 'guest',
        encode(sha256(('u' || {owner})::bytea), 'hex'), 'cutout', md5('a' || n)::uuid, at, at
    from (
        select n, now() - interval '1 day' + n * interval '1 ms' as at from generate_series(0::bigint, %(jobs)s - 1) n
    ) made
"""
_OWNER: dict[Shape, str] = {
    "even": "n % %(owners)s",
    "skew": "case when n % 10 < 9 then 0 else 1 + (n / 10) % (%(owners)s - 1) end",
    "busy": "n % %(owners)s",
}
_RUNNING = """
    insert into jobs (id, owner_type, user_id, type, asset_id, created_at, status, lease_until, started_at, attempts,
        fence)
    select md5('r' || n)::uuid, 'guest', encode(sha256(('u' || n)::bytea), 'hex'), 'cutout', md5('b' || n)::uuid,
        now() - interval '2 days', 'running', now() + interval '1 day', now(), 1, 1
    from generate_series(%(idle)s, %(owners)s - 1) n
"""
_STATES = """
    update jobs
    set claim_state = case status when 'queued' then 'ready' else 'claimed' end, wakes_at = lease_until,
        followed_until = null
"""
_QUEUES = """
    insert into owner_queues (user_id, priority, head_at, running, waiting)
    select user_id, 5, min(created_at) filter (where claim_state = 'ready'),
        count(*) filter (where claim_state = 'claimed'), count(*) filter (where claim_state = 'ready')
    from jobs group by user_id
"""


def database(server: str, name: str, *, before: bool = False) -> str:
    """A migrated database on the server, whose URL has no name; returns its URL. `before`: of the release before."""
    url = empty(server, name)
    with tempfile.TemporaryDirectory() as folder:
        for path in migrate.FOLDER.glob("*.sql"):
            if not before or path.name[:4] <= LAST_BEFORE:
                shutil.copy(path, folder)
        migrate.migrate(url, Path(folder))
    return url


def empty(server: str, name: str) -> str:
    """A database without tables; returns its URL."""
    with pool.session(f"{server}/postgres") as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return f"{server}/{name}"


def fill(url: str, jobs: int, owners: int, shape: Shape) -> None:
    """Add the jobs; `skew`: one owner has nine tenths, `busy`: all owners but ten have one running as well."""
    numbers = {"jobs": jobs, "owners": owners, "idle": IDLE_OWNERS}
    with pool.session(url) as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute("set maintenance_work_mem = '256MB'")
        connection.execute("set session_replication_role = replica")  # no triggers
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
        statement = _JOBS.replace("{owner}", f"({_OWNER[shape].replace(' % ', ' %% ')})")
        connection.execute(statement.encode(), numbers)
        if shape == "busy":
            connection.execute(_RUNNING, numbers)
        if _knows_queues(connection):
            connection.execute(_STATES)
            connection.execute("vacuum full jobs")
            connection.execute(_QUEUES)
            connection.execute("vacuum analyze owner_queues")
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("vacuum analyze jobs")


def _knows_queues(connection: psycopg.Connection) -> bool:
    row = connection.execute("select to_regclass('owner_queues') is not null").fetchone()
    return bool(row and row[0])
