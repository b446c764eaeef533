"""Answers that several views give, and how they are told to OpenAPI."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from pydantic import BaseModel

from services.api import schemas
from services.api.dependencies import Dependencies
from shared import errors, failpoints
from shared.db import assets, jobs
from shared.models.asset import Asset
from shared.models.job import Job
from shared.models.owner import Owner


def told(answer: type[BaseModel] | str | None, *statuses: int) -> dict[str | int, Any]:
    """The `responses` of an operation: the answer under each status, the error envelope under every other.

    An answer is a model, a content type, or None for an empty one.
    """
    said = {"content": {answer: {"schema": {"type": "string"}}}} if isinstance(answer, str) else answer
    return {**dict.fromkeys(statuses, said), "4XX": schemas.ErrorOut, "5XX": schemas.ErrorOut}


def asset(deps: Dependencies, kept: Asset, fresh: bool) -> Response:
    """201 for a picture that is new, 200 for one that was here."""
    answer = jsonify(schemas.asset_out(kept, deps.urls).json_ready())
    answer.status_code = 201 if fresh else 200
    return answer


def accepted(deps: Dependencies, made: Job) -> Response:
    """202 for a job, to be given once its row is committed."""
    body = schemas.accepted(made, deps.urls)
    answer = jsonify(body.json_ready())
    answer.status_code = 202
    answer.headers["Location"] = body.status_url
    return answer


def announced(deps: Dependencies, made: Job, answer: Response) -> Response:
    """The answer, after the wake-up has been rung for a committed job; unheard, it only starts a little later."""
    failpoints.reach("a3")
    deps.waker.wake(made.id)
    failpoints.reach("a4")
    failpoints.reach("a5")
    return answer


def find_job(deps: Dependencies, owner: Owner | None, job_id: UUID) -> Job:
    """A job within reach (`auth.reach`); another's is as unknown as none."""
    with deps.database.transaction() as connection:
        found = jobs.find(connection, owner, job_id)
    if found is None:
        raise errors.NotFound
    return found


def find_asset(deps: Dependencies, owner: Owner | None, asset_id: UUID) -> Asset:
    """As `find_job`, a picture."""
    with deps.database.transaction() as connection:
        found = assets.find(connection, owner, asset_id)
    if found is None:
        raise errors.NotFound
    return found


def job(deps: Dependencies, found: Job) -> dict[str, Any]:
    return schemas.job_out(found, deps.urls).json_ready()
