"""What every storage does, and what may lie in one.

Three kinds of keys, and nothing else is ever read, written or removed, whatever else lies in a bucket:

    <64 hex digits>.png         a picture, or what a job made of one
    <64 hex digits>-w800.webp   the same picture for a purpose of its own, made when first asked for
    incoming/<uuid>             what a caller sends straight to the storage, until it is judged; and unfinished writes

The digits are the object's stem (`stem`): with the picture goes whatever was made of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from shared import errors

CACHE_CONTROL = "public, max-age=31536000, immutable"  # the bytes behind a key never change
INCOMING = "incoming/"
_STEM = 64
_KEY = re.compile(r"[0-9a-f]{64}(?:-[a-z0-9]{1,8})?\.[a-z]{3,4}|incoming/[0-9a-f-]{36}")


class Missing(Exception):
    """There is no object under this key."""


class Unavailable(errors.Unavailable):
    """The storage cannot be reached or refuses; trying again later may help."""


@dataclass(frozen=True, slots=True)
class Object:
    """An open object; close `stream` when done."""

    stream: IO[bytes]
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as a listing shows it."""

    key: str
    bytes: int
    modified_at: datetime


class Storage(Protocol):
    """What every storage does.

    `put` is atomic and may be repeated; `get` and `open` raise Missing; `delete` of nothing is fine; all may raise
    Unavailable.
    """

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        """Store an object. The same bytes again leave it as it is; others replace it, which mends a damaged one."""
        ...

    def get(self, key: str) -> bytes: ...

    def open(self, key: str) -> Object: ...

    def delete(self, key: str) -> None: ...

    def sign_put(self, key: str, content_type: str, length: int, expires_s: int) -> str | None:
        """Where anybody may put one object of this type and length for a while; None: only we can put objects here."""
        ...

    def walk(self, prefix: str) -> Iterator[Entry]:
        """Every object whose key begins with at least two digits, or with INCOMING; in pages, so any number."""
        ...

    def check(self) -> Mapping[str, object]:
        """Facts for health; raises when objects cannot be stored."""
        ...


def known(key: str) -> bool:
    """Whether it is one of the three kinds of keys."""
    return _KEY.fullmatch(key) is not None


def require(key: str) -> None:
    """Whatever else it is, it must not become a path or an address."""
    if not known(key):
        raise Missing(key)


def stem(key: str) -> str:
    """What a picture and everything made of it share."""
    return key[:_STEM]
