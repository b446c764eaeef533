"""Databases for tests: each a copy of one migrated template, made in hundredths of a second."""

import itertools

import psycopg
from psycopg import sql

from shared.db import migrate

_TEMPLATE = "template_migrated"


class Databases:
    """`server` is the address without a database's name; the connection may make databases there."""

    def __init__(self, connection: psycopg.Connection, server: str) -> None:
        self._connection = connection
        self._server = server
        self._names = itertools.count(1)
        self._last: str | None = None
        self._say("create database {}", _TEMPLATE)
        migrate.migrate(f"{server}/{_TEMPLATE}")

    def fresh(self) -> str:
        """The address of a new one. The one before goes, only now: right after its test it would still be in use."""
        if self._last:
            self._say("drop database {} with (force)", self._last)
        self._last = f"test_{next(self._names)}"
        return self._made(self._last)

    def lasting(self) -> str:
        """The address of one that stays, for what many tests share."""
        return self._made(f"lasting_{next(self._names)}")

    def _made(self, name: str) -> str:
        self._say("create database {} template {} strategy file_copy", name, _TEMPLATE)
        return f"{self._server}/{name}"

    def _say(self, words: str, *names: str) -> None:
        self._connection.execute(sql.SQL(words).format(*map(sql.Identifier, names)))
