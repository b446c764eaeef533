"""Print checks of designs: each placement at its size, by its method, on the colour of the garment.

A check is a job of the picture. Writing a design starts those that are missing; so does reading one whose jobs have
left after their retention. Nothing waits for them.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.print import derived
from shared import errors
from shared.db import assets, print_jobs
from shared.db.pool import Connection
from shared.models.design import Design, Placement
from shared.models.job import Job, JobType, request_key

Key = tuple[UUID, str]
Found = Mapping[Key, Job]


def key(design: Design, placement: Placement) -> Key:
    """By which the job of a placement's check is found."""
    asked = placement.print_check(design.colour).json()
    return placement.asset_id, request_key(JobType.PRINT_CHECK, asked)


def find(connection: Connection, designs: Collection[Design]) -> Found:
    """The jobs of all placements that have one."""
    return print_jobs.newest_of(connection, [key(design, one) for design in designs for one in design.placements])


def start(deps: Dependencies, design: Design) -> Found:
    """The jobs of all placements; those that had none are queued, as long as workers are there and the quota lasts."""
    with deps.database.transaction() as connection:
        found = find(connection, [design])
    if not deps.settings.web.print_instances:
        return found
    missing = [one for one in design.placements if one.picture_key and key(design, one) not in found]
    started = {key(design, one): job for one in missing if (job := _start(deps, design, one))}
    return {**found, **started}


def _start(deps: Dependencies, design: Design, placement: Placement) -> Job | None:
    """None where it must wait for a later read, as the quota is used up, or where the picture is gone or poison."""
    with deps.database.transaction() as connection:
        asset = assets.find(connection, design.owner, placement.asset_id)
    if asset is None:
        return None
    with suppress(errors.NotFound, errors.Poison, errors.JobQuota, errors.StorageQuota):
        return derived.made_for(deps, asset, JobType.PRINT_CHECK, placement.print_check(design.colour).json())
    return None
