"""Answers of public pages made from rows that seldom change: cached by a version that each change of them renews.

A change is seen at once in the process that made it, which forgets the version it knew, and by any request with
`Cache-Control: no-cache`; elsewhere as soon as a process asks for the version again. What it then answers, browsers and
CDNs keep for as long as the route's policy says.
"""

import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from flask import Response, request

from services.api.middleware import response_cache
from services.api.schemas import ResponseModel
from shared import errors
from shared.cache import Cache
from shared.db.pool import Connection, Database

VERSION_S = 5.0  # how long a process takes a version for the newest
_TAG = 32  # characters of a digest


class _Known(NamedTuple):
    version: str
    until: float  # when it has to be asked for again; 0: it may not be given before


class Version:
    """The newest version, asked for at most every few seconds, and kept while the database is down."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._known = _Known("", 0.0)
        self._failing_until = 0.0
        self._lock = threading.Lock()

    def get(self, *, newest: bool = False) -> str:
        """The version of the last few seconds, or the `newest` if the database is up."""
        known = self._known
        if time.monotonic() < known.until and not newest:
            return known.version
        if not self._lock.acquire(blocking=newest or not known.until):
            return known.version  # another thread asks already
        try:
            return self._asked(newest)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Give no version that was read before this call."""
        with self._lock:  # after what is being read now
            self._known = _Known(self._known.version, 0.0)

    def _asked(self, newest: bool) -> str:
        version, until = self._known
        if time.monotonic() < (self._failing_until if newest else until):
            return version
        try:
            version = self._read()
        except errors.Unavailable:
            if not version:
                raise
            self._failing_until = time.monotonic() + VERSION_S
        self._known = _Known(version, time.monotonic() + VERSION_S)
        return version


class Answers:
    """Of one capability. `read_version` reads what changes with each change of its rows."""

    def __init__(self, cache: Cache, database: Database, read_version: Callable[[Connection], str]) -> None:
        def read() -> str:
            with database.transaction() as connection:
                return read_version(connection)

        self._cache = cache
        self._version = Version(read)

    def forget_version(self) -> None:
        """After a change was committed: who made it sees it with the next request."""
        self._version.forget()

    def answer(self, key: str, compute: Callable[[], ResponseModel], *, shared: bool = True) -> Response:
        """The response to a GET, 200 or 304. `shared`: whether other processes are likely to be asked for the same."""
        version = self._version.get(newest="no-cache" in request.headers.get("Cache-Control", ""))
        body = self._cache.get(f"{version}:{key}", lambda: _json(compute()), shared=shared)
        tag = sha256(body).hexdigest()[:_TAG]
        response = Response(body, mimetype="application/json")
        response.set_etag(tag)
        response_cache.keep(self._cache.name, tag, lambda: self._version.get() == version)
        response.make_conditional(request)
        return response

    def value(self, key: str, compute: Callable[[], bytes]) -> bytes:
        """What several answers are made from."""
        return self._cache.get(f"{self._version.get()}:{key}", compute)


def _json(answer: ResponseModel) -> bytes:
    return answer.model_dump_json(by_alias=True).encode()
