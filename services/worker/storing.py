"""Files of any size as assets of a job: stored from disk under a name of their content."""

import hashlib
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from services.worker import retry
from services.worker.handlers import Resources, Task
from shared import storage
from shared.db import ids
from shared.models.asset import Asset, AssetKind

_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "tiff": "image/tiff",
    "webp": "image/webp",
}


def put(resources: Resources, task: Task, path: Path, extension: str, size: tuple[int, int]) -> Asset:
    """Store a file; `size` is its width and height in pixels. Its row comes with the outcome. May be repeated."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    job, key = task.job, storage.key_for(resources.secret, task.job.owner, sha256, extension)
    metadata = {"job": str(job.id)}
    retry.retry_unavailable(partial(resources.storage.put_file, key, path, _TYPES[extension], metadata))
    return Asset(
        id=ids.new(),
        owner=job.owner,
        kind=AssetKind.FILE,
        key=key,
        sha256=sha256,
        content_type=_TYPES[extension],
        width=size[0],
        height=size[1],
        bytes=path.stat().st_size,
        created_at=datetime.now(UTC),
        name=task.asset.name if task.asset else "",
        job_id=job.id,
        stored_sha256=sha256,
        made_of=job.asset_id,
    )
