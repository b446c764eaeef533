"""Rows by id, as far as the caller may see them (`auth.visible_owner`). Other callers' rows are NotFound, like none."""

from uuid import UUID

from services.api.dependencies import Dependencies
from shared import errors
from shared.db import assets, jobs
from shared.models.asset import Asset
from shared.models.job import Job
from shared.models.owner import Owner


def job(deps: Dependencies, owner: Owner | None, job_id: UUID) -> Job:
    with deps.database.transaction() as connection:
        found = jobs.find(connection, owner, job_id)
    if found is None:
        raise errors.NotFound
    return found


def asset(deps: Dependencies, owner: Owner | None, asset_id: UUID) -> Asset:
    with deps.database.transaction() as connection:
        found = assets.find(connection, owner, asset_id)
    if found is None:
        raise errors.NotFound
    return found
