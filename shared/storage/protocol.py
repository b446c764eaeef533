"""What every storage does, and which keys it has.

Three kinds of keys; nothing else in a bucket is ever read, written or deleted:

    <64 hex digits>.png         a picture, or what a job made from one
    <64 hex digits>-w800.webp   a variant of the same picture, made when it is first requested
    incoming/<uuid>             an upload sent straight to the storage, until it is inspected; and unfinished writes

The digits are the object's stem (`stem`): a picture and its variants share it, and are deleted together.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from shared import errors

CACHE_CONTROL = "public, max-age=31536000, immutable"  # the bytes behind a key never change
INCOMING = "incoming/"
_STEM = 64
KEY = re.compile(r"[0-9a-f]{64}(?:-[a-z0-9]{1,8})?\.[a-z]{3,4}|incoming/[0-9a-f-]{36}")


class Missing(Exception):
    """There is no object with this key."""


class Unavailable(errors.Unavailable):
    """The storage cannot be reached, or refuses; a retry may help."""


@dataclass(frozen=True, slots=True)
class Object:
    """An open object; close `stream` when done."""

    stream: IO[bytes]
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in a listing."""

    key: str
    bytes: int
    modified_at: datetime


class Storage(Protocol):
    """What every storage does.

    `put` and `put_file` are atomic and may be repeated; `get` and `open` raise Missing; deleting a missing object
    succeeds; all may raise Unavailable.
    """

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        """Store an object. An existing one stays if it has the same bytes; else it is replaced, which repairs it."""
        ...

    def put_file(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        """As `put`, for a file of any size: memory holds a few megabytes of it. The file stays."""
        ...

    def get(self, key: str) -> bytes: ...

    def open(self, key: str) -> Object: ...

    def delete(self, key: str) -> None: ...

    def sign_put(self, key: str, content_type: str, length: int, expires_s: int) -> str | None:
        """A URL to which one object of this type and length can be uploaded; None if this storage has no such URLs."""
        ...

    def walk(self, prefix: str) -> Iterator[Entry]:
        """All objects with this prefix, two digits or more, or INCOMING; read in pages, so there may be any number."""
        ...

    def check(self) -> Mapping[str, object]:
        """Facts for health; raises if objects cannot be stored."""
        ...


def stem(key: str) -> str:
    """The part of the key that a picture and its variants share."""
    return key[:_STEM]
