"""Designs are checked for print at their size: by jobs that are shared, waited for by nobody, and started again."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from shared.db import job_queue
from shared.models.job import Job, JobFailure, JobType, Outcome, Timings
from shared.models.print_check import Code, Finding, Level, PrintCheckInput, PrintCheckResult, PrintMethod
from tests.services.api.client import body, upload
from tests.services.api.conftest import Api, Start
from tests.shared.db import catalogue

PATH = "/api/designs"
_FINDING = Finding(Code.DPI, Level.WARN, 120, 150, "Print it smaller.", ())


@pytest.fixture
def product(api: Api) -> UUID:
    return _tee(api)


def _tee(api: Api) -> UUID:
    """A T-shirt, in black and white."""
    made = catalogue.tee(api.deps.database)
    with api.deps.database.transaction() as connection:
        catalogue.variant(connection, made, "white", colour="White", colour_hex="ffffff")
    return made


def _asked(asset: dict[str, Any], product: UUID, left_mm: float = 10, **others: Any) -> dict[str, Any]:
    front = {"placement": "front", "assetId": asset["id"], "method": "dtf"}
    placed = {**front, "leftMm": left_mm, "topMm": 10, "widthMm": 120}
    return {"productId": str(product), "color": "1c1c1f", "placements": [placed], **others}


def _front(client: FlaskClient, design: dict[str, Any]) -> dict[str, Any]:
    (front,) = body(client.get(f"{PATH}/{design['id']}"))["placements"]
    return dict(front)


def _finish(api: Api) -> Job:
    job = api.claim()
    result = PrintCheckResult(job.asset_id, 40, 30, ok=True, score=80, findings=(_FINDING,), figures=None)
    with api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(result.json()), Timings())
    return job


def _jobs(client: FlaskClient) -> list[dict[str, Any]]:
    return list(body(client.get("/api/jobs"))["items"])


def test_a_new_design_is_checked_at_its_size_by_its_method_on_its_colour(
    api: Api, guest: FlaskClient, product: UUID
) -> None:
    design = body(guest.post(PATH, json=_asked(upload(guest), product)))
    (front,) = design["placements"]
    assert front["check"] is None
    assert body(guest.get(front["checkUrl"]))["status"] == "queued"
    job = _finish(api)
    assert job.type == JobType.PRINT_CHECK
    checked = PrintCheckInput.read(job.input)
    assert (checked.width_mm, checked.garment, checked.method) == (120, (28, 28, 31), PrintMethod.DTF)
    for shown in (_front(guest, design), body(guest.get(PATH))["items"][0]["placements"][0]):
        assert (shown["check"]["ok"], shown["check"]["score"]) == (True, 80)
        assert shown["check"]["findings"][0]["fix"] == "Print it smaller."


def test_the_same_size_elsewhere_is_the_same_check_and_another_colour_is_not(
    api: Api, guest: FlaskClient, product: UUID
) -> None:
    asset = upload(guest)
    design = body(guest.post(PATH, json=_asked(asset, product)))
    guest.post(PATH, json=_asked(asset, product, left_mm=20))
    guest.post(f"{PATH}/{design['id']}/copy", json={})
    assert len(_jobs(guest)) == 1
    _finish(api)
    changed = body(guest.patch(f"{PATH}/{design['id']}", json={"color": "ffffff"}))
    assert changed["placements"][0]["check"] is None
    assert len(_jobs(guest)) == 2


def test_without_workers_designs_are_kept_and_not_checked(environment: pytest.MonkeyPatch, start: Start) -> None:
    environment.setenv("PRINT_INSTANCES", "0")
    api = start()
    guest = api.guest()
    made = guest.post(PATH, json=_asked(upload(guest), catalogue.tee(api.deps.database)))
    assert made.status_code == 201
    assert (body(made)["placements"][0]["check"], body(made)["placements"][0]["checkUrl"]) == (None, None)
    assert _jobs(guest) == []


def test_a_full_quota_of_jobs_keeps_no_design_from_being_made(environment: pytest.MonkeyPatch, start: Start) -> None:
    environment.setenv("QUOTA_UNFINISHED_JOBS", "1")
    api = start()
    guest, product = api.guest(), _tee(api)
    asset = upload(guest)
    guest.post(PATH, json=_asked(asset, product))
    second = body(guest.post(PATH, json=_asked(asset, product, color="ffffff")))
    assert second["placements"][0]["checkUrl"] is None
    _finish(api)
    assert _front(guest, second)["checkUrl"]  # a read has room for it now


def test_a_check_that_has_left_is_started_by_a_read(api: Api, guest: FlaskClient, product: UUID) -> None:
    design = body(guest.post(PATH, json=_asked(upload(guest), product)))
    _finish(api)
    with api.deps.database.transaction() as connection:
        connection.execute("delete from jobs")
    front = _front(guest, design)
    assert (front["check"], len(_jobs(guest))) == (None, 1)


def test_a_check_that_failed_is_not_started_by_each_read(api: Api, guest: FlaskClient, product: UUID) -> None:
    design = body(guest.post(PATH, json=_asked(upload(guest), product)))
    with api.deps.database.transaction() as connection:
        assert job_queue.fail(connection, api.claim(), JobFailure.POISON, "It crashed.", Timings())
    front = _front(guest, design)
    assert (front["check"], body(guest.get(front["checkUrl"]))["status"]) == (None, "failed")
    assert len(_jobs(guest)) == 1
