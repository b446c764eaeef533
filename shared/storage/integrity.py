"""Reads objects and checks their digests: a damaged object counts as missing, and is never passed on whole.

An object that is read in pieces is checked on the way: each piece is held back until the next one is read, and the last
one until the digest is known. Only for objects that a row names: a missing or damaged one is lost, which raises an
alert.
"""

import hashlib
from collections.abc import Iterator
from typing import IO

from shared import log, metrics
from shared.storage.protocol import Missing, Object, Storage, Unavailable

PIECE = 256 * 1024  # bytes; enough that the work between two pieces does not matter

_log = log.get("storage")


class Lost(Missing):
    """The object is gone, or no longer what was stored."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key)
        metrics.OBJECTS_LOST.labels(reason).inc()
        _log.error("object_lost", key=key, reason=reason)


def get(storage: Storage, key: str, sha256: str | None) -> bytes:
    """The whole object. Raises Lost if it is gone, or if its digest is known and differs."""
    try:
        data = storage.get(key)
    except Missing:
        raise Lost(key, "missing") from None
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise Lost(key, "damaged")
    return data


def open(storage: Storage, key: str, sha256: str | None) -> Object:  # noqa: A001 - as in Storage
    """Open an object for `pieces`. Raises Missing; Lost if a digest shows that it was stored."""
    try:
        return storage.open(key)
    except Missing as missing:
        raise (Lost(key, "missing") if sha256 else missing) from None


def pieces(stream: IO[bytes], key: str, sha256: str | None) -> Iterator[bytes]:
    """The object in pieces, a small one as a single piece; raises Lost instead of yielding the last piece."""
    digest, held = hashlib.sha256(), b""
    while piece := _read(stream):
        if held:
            yield held
        digest.update(piece)
        held = piece
    if sha256 and digest.hexdigest() != sha256:
        raise Lost(key, "damaged")
    yield held


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(PIECE)
    except OSError as error:
        raise Unavailable("The storage stopped responding; please try again.") from error
