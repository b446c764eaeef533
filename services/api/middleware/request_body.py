"""The body of every request, checked while it is read: complete, in time, within its limit, matching its digest.

WSGI servers differ in how they treat a body that ends early, never ends or breaks off within a chunk; some return the
part received as if it were everything. `Body` wraps their stream and raises instead.
"""

import hashlib
import io
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn

from flask import Flask, request
from pydantic import ValidationError

from shared import errors

ENVELOPE_BYTES = 64 * 1024  # for what a form or JSON adds to a picture, and for every other body
_STEP = 256 * 1024
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=([^,]*)")


def install(app: Flask) -> None:
    """Wrap the input stream of each request."""
    app.before_request(_wrap)


def refuse(*wrong: ValidationError) -> NoReturn:
    """Raise InvalidRequest with the problem of each field, and of the first in words; without repeating the input."""
    if request.is_json and request.get_json(silent=True) is None:
        raise errors.InvalidRequest("The body is not valid JSON.")
    found = [problem for error in wrong for problem in error.errors(include_input=False)]
    fields = {".".join(map(str, problem["loc"])) or "body": _in_words(problem) for problem in found}
    name, words = next(iter(fields.items()))
    raise errors.InvalidRequest(f"The request is not valid. {name}: {words}.", details={"fields": fields})


def _in_words(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        return "There is no such field"
    return str(problem["msg"]).removeprefix("Value error, ")


def allow(max_bytes: int, refusal: str | None = None) -> None:
    """Change the limit of this request's body; call before reading it. `refusal` says so, if it is not a picture's."""
    body = request.environ["wsgi.input"]
    body.max_bytes, body.refusal = max_bytes, refusal


def _wrap() -> None:
    environ, length = request.environ, request.content_length
    ends = length is not None or "wsgi.input_terminated" in environ
    environ["wsgi.input"] = Body(environ["wsgi.input"] if ends else io.BytesIO(), length, _claimed_digest())
    environ["wsgi.input_terminated"] = True


def _claimed_digest() -> str | None:
    """The SHA-256 of Content-Digest (RFC 9530) as written there; other algorithms are ignored."""
    found = _SHA256.search(request.headers.get("Content-Digest", ""))
    return found[1].strip() if found else None


class Body:
    """A stream of at most `max_bytes`, and of exactly `length` if that is known."""

    def __init__(self, stream: Any, length: int | None, claimed_digest: str | None) -> None:
        self.max_bytes = ENVELOPE_BYTES
        self.refusal: str | None = "The body is larger than 64 KB."
        self._stream = stream
        self._length = length
        self._claimed_digest = claimed_digest
        self._sha256 = hashlib.sha256() if claimed_digest is not None else None
        self._count = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(partial(self.read, _STEP), b""))
        self._check_limit(self._length or 0)
        data = self._receive(size if self._length is None else min(size, self._length - self._count))
        self._count += len(data)
        self._check_limit(self._count)
        if self._sha256:
            self._sha256.update(data)
        if size and (not data or self._count == self._length):
            self._check_end()
        return data

    def _check_limit(self, count: int) -> None:
        if count > self.max_bytes:
            raise errors.BodyTooLarge(self.refusal)

    def _receive(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size)) if size else b""
        except TimeoutError as error:  # of deploy/timed_socket.py
            raise errors.RequestTimeout from error
        except Exception as error:  # each server has its own for malformed chunks and closed connections
            raise errors.InvalidRequest("The body is incomplete.") from error

    def _check_end(self) -> None:
        if self._length is not None and self._count < self._length:
            raise errors.InvalidRequest("The body is shorter than its Content-Length.")
        if self._sha256 and self._claimed_digest != f":{b64encode(self._sha256.digest()).decode()}:":
            raise errors.DigestMismatch
