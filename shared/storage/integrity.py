"""Reading what was stored and nothing else: a damaged object is as good as missing, and is never handed on whole.

What is read in pieces is checked while it passes: each piece waits for the next one, and the last for the digest.
Only for objects that a row names: one that is missing or damaged is lost, which is counted and alarms.
"""

import hashlib
from collections.abc import Iterator
from typing import IO

from botocore.exceptions import BotoCoreError

from shared import log, metrics
from shared.storage.protocol import Missing, Object, Storage, Unavailable

PIECE = 256 * 1024  # bytes; enough that the work between two pieces does not show

_log = log.get("storage")


class Lost(Missing):
    """The object is gone, or no longer what was stored."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key)
        metrics.OBJECTS_LOST.labels(reason).inc()
        _log.error("object_lost", key=key, reason=reason)


def get(storage: Storage, key: str, sha256: str | None) -> bytes:
    """The whole object. Raises Lost where it is gone, or where its digest is known and differs."""
    try:
        data = storage.get(key)
    except Missing:
        raise Lost(key, "missing") from None
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise Lost(key, "damaged")
    return data


def open(storage: Storage, key: str, sha256: str | None) -> Object:  # noqa: A001 - the storage's own word
    """For `pieces`. Raises Missing; Lost where somebody noted that it is there."""
    try:
        return storage.open(key)
    except Missing as missing:
        raise (Lost(key, "missing") if sha256 else missing) from None


def pieces(stream: IO[bytes], key: str, sha256: str | None) -> Iterator[bytes]:
    """The object piece by piece; raises Lost instead of yielding the last one. A small object is one piece."""
    digest, waiting = hashlib.sha256(), b""
    while piece := _read(stream):
        if waiting:
            yield waiting
        digest.update(piece)
        waiting = piece
    if sha256 and digest.hexdigest() != sha256:
        raise Lost(key, "damaged")
    yield waiting


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(PIECE)
    except (BotoCoreError, OSError) as error:
        raise Unavailable("The storage broke off; please try again.") from error
