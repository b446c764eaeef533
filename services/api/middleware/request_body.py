"""The body of every request, measured while it is read: whole, within its limit and of the digest it claims.

Servers differ in what they do with a body that ends early, never ends or breaks off within a chunk; some hand over what
they have got, as if that were all. So whoever reads a body here reads it through `Body`, which raises instead.
"""

import hashlib
import io
import re
from base64 import b64encode
from functools import partial
from typing import Any, NoReturn

from flask import Flask, request
from pydantic import ValidationError

from shared import errors

MAX_BYTES = 20 * 1024 * 1024  # of a picture
ENVELOPE_BYTES = 64 * 1024  # what a form or JSON may add around it, and what any other body may have
_STEP = 256 * 1024
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=([^,]*)")


def install(app: Flask) -> None:
    """Measure what is read from now on."""
    app.before_request(_measure)


def refuse(error: ValidationError) -> NoReturn:
    """What is wrong, field by field, without repeating what was sent."""
    if request.is_json and request.get_json(silent=True) is None:
        raise errors.InvalidRequest("The body is not valid JSON.")
    wrong = {".".join(map(str, e["loc"])) or "body": e["msg"] for e in error.errors(include_input=False)}
    raise errors.InvalidRequest(details={"fields": wrong})


def allow(most: int) -> None:
    """Let the body of this request, unread so far, be larger than others."""
    request.environ["wsgi.input"].most = most


def _measure() -> None:
    environ, length = request.environ, request.content_length
    ends = length is not None or "wsgi.input_terminated" in environ
    environ["wsgi.input"] = Body(environ["wsgi.input"] if ends else io.BytesIO(), length, _claimed())
    environ["wsgi.input_terminated"] = True


def _claimed() -> str | None:
    """The SHA-256 of Content-Digest (RFC 9530) as it is written there; other algorithms are left alone."""
    found = _SHA256.search(request.headers.get("Content-Digest", ""))
    return found[1].strip() if found else None


class Body:
    """A stream of at most `most` bytes, of `length` if that is known."""

    def __init__(self, stream: Any, length: int | None, claimed: str | None) -> None:
        self.most = ENVELOPE_BYTES
        self._stream = stream
        self._length = length
        self._claimed = claimed
        self._sha256 = hashlib.sha256() if claimed is not None else None
        self._count = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(partial(self.read, _STEP), b""))
        self._refuse_more_than_may_be(self._length or 0)
        data = self._receive(size if self._length is None else min(size, self._length - self._count))
        self._count += len(data)
        self._refuse_more_than_may_be(self._count)
        if self._sha256:
            self._sha256.update(data)
        if size and (not data or self._count == self._length):
            self._check()
        return data

    def _refuse_more_than_may_be(self, count: int) -> None:
        if count > self.most:
            raise errors.BodyTooLarge("The body is larger than 64 KB." if self.most == ENVELOPE_BYTES else None)

    def _receive(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size)) if size else b""
        except Exception as error:  # each server has its own for chunks that are none and callers who are gone
            raise errors.InvalidRequest("The body breaks off.") from error

    def _check(self) -> None:
        if self._length is not None and self._count < self._length:
            raise errors.InvalidRequest("The body is shorter than its Content-Length.")
        if self._sha256 and self._claimed != f":{b64encode(self._sha256.digest()).decode()}:":
            raise errors.DigestMismatch
