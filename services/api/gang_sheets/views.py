"""Gang sheets: order one, see what lies where, and get a sheet as a file, also one that nobody asked for at first."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response

from services.api import lookup, quotas
from services.api.dependencies import Dependencies
from services.api.gang_sheets.schemas import GangSheetOut, NewGangSheet, SheetFileOut, SheetPath, SheetQuery
from services.api.jobs.schemas import Accepted, JobPath
from services.api.middleware import auth
from services.api.middleware.idempotency import once
from services.api.print import derived
from services.api.schemas import IdempotencyHeaders
from shared import errors, web
from shared.db import assets, ids, jobs
from shared.db.pool import Connection
from shared.models.gang_sheet import GangSheetInput, GangSheetResult, Sheet, SheetFormat
from shared.models.job import Job, JobFailure, JobState, JobType
from shared.models.owner import Owner

_FAILURES = {**derived.REFUSALS, JobFailure.POISON: errors.Poison}


def create(deps: Dependencies, header: IdempotencyHeaders, body: NewGangSheet) -> Response:  # noqa: ARG001 - validates
    """Create gang sheet.

    Lays copies of your pictures out on as little film as possible, on several sheets if need be, and writes them at 300
    dpi. The job's id is the gang sheet's. It fails with `does_not_fit` if a picture is larger than a sheet.
    """
    derived.require_workers(deps)
    owner = auth.writer()
    with once(deps.database, owner, body.model_dump_json()) as record, deps.database.transaction() as connection:
        quotas.require(connection, owner, deps.settings.web, jobs=1)
        printed = [_printed(connection, owner, at, item.asset_id) for at, item in enumerate(body.items)]
        derived.require_sound(connection, owner, JobType.GANG_SHEET, printed)
        settings = deps.settings
        asked = body.input(printed, settings.printing.spot_white, settings.web.gang_sheet_cents_per_m)
        job = jobs.create(
            connection,
            ids.new(),
            owner,
            printed[0],
            type=JobType.GANG_SHEET,
            input=asked.json(),
            request_id=web.request_id(),
        )
        response = Accepted.answer(job, deps.urls)
        record(connection, response)
    deps.waker.wake(job.id, job.queue)
    return response


def show(deps: Dependencies, path: JobPath) -> GangSheetOut:
    """Get gang sheet.

    Shows what was asked for and, once its job is done, its sheets, its price and where each copy lies.
    """
    return GangSheetOut.of(_job(deps, path.job_id), deps.urls)


def sheet(deps: Dependencies, path: SheetPath, query: SheetQuery) -> Response:
    """Get sheet.

    Gives the address of a sheet's file in a format. One that is not there yet is made of the stored placements: until
    it is done, the response is 202 and `Location` the job.
    """
    job, kind = _job(deps, path.job_id), query.format
    if job.error:
        raise _FAILURES.get(job.error.code, errors.NotFound)(job.error.message)
    if job.status is JobState.CANCELLED:
        raise errors.NotFound("This gang sheet was cancelled.")
    if not job.result:
        return derived.accepted(deps, job)
    made = GangSheetResult.read(job.result)
    if path.number > len(made.sheets):
        raise errors.NotFound("This gang sheet has no such sheet.")
    stored = made.sheets[path.number - 1]
    if kind in stored.files and _exist(deps, stored.keys(kind)):
        return SheetFileOut.of(stored, kind, deps.urls).response(200)

    def present(result: Mapping[str, Any]) -> SheetFileOut:
        return SheetFileOut.of(_only(result), kind, deps.urls)

    again = _again(GangSheetInput.read(job.input), made, path.number - 1, kind)
    return derived.answer(deps, job.asset_id, JobType.GANG_SHEET, again.json(), present)


def _printed(connection: Connection, owner: Owner, at: int, asset_id: UUID) -> UUID:
    """The picture that is printed for an item. Raises NotFound or InvalidRequest, naming the field."""
    asset = assets.find(connection, owner, asset_id, keep=True)
    if asset is None:
        message = f"You have no such picture as that of item {at + 1}."
        raise errors.NotFound(message, details={"fields": {f"items.{at}.assetId": message}})
    return derived.printed(connection, asset).id


def _job(deps: Dependencies, job_id: UUID) -> Job:
    job = lookup.require(deps, jobs.find, auth.visible_owner(), job_id)
    if job.type != JobType.GANG_SHEET:
        raise errors.NotFound
    return job


def _exist(deps: Dependencies, keys: Iterable[str]) -> bool:
    with deps.database.transaction() as connection:
        return all(assets.by_key(connection, key) for key in keys)


def _only(result: Mapping[str, Any]) -> Sheet:
    (only,) = GangSheetResult.read(result).sheets
    return only


def _again(asked: GangSheetInput, made: GangSheetResult, sheet: int, kind: SheetFormat) -> GangSheetInput:
    """A job that writes one sheet in one format, with everything where it lies already."""
    placements = tuple(replace(one, sheet=0) for one in made.placements if one.sheet == sheet)
    return replace(asked, formats=(kind,), placements=placements, cents_per_m=0)
