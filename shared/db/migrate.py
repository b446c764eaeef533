"""Migrations: numbered SQL files, each applied once, in order, in a transaction of its own.

An advisory lock lets any number of processes race: one applies, the others find nothing left to do. The digest of each
applied file is stored, and a file that was changed or removed afterwards is refused, because two databases would differ
unnoticed. Applied files that are newer than all of ours belong to a later release: as each migration leaves the
previous release working, a rollback to that release starts on them. A file whose first line is `-- no-transaction`
runs outside a transaction (CREATE INDEX CONCURRENTLY).
"""

import hashlib
from pathlib import Path
from typing import Any

import psycopg

from shared.db import pool

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_283_001  # any number that no other advisory lock uses
_LEDGER = """create table if not exists migrations (
    name text primary key, digest text not null, applied_at timestamptz not null default now())"""


class Changed(RuntimeError):
    """An applied migration file was changed or removed."""


def migrate(url: str, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, and return the names. May be repeated, and run concurrently."""
    with pool.session(url) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])  # released when the session ends
        connection.execute("set lock_timeout = '5s'")  # fail rather than wait behind live traffic, and so block it
        connection.execute(_LEDGER)
        missing = pending(connection, folder)
        for path in missing:
            _apply(connection, path)
        return [path.name for path in missing]


def pending(connection: psycopg.Connection[Any], folder: Path = FOLDER) -> list[Path]:
    """Files that are not applied yet, in order. Raises Changed."""
    rows = connection.execute("select name, digest from migrations").fetchall()
    applied = {str(name): str(digest) for name, digest in rows}
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    newest = max((path.name for path in files), default="")
    if gone := {name for name in applied.keys() - {path.name for path in files} if name < newest}:
        raise Changed(f"applied, but missing from the files: {', '.join(sorted(gone))}")
    for path in files:
        if path.name in applied and applied[path.name] != _digest(path):
            raise Changed(f"{path.name} was changed after it was applied")
    return [path for path in files if path.name not in applied]


def check(url: str) -> list[str]:
    """Names of the migrations that still have to be applied."""
    with pool.session(url) as connection:
        connection.execute(_LEDGER)
        return [path.name for path in pending(connection)]


def _apply(connection: psycopg.Connection[Any], path: Path) -> None:
    text = path.read_text()
    entry = "insert into migrations (name, digest) values (%s, %s)"
    if text.startswith("-- no-transaction"):
        connection.execute(text.encode())
        connection.execute(entry, [path.name, _digest(path)])
        return
    with connection.transaction():
        connection.execute(text.encode())
        connection.execute(entry, [path.name, _digest(path)])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
