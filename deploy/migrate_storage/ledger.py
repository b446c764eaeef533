"""The ledger: a file with one line for each completed action, which is read at the start.

A line that a kill cut off is dropped, and its action repeated. Only one process at a time may hold a ledger.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from shared import settings
from shared.storage.migration_bucket import Listed


@dataclass(frozen=True, slots=True)
class Record:
    """An object as it was first listed, and the digest of its copy or the reason why there is none."""

    listed: Listed
    sha256: str | None = None
    reason: str | None = None


class Ledger:
    """Use as a context manager, from one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: dict[str, Record] = {}
        self.rewritten: dict[str, int] = {}  # rows by column
        self.left: dict[str, str] = {}  # keys whose URLs were not rewritten, and why
        self._buckets: str | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise settings.Invalid(f"{self._path}: another run holds this ledger") from None
        for line in self._whole_lines():
            self._apply(json.loads(line))
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _whole_lines(self) -> list[bytes]:
        self._file.seek(0)
        *lines, cut_off = self._file.read().split(b"\n")
        self._file.truncate(self._file.tell() - len(cut_off))
        return lines

    def bind(self, buckets: str) -> None:
        """Raise Invalid if this ledger belongs to other buckets."""
        if self._buckets not in (None, buckets):
            raise settings.Invalid(f"{self._path} is the ledger of {self._buckets}, not of {buckets}")
        if self._buckets is None:
            self._add(what="buckets", buckets=buckets)

    def found(self, listed: Listed) -> None:
        self._add(what="found", key=listed.key, bytes=listed.bytes, tag=listed.tag)

    def copied(self, key: str, sha256: str) -> None:
        self._add(what="copied", key=key, sha256=sha256)

    def refused(self, key: str, reason: str) -> None:
        """It could not be copied, or its copy differs."""
        self._add(what="refused", key=key, reason=reason)

    def rewrote(self, rows: dict[str, int], left: dict[str, str]) -> None:
        """The number of rewritten rows by column, and the keys that could not be rewritten."""
        self._add(what="rewrote", rows=rows, left=left)

    def has(self, key: str) -> bool:
        """Whether the object is copied."""
        record = self.records.get(key)
        return record is not None and record.sha256 is not None

    def missing(self) -> Iterator[Record]:
        return (record for record in self.records.values() if record.sha256 is None)

    def copies(self) -> Iterator[Record]:
        return (record for record in self.records.values() if record.sha256 is not None)

    def _add(self, **entry: Any) -> None:
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()  # survives a kill; `sync` at the end of a run also makes it survive a power cut
        self._apply(entry)

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def _apply(self, entry: dict[str, Any]) -> None:
        match entry["what"]:
            case "found":
                listed = Listed(entry["key"], entry["bytes"], entry["tag"])
                self.records[listed.key] = Record(listed)
            case "copied":
                self._change(entry["key"], sha256=entry["sha256"], reason=None)
            case "refused":
                self._change(entry["key"], sha256=None, reason=entry["reason"])
            case "rewrote":
                self.rewritten, self.left = entry["rows"], entry["left"]
            case "buckets":
                self._buckets = entry["buckets"]

    def _change(self, key: str, **changes: Any) -> None:
        self.records[key] = replace(self.records[key], **changes)
