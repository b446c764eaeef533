"""Databases for tests: copies of one migrated template, created in hundredths of a second, emptied in thousandths."""

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
    """`server` is the URL without a database's name; the connection may create databases there."""

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
        """Return the URL of an empty database: the previous one if it can be emptied, else a new one.

        It is emptied here because it would still be in use right after its test.
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
        """Return the URL of a database that stays, for many tests to share."""
        return self._made(f"lasting_{next(self._names)}")

    def close(self) -> None:
        if self._within:
            self._within.close()
            self._within = None

    def _emptied(self) -> bool:
        """Empty it and return whether that worked: no other session is left and its tables are the template's."""
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
