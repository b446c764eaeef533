"""Rows of files that a job left, without their bytes."""

from shared.db import ids
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job


def file_of(job: Job, name: str, content_type: str) -> Asset:
    """The row of a file with this hexadecimal digit for its content."""
    sha256 = name * 64
    return Asset(
        id=ids.new(),
        owner=job.owner,
        kind=AssetKind.FILE,
        key=f"{sha256}.{content_type.partition('/')[2]}",
        sha256=sha256,
        content_type=content_type,
        width=6600,
        height=2000,
        bytes=100,
        created_at=job.created_at,
        job_id=job.id,
    )
