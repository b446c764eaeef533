"""The results of a batch as one ZIP file, written while it is sent: memory holds a piece of one picture.

Cut-outs are compressed already, so they are stored as they are; each one's checksum follows it, as it is known only
then. A picture without a cut-out stands in `failures.json`.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

from flask import Response

from services.api import lookup
from services.api.batches import names
from services.api.batches.schemas import BatchPath
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from shared import batch_errors, storage
from shared.db import batches
from shared.models.batch import BatchState, Outcome
from shared.models.job import JobError, JobFailure
from shared.storage import integrity

STREAMS = 4  # at once in this process: each holds a thread for as long as its reader takes
FAILURES = "failures.json"
_FILE = 0o644 << 16  # the permissions of an ordinary file


def download(deps: Dependencies, path: BatchPath) -> Response:
    """Download results.

    One ZIP file with all cut-outs, in the folders and with the names that the pictures came with, and `failures.json`,
    a list of those that failed with their codes. 409 until the batch is `done` or `cancelled`.
    """
    batch = lookup.require(deps, batches.find, auth.visible_owner(), path.batch_id)
    with deps.database.transaction() as connection:
        state = batch.state(batches.counts(connection, batch.id))
        outcomes = batches.outcomes(connection, batch.id)
    if state in (BatchState.OPEN, BatchState.RUNNING):
        raise batch_errors.BatchUnfinished
    slot = deps.result_streams.slot()
    slot.__enter__()
    response = Response(archive(deps.storage, outcomes, batch.created_at), content_type="application/zip")
    response.call_on_close(lambda: slot.__exit__(None, None, None))
    response.headers.set("Content-Disposition", "attachment", filename=f"cut-outs-{batch.id}.zip")
    return response


def archive(objects: storage.Storage, outcomes: Sequence[Outcome], made_at: datetime) -> Iterator[bytes]:
    """The file in pieces. A damaged cut-out breaks it off before its end, so that its reader notices."""
    named = _names(outcomes)
    failures = {one.name: one.error for one in outcomes if one.error}
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as written:
        for one in outcomes:
            if one.key is None:
                continue
            try:
                found = integrity.open(objects, one.key, one.sha256)
            except storage.Missing:
                failures[one.name] = JobError(JobFailure.SOURCE_MISSING, "The cut-out is lost.")
                continue
            with found.stream, written.open(_entry(named[one.name], found.bytes, made_at), "w") as entry:
                for piece in integrity.pieces(found.stream, one.key, one.sha256):
                    entry.write(piece)
                    yield sink.taken()
        if failures:
            written.writestr(_entry(FAILURES, 0, made_at), _listed(failures))
    yield sink.taken()


def _names(outcomes: Sequence[Outcome]) -> dict[str, str]:
    endings = {one.name: PurePosixPath(one.key).suffix.removeprefix(".") for one in outcomes if one.key}
    return names.with_endings(endings, taken=[FAILURES])


def _entry(name: str, size: int, made_at: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, made_at.timetuple()[:6])
    info.file_size = size  # known before, so that one of over 4 GB gets the longer fields
    info.external_attr = _FILE
    return info


def _listed(failures: Mapping[str, JobError]) -> str:
    listed = [{"name": name, "code": error.code, "message": error.message} for name, error in failures.items()]
    return json.dumps(listed, indent=1, ensure_ascii=False)


class _Sink(io.RawIOBase):
    """What was written and not taken yet. It cannot seek, so `zipfile` writes each checksum behind its entry."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # zipfile writes bytes
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
