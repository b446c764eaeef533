"""What is made of a picture when it is asked for: 200 with the stored result, or 202 with the job that makes it.

    a job done for the same request    200 with its result
    queued or running                  202
    failed, as it would again          its failure, such as `no_ink`
    none, cancelled, failed otherwise  202 with a new job; `poison` once too many of them killed their workers

Equal requests at once get the same job.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from flask import Response

from services.api import quotas
from services.api.dependencies import Dependencies
from services.api.jobs.schemas import Accepted
from services.api.middleware import auth
from services.api.schemas import ResponseModel
from shared import errors, web
from shared.db import assets, ids, jobs, print_jobs
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job, JobFailure, JobState, JobType, request_key
from shared.models.owner import Owner

Present = Callable[[Mapping[str, Any]], ResponseModel]

_AGAIN_S = 1
_PRINTED = frozenset({AssetKind.SOURCE, AssetKind.CUTOUT, AssetKind.PRINT})
# The picture's fault, so another run would end like this one.
REFUSALS: Mapping[str, type[errors.Failure]] = {
    JobFailure.DOES_NOT_FIT: errors.DoesNotFit,
    JobFailure.LARGE_ENOUGH: errors.LargeEnough,
    JobFailure.NO_INK: errors.NoInk,
    JobFailure.SOURCE_MISSING: errors.SourceMissing,
    JobFailure.NOT_FLAT_ARTWORK: errors.NotFlatArtwork,
    JobFailure.TOO_COMPLEX: errors.TooComplex,
    JobFailure.TOO_LARGE: errors.TooLarge,
}


def answer(
    deps: Dependencies,
    asset_id: UUID,
    job_type: JobType,
    input: Mapping[str, Any],  # noqa: A002 - the job's
    present: Present,
) -> Response:
    """The response for a picture of the caller's. Raises NotFound, InvalidRequest, Poison, REFUSALS and a quota's."""
    owner = auth.visible_owner()
    with deps.database.transaction() as connection:
        asset = printed(connection, assets.find(connection, owner, asset_id))
        job = print_jobs.newest(connection, asset.id, request_key(job_type, input))
    if job is None or _worth_a_retry(job):
        job = made_for(deps, asset, job_type, input)
    if job.error:
        raise REFUSALS[job.error.code](job.error.message)
    if job.result:
        return present(job.result).response(200)
    return accepted(deps, job)


def accepted(deps: Dependencies, job: Job) -> Response:
    """202 for a job that is not done yet."""
    response = Accepted.answer(job, deps.urls)
    response.headers["Retry-After"] = str(_AGAIN_S)
    return response


def require_workers(deps: Dependencies) -> None:
    """Raise Unavailable where no worker would ever run a print job."""
    if not deps.settings.web.print_instances:
        raise errors.Unavailable("Nothing is made for print here.")


def require_sound(connection: Connection, owner: Owner, job_type: JobType, asset_ids: Collection[UUID]) -> None:
    """Raise Poison for pictures that no worker survives."""
    if print_jobs.poisonous(connection, owner, job_type, asset_ids):
        raise errors.Poison


def printed(connection: Connection, asset: Asset | None) -> Asset:
    """The picture that is printed: of a cut-out's file in another form, the transparent one it was made of."""
    if asset is None:
        raise errors.NotFound
    if asset.kind not in _PRINTED:
        raise errors.InvalidRequest("Only pictures and cut-outs can be printed, not files made of them.")
    return (assets.whole_cutout(connection, asset) if asset.kind is AssetKind.CUTOUT else None) or asset


def _worth_a_retry(job: Job) -> bool:
    failed = job.status is JobState.FAILED and job.error is not None and job.error.code not in REFUSALS
    return failed or job.status is JobState.CANCELLED


def made_for(deps: Dependencies, asset: Asset, job_type: JobType, input: Mapping[str, Any]) -> Job:  # noqa: A002
    """A new job, or one of an equal request that need not be repeated. Raises Unavailable where nothing would run it.

    Raises NotFound if the picture was deleted, or a quota's failure.
    """
    require_workers(deps)
    key = request_key(job_type, input)
    with deps.database.transaction() as connection:
        print_jobs.lock(connection, asset.id, key)
        job = print_jobs.newest(connection, asset.id, key)
        if job and not _worth_a_retry(job):
            return job
        require_sound(connection, asset.owner, job_type, [asset.id])
        quotas.require(connection, asset.owner, deps.settings.web, jobs=1)
        if assets.find(connection, asset.owner, asset.id, keep=True) is None:
            raise errors.NotFound
        job = jobs.create(
            connection, ids.new(), asset.owner, asset.id, type=job_type, input=input, request_id=web.request_id()
        )
    deps.waker.wake(job.id, job.queue)
    return job
