"""Files that a job makes: stored under a name of their content, as assets whose rows come with the outcome."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from services.worker import retry
from services.worker.handlers import Resources, Task
from shared import images, storage
from shared.db import ids
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job

_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tiff": "image/tiff",
    "webp": "image/webp",
}
_EXTENSIONS = {content_type: extension for extension, content_type in _TYPES.items()}


def put(resources: Resources, task: Task, kind: AssetKind, copy: images.Copy) -> Asset:
    """Store what is in memory. May be repeated."""
    enlarged = task.asset.enlarged if task.asset else None
    asset = replace(asset_of(resources.secret, task.job, _name(task), kind, copy), enlarged=enlarged)
    put = partial(resources.storage.put, asset.key, copy.data, copy.content_type, _metadata(task.job))
    retry.retry_unavailable(put)
    return asset


def put_file(resources: Resources, task: Task, path: Path, size: tuple[int, int]) -> Asset:
    """Store a file of any size from disk; `size` is its width and height in pixels. May be repeated."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    content_type, length = _TYPES[path.suffix[1:]], path.stat().st_size
    asset = _asset(resources.secret, task.job, _name(task), AssetKind.FILE, content_type, size, sha256, length)
    put = partial(resources.storage.put_file, asset.key, path, content_type, _metadata(task.job))
    retry.retry_unavailable(put)
    return asset


def asset_of(secret: str, job: Job, name: str, kind: AssetKind, copy: images.Copy) -> Asset:
    """The asset of what is in memory, with a key of its content."""
    sha256 = hashlib.sha256(copy.data).hexdigest()
    return _asset(secret, job, name, kind, copy.content_type, copy.size, sha256, len(copy.data))


def _asset(
    secret: str,
    job: Job,
    name: str,
    kind: AssetKind,
    content_type: str,
    size: tuple[int, int],
    sha256: str,
    length: int,
) -> Asset:
    extension = _EXTENSIONS.get(content_type, content_type.partition("/")[2])
    return Asset(
        id=ids.new(),
        owner=job.owner,
        kind=kind,
        key=storage.key_for(secret, job.owner, sha256, extension),
        sha256=sha256,
        content_type=content_type,
        width=size[0],
        height=size[1],
        bytes=length,
        created_at=datetime.now(UTC),
        name=name,
        job_id=job.id,
        stored_sha256=sha256,
        made_of=job.asset_id,
    )


def _name(task: Task) -> str:
    return task.asset.name if task.asset else ""


def _metadata(job: Job) -> dict[str, str]:
    return {"job": str(job.id)}
