"""What is made when it is asked for: found, waited for, refused, made again; equal requests share one job."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from shared.db import assets, job_queue, jobs
from shared.models.job import Job, JobFailure, Outcome, Timings
from shared.models.print_check import Code, Finding, Level, PrintCheckResult
from tests.services import pictures
from tests.services.api.client import bearer, body, refused, upload
from tests.services.api.conftest import Api, Start

_FINDING = Finding(Code.EMPTY, Level.FAIL, 0, 1, "Choose another picture.", ())


def _path(asset: dict[str, Any], query: str = "") -> str:
    return f"/api/assets/{asset['id']}/print-check{query}"


def _finish(api: Api, job: Job | None = None) -> Job:
    job = job or api.claim()
    result = PrintCheckResult(job.asset_id, 40, 30, ok=False, score=0, findings=(_FINDING,), figures=None)
    with api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(result.json()), Timings())
    return job


def _fail(api: Api, failure: JobFailure, message: str) -> None:
    with api.deps.database.transaction() as connection:
        assert job_queue.fail(connection, api.claim(), failure, message, Timings())


def test_the_first_request_makes_a_job_and_the_next_ones_wait_for_it(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    first, second = guest.get(_path(asset)), guest.get(_path(asset))
    assert (first.status_code, second.status_code) == (202, 202)
    assert body(first) == body(second)
    assert first.headers["Location"] == body(first)["statusUrl"]
    assert first.headers["Retry-After"] == "1"
    job = body(guest.get(first.headers["Location"]))
    assert (job["type"], job["assetId"], job["status"], job["result"]) == ("print_check", asset["id"], "queued", None)


def test_without_a_worker_of_print_jobs_none_is_made(environment: pytest.MonkeyPatch, start: Start) -> None:
    environment.setenv("PRINT_INSTANCES", "0")
    guest = start().guest()
    refused(guest.get(_path(upload(guest))), 503, "unavailable")


def test_a_finished_job_answers_equal_requests_only(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    accepted = body(guest.get(_path(asset, "?garment=black")))
    _finish(api)
    done = guest.get(_path(asset, "?garment=%23000000&method=dtg"))  # said otherwise
    assert done.status_code == 200
    assert (body(done)["score"], body(done)["findings"][0]["fix"]) == (0, "Choose another picture.")
    assert body(guest.get(accepted["statusUrl"]))["result"] == body(done)
    assert guest.get(_path(asset)).status_code == 202
    assert guest.get(_path(upload(guest, pictures.png()), "?garment=black")).status_code == 202


def test_a_refusal_is_answered_with_its_code(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    guest.get(_path(asset))
    _fail(api, JobFailure.NO_INK, "It is all transparent.")
    refused(guest.get(_path(asset)), 422, "no_ink")
    refused(guest.get(_path(asset)), 422, "no_ink")


def test_what_failed_for_another_reason_or_was_cancelled_is_made_again(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    first = body(guest.get(_path(asset)))
    _fail(api, JobFailure.POISON, "It crashed.")
    second = body(guest.get(_path(asset)))
    assert second["id"] != first["id"]
    guest.delete(second["statusUrl"])
    assert body(guest.get(_path(asset)))["id"] not in (first["id"], second["id"])


def _poison(api: Api, guest: FlaskClient, path: str) -> None:
    """A job of its own for the request, which fails each time."""
    assert guest.get(path).status_code == 202
    _fail(api, JobFailure.POISON, "It crashed.")


def test_a_picture_that_crashes_every_worker_is_tried_twice_a_day_however_it_is_asked_for(api: Api) -> None:
    guest = api.guest()
    asset, other = upload(guest), upload(guest, pictures.png(shade=1))
    for query in ("", "?method=dtf"):
        _poison(api, guest, _path(asset, query))
    for query in ("", "?method=dtf", "?widthMm=99"):
        refused(guest.get(_path(asset, query)), 422, "poison")
    assert guest.get(_path(other)).status_code == 202
    assert guest.get(f"/api/assets/{asset['id']}/cutline").status_code == 202
    with api.deps.database.transaction() as connection:
        connection.execute("update jobs set created_at = created_at - interval '1 day'")
    assert guest.get(_path(asset)).status_code == 202


def test_a_result_is_shown_although_other_jobs_of_the_picture_crashed(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    guest.get(_path(asset))
    _finish(api)
    for query in ("?method=dtf", "?method=screen"):
        _poison(api, guest, _path(asset, query))
    assert guest.get(_path(asset)).status_code == 200


def test_equal_requests_at_once_share_one_job(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    headers = bearer(guest)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.app.test_client().get(_path(asset), headers=headers), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({body(answer)["id"] for answer in answers}) == 1


def test_another_callers_picture_does_not_exist(api: Api) -> None:
    guest, other = api.guest(), api.guest()
    asset = upload(guest)
    upload(other)
    refused(other.get(_path(asset)), 404, "not_found")
    refused(api.guest().get(_path(asset)), 404, "not_found")
    guest.delete(f"/api/assets/{asset['id']}")
    refused(guest.get(_path(asset)), 404, "not_found")


@pytest.mark.parametrize("kind", ["mask", "preview", "file"])
def test_what_is_no_design_is_refused(api: Api, guest: FlaskClient, kind: str) -> None:
    asset = upload(guest)
    with api.deps.database.transaction() as connection:
        connection.execute("update assets set kind = %s where id = %s", [kind, asset["id"]])
    refused(guest.get(_path(asset)), 400, "invalid_request")


def test_the_jobs_count_in_the_quota(environment: pytest.MonkeyPatch, start: Any) -> None:
    environment.setenv("QUOTA_UNFINISHED_JOBS", "1")
    api = start()
    guest = api.guest()
    asset = upload(guest)
    assert guest.get(_path(asset)).status_code == 202
    refused(guest.get(_path(asset, "?method=dtf")), 429, "job_quota")
    assert guest.get(_path(asset)).status_code == 202  # it is there already


def test_of_a_cutouts_other_file_the_transparent_one_is_printed(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    whole, rendered = upload(guest, pictures.png(shade=1)), upload(guest, pictures.png(shade=2))
    with api.deps.database.transaction() as connection:
        job = jobs.create(connection, UUID(int=7), api_owner(connection, asset), UUID(asset["id"]))
        connection.execute(
            "update assets set kind = 'cutout', job_id = %s where id = any(%s)",
            [job.id, [UUID(whole["id"]), UUID(rendered["id"])]],
        )
    assert body(guest.get(_path(rendered)))["assetId"] == whole["id"]
    assert body(guest.get(_path(whole)))["assetId"] == whole["id"]


def api_owner(connection: Any, asset: dict[str, Any]) -> Any:
    found = assets.find(connection, None, UUID(asset["id"]))
    assert found is not None
    return found.owner
