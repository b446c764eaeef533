"""From a checked request to the job that answers it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from services.api.assets import ingest
from services.api.cutouts import backgrounds
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.upload_parser import Upload
from services.api.removebg import allowances, refusals
from services.api.removebg.fields import Asked
from services.api.removebg.refusals import Problem, Refusal
from shared import errors, web
from shared.db import assets, ids, jobs
from shared.db.api_keys import Key
from shared.models.asset import Asset
from shared.models.composition import Composition, Lengths, RoiExceedsBounds, RoiRegionEmpty, region
from shared.models.cutout import CutoutInput
from shared.models.job import Job

_MEGAPIXEL = 1_000_000
_NOT_FOR_GROUNDS = (errors.Busy, errors.Unavailable, errors.StorageQuota, errors.JobQuota)


@dataclass(frozen=True, slots=True)
class Queued:
    """The job, what it was asked for, and the headers of the rate limit."""

    job: Job
    asked: Asked
    headers: Mapping[str, str]


def queue(deps: Dependencies, key: Key, asked: Asked, source: Upload, background: Upload | None) -> Queued:
    """Store the pictures and queue their job, unless the same one waits already: a request that was sent again.

    Raises Refusal, or a failure of a picture or a quota.
    """
    owner = auth.writer()
    stored = ingest.store(deps, owner, source, jobs=1)
    units = -(-stored.width * stored.height // _MEGAPIXEL)
    headers = allowances.count(deps, key, units - 1, counted=1)
    _require_region(asked.composition.roi, stored)
    ground = _background(deps, background) if background else None
    with deps.database.transaction() as connection:
        asset, _ = assets.add(connection, stored)
        given = _input(asked.composition, ground)
        job = jobs.unfinished(connection, owner, asset.id, given) or jobs.create(
            connection, ids.new(), owner, asset.id, input=given, request_id=web.request_id()
        )
    deps.waker.wake(job.id, job.queue)
    return Queued(job, asked, headers)


def _input(composition: Composition, ground: Asset | None) -> dict[str, Any]:
    chosen = replace(composition, bg_asset=ground.id) if ground else composition
    return CutoutInput(composition=chosen).json()


def _require_region(roi: Lengths | None, picture: Asset) -> None:
    try:
        if roi:
            region(roi, picture.width, picture.height)
    except RoiExceedsBounds:
        raise Refusal([Problem("ROI exceeds image bounds", "roi_exceeds_bounds")]) from None
    except RoiRegionEmpty:
        raise Refusal([Problem("ROI region is empty", "roi_region_empty")]) from None


def _background(deps: Dependencies, received: Upload) -> Asset:
    with _told_of_the_background():
        stored = ingest.store(deps, auth.writer(), received)
        with deps.database.transaction() as connection:
            asset, _ = assets.add(connection, stored)
            backgrounds.require(connection, asset.owner, asset.id)
    return asset


@contextmanager
def _told_of_the_background() -> Iterator[None]:
    """What is wrong with the picture behind has codes of its own."""
    try:
        yield
    except _NOT_FOR_GROUNDS:
        raise
    except errors.UrlNotAllowed as failure:
        raise Refusal([refusals.bad_value("bg_image_url")._replace(detail=failure.public)]) from None
    except errors.SourceUnreachable as failure:
        raise Refusal([Problem("Failed to download background image", "failed_bg_download", failure.public)]) from None
    except errors.Failure as failure:
        raise Refusal([Problem("Failed to read background image", "failed_to_read_image", failure.public)]) from None
