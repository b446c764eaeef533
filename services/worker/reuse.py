"""Earlier results of print jobs: what was made of the same bytes in the same way is not made again."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from services.worker.handlers import Resources
from shared.db import assets, ids, job_queue
from shared.models.asset import Asset
from shared.models.job import Job, Outcome, request_key

_METHOD = 2  # to be raised when a job makes something else of the same input: nothing made before is then reused


def earlier(resources: Resources, job: Job, asset: Asset, files: int) -> tuple[str, Outcome | None]:
    """The fingerprint of what is asked for, and the outcome of an earlier job that left so many `files`, all kept.

    It depends on the photograph as well, of which the colours at the edge are taken. Its files get rows of this job's
    own, so that each can be deleted alone.
    """
    with resources.database.transaction() as connection:
        source = assets.source_of(connection, asset)
        photograph = source.sha256 if source else ""
        facts = (
            f"{_METHOD}|{job.owner.type}:{job.owner.id}|{request_key(job.type, job.input)}|{asset.sha256}|{photograph}"
        )
        fingerprint = hashlib.sha256(facts.encode()).hexdigest()
        found = job_queue.find_outcome(connection, [fingerprint], files)
    return fingerprint, _copied(found, job) if found else None


def copied(asset: Asset, job: Job) -> Asset:
    """The same object with a row of this job's own."""
    return replace(asset, id=ids.new(), job_id=job.id, made_of=job.asset_id, created_at=datetime.now(UTC))


def _copied(found: Outcome, job: Job) -> Outcome:
    copies = {str(asset.id): copied(asset, job) for asset in found.assets}
    named = copies.get(found.result["asset_id"])
    result = {**found.result, "asset_id": str(named.id if named else job.asset_id)}
    return replace(found, result=result, assets=tuple(copies.values()), reused=True)
