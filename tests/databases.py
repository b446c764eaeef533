"""Databases for tests: copies of one migrated template, made in hundredths of a second and emptied in thousandths."""

import itertools

import psycopg
from psycopg import sql

from shared.db import migrate

_TEMPLATE = "template_migrated"
_KEPT = {"migrations"}
_TABLES = "select tablename from pg_tables where schemaname = 'public'"
_OTHERS_END = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""


class Databases:
    """`server` is the address without a database's name; the connection may make databases there."""

    def __init__(self, connection: psycopg.Connection, server: str) -> None:
        self._connection = connection
        self._server = server
        self._names = itertools.count(1)
        self._last: str | None = None
        self._within: psycopg.Connection | None = None
        self._say("create database {}", _TEMPLATE)
        migrate.migrate(f"{server}/{_TEMPLATE}")
        with psycopg.connect(f"{server}/{_TEMPLATE}") as template:
            self._tables = _tables(template)

    def fresh(self) -> str:
        """The address of an empty one: the one before if it can be emptied, else another.

        Only now, not right after its test, when it would still be in use.
        """
        if self._last and not self._emptied():
            self.close()
            self._say("drop database {} with (force)", self._last)
            self._last = None
        if self._last is None:
            self._last = f"test_{next(self._names)}"
            self._made(self._last)
        return f"{self._server}/{self._last}"

    def lasting(self) -> str:
        """The address of one that stays, for what many tests share."""
        return self._made(f"lasting_{next(self._names)}")

    def close(self) -> None:
        if self._within:
            self._within.close()
            self._within = None

    def _emptied(self) -> bool:
        """Whether no other session and no row is left; False when its tables are no longer those of the template."""
        try:
            self._within = self._within or psycopg.connect(f"{self._server}/{self._last}", autocommit=True)
            self._within.execute(_OTHERS_END)
            if _tables(self._within) != self._tables:
                return False
            with self._within.transaction():
                self._within.execute("set local session_replication_role = replica")  # no matter who refers to whom
                for table in self._tables - _KEPT:
                    self._within.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
        except psycopg.Error:
            return False
        return True

    def _made(self, name: str) -> str:
        self._say("create database {} template {} strategy file_copy", name, _TEMPLATE)
        return f"{self._server}/{name}"

    def _say(self, words: str, *names: str) -> None:
        self._connection.execute(sql.SQL(words).format(*map(sql.Identifier, names)))


def _tables(connection: psycopg.Connection) -> set[str]:
    return {name for (name,) in connection.execute(_TABLES)}
