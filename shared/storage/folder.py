"""A folder as a storage, with 256 subfolders, so that none holds too many files.

A file is written to `incoming/`, synced, and renamed: an object exists whole or not at all. Maintenance deletes what a
crash leaves there, like any other unfinished upload. Only the owner can read what is stored.
"""

import io
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from shared.storage.protocol import INCOMING, KEY, Entry, Missing, Object, Unavailable

_PIECE = 1024 * 1024


class Folder:
    """Files below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:  # noqa: ARG002
        self._store(key, io.BytesIO(data))

    def put_file(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:  # noqa: ARG002
        with file.open("rb") as stream:
            self._store(key, stream)

    def _store(self, key: str, stream: IO[bytes]) -> None:
        path = self._path(key)
        try:
            if not _holds(path, stream):
                stream.seek(0)
                self._write(path, stream)
            _sync(path.parent)  # a rename survives a power cut only after its folder is synced
        except OSError as error:
            raise Unavailable("The storage cannot be written; please try again.") from error

    def _write(self, path: Path, stream: IO[bytes]) -> None:
        part = self._root / f"{INCOMING}{uuid.uuid4()}"
        for folder in (part.parent, path.parent):
            _make(folder)
        try:
            with open(part, "xb", opener=_private) as file:
                shutil.copyfileobj(stream, file, _PIECE)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def get(self, key: str) -> bytes:
        with self.open(key).stream as stream:
            return stream.read()

    def open(self, key: str) -> Object:
        try:
            stream = self._path(key).open("rb")
        except FileNotFoundError:
            raise Missing(key) from None
        except OSError as error:
            raise Unavailable from error
        return Object(stream, os.fstat(stream.fileno()).st_size)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable from error

    def sign_put(self, key: str, content_type: str, length: int, expires_s: int) -> None:  # noqa: ARG002
        return None

    def walk(self, prefix: str) -> Iterator[Entry]:
        inside = INCOMING if prefix.startswith(INCOMING) else ""
        try:
            for path in sorted((self._root / (inside or prefix[:2])).glob(f"{prefix.removeprefix(inside)}*")):
                if KEY.fullmatch(inside + path.name) and (facts := _facts(path)):
                    modified_at = datetime.fromtimestamp(facts.st_mtime, UTC)
                    yield Entry(inside + path.name, facts.st_size, modified_at)
        except OSError as error:
            raise Unavailable from error

    def check(self) -> Mapping[str, object]:
        """Writes a byte to an unnamed file, which reveals a disk that is full or read-only."""
        _make(self._root)
        with tempfile.TemporaryFile(dir=self._root, buffering=0) as file:
            file.write(b"x")
        space = os.statvfs(self._root)
        return {"backend": "folder", "freeBytes": space.f_bavail * space.f_frsize}

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):  # it must not become any other path
            raise Missing(key)
        return self._root / key if key.startswith(INCOMING) else self._root / key[:2] / key


def _holds(path: Path, stream: IO[bytes]) -> bool:
    """Whether the file has the same bytes."""
    try:
        with path.open("rb") as stored:
            if os.fstat(stored.fileno()).st_size != stream.seek(0, os.SEEK_END):
                return False
            stream.seek(0)
            return all(piece == stream.read(_PIECE) for piece in iter(partial(stored.read, _PIECE), b""))
    except FileNotFoundError:
        return False


def _facts(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _private(path: str, flags: int) -> int:
    """Open it, a new one with mode 0600."""
    return os.open(path, flags, 0o600)


def _make(folder: Path) -> None:
    """Create a folder durably, with its parents, each with mode 0700."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
