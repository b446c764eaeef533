"""Whether a caller's picture can be the background of a cut-out."""

from uuid import UUID

from shared import errors, images
from shared.db import assets
from shared.db.pool import Connection
from shared.models.cutout import CutoutInput
from shared.models.job import Job, JobType
from shared.models.owner import Owner


def require(connection: Connection, owner: Owner, asset_id: UUID) -> None:
    """Raise NotFound or InvalidRequest, naming the field, unless it can. It may be deleted before the job runs."""
    found = assets.find(connection, owner, asset_id)
    if found is None:
        message = "You have no such picture for the background."
        raise errors.NotFound(message, details={"fields": {"bgAsset": message}})
    if images.is_unverified(found.content_type, found.width, found.height):
        message = "A WebP picture of more than 16 megapixels cannot be a background."
        raise errors.InvalidRequest(message, details={"fields": {"bgAsset": message}})


def require_of(connection: Connection, job: Job) -> None:
    """Raise SourceMissing if the job needs a picture for its background that was deleted."""
    if job.type != JobType.CUTOUT:
        return
    asset_id = CutoutInput.read(job.input).rendering.bg_asset
    if asset_id and assets.find(connection, job.owner, asset_id) is None:
        raise errors.SourceMissing("The picture for the background no longer exists.")
