"""A chain is one job with steps: what it shows of them, and that each can be cancelled and retried alone."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from shared.db import assets, ids, job_queue
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutResult, Foreground
from shared.models.job import FollowUp, Job, JobFailure, JobType, Outcome, Timings
from shared.models.print_check import PrintCheckResult
from shared.models.print_edges import Gate, PrintEdgesResult, Removed
from tests.services.api.client import body, cut_out, key_of, refused, upload
from tests.services.api.conftest import Api, Start

EDGES_KEY = "e" * 64 + ".png"


def _made(job: Job, kind: AssetKind, key: str) -> Asset:
    return Asset(
        ids.new(), job.owner, kind, key, key[:64], "image/png", 40, 30, 99, job.created_at, job_id=job.id,
        stored_sha256=key[:64], made_of=job.asset_id,
    )  # fmt: skip


def _finish(api: Api, result: Any, made: tuple[Asset, ...] = (), *following: FollowUp, job: Job | None = None) -> None:
    with api.deps.database.transaction() as connection:
        outcome = Outcome(result.json(), made, follow_ups=following)
        assert job_queue.finish(connection, job or api.claim(), outcome, Timings())


def _cut(api: Api) -> None:
    """End the cut-out, which print edges follow."""
    job = api.claim()
    cutout = _made(job, AssetKind.CUTOUT, "a" * 64 + ".png")
    result = CutoutResult(cutout.id, cutout.key, cutout.key, cutout.key, 40, 30, 99, "u", 0.1, Foreground(0, 0, 4, 4))
    _finish(api, result, (cutout,), FollowUp(JobType.PRINT_EDGES, cutout.id), job=job)


def _harden(api: Api, gate: Gate) -> None:
    job = api.claim()
    file = _made(job, AssetKind.PRINT, EDGES_KEY)
    result = PrintEdgesResult(file.id, file.key, 40, 30, 99, gate, 0.1, -0.01, 5.5, Removed(2, 0.5, 1, 0.25))
    checked = job.asset_id if gate is Gate.ASK else file.id
    _finish(api, result, (file,), FollowUp(JobType.PRINT_CHECK, checked), job=job)


def _check(api: Api) -> None:
    job = api.claim()
    _finish(api, PrintCheckResult(job.asset_id, 40, 30, ok=True, score=100, findings=(), figures=None), job=job)


def _shown(guest: FlaskClient, accepted: dict[str, Any]) -> dict[str, Any]:
    return body(guest.get(accepted["statusUrl"]))


def test_the_job_shows_its_steps_and_in_the_end_what_they_made(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    assert _shown(guest, accepted)["steps"] == []
    _cut(api)
    job = _shown(guest, accepted)
    assert [(step["type"], step["status"], step["error"]) for step in job["steps"]] == [("print_edges", "queued", None)]
    assert [job["result"][name] for name in ("print", "printUrl", "printAssetId", "printEdges")] == [None] * 4
    _harden(api, Gate.APPLY)
    job = _shown(guest, accepted)
    assert [(step["type"], step["status"]) for step in job["steps"]] == [
        ("print_edges", "done"),
        ("print_check", "queued"),
    ]
    assert key_of(job["result"]["printUrl"]) == EDGES_KEY
    removed = {"parts": 2, "partsMm2": 0.5, "holes": 1, "holesMm2": 0.25}
    assert job["result"]["printEdges"] == {"gate": "apply", "uncertain": 0.1, "inkChange": -0.01, "removed": removed}
    _check(api)
    result = _shown(guest, accepted)["result"]
    assert (result["print"]["score"], result["print"]["assetId"]) == (100, result["printAssetId"])


def test_where_the_gate_asks_no_file_is_shown(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _cut(api)
    _harden(api, Gate.ASK)
    _check(api)
    result = _shown(guest, accepted)["result"]
    assert (result["printUrl"], result["printAssetId"], result["printEdges"]["gate"]) == (None, None, "ask")
    assert result["print"]["assetId"] == result["assetId"]
    edges = guest.get(f"/api/assets/{result['assetId']}/print-edges")
    assert (edges.status_code, body(edges)["gate"]) == (200, "ask")  # who decides for it, has it at once


def test_steps_stand_in_no_list_but_what_was_asked_for_does(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _cut(api)
    asked = body(guest.get(f"/api/assets/{accepted['assetId']}/print-check"))
    items = body(guest.get("/api/jobs"))["items"]
    assert [item["id"] for item in items] == [asked["id"], accepted["id"]]
    assert items[1] == _shown(guest, accepted)
    assert body(guest.get("/api/jobs?status=queued"))["items"] == [items[0]]


def test_a_step_is_cancelled_and_retried_alone(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _cut(api)
    (step,) = _shown(guest, accepted)["steps"]
    address = f"/api/jobs/{step['id']}"
    assert body(guest.delete(address))["status"] == "cancelled"
    assert _shown(guest, accepted)["steps"][0]["status"] == "cancelled"
    refused(api.guest().get(address), 404, "not_found")
    assert guest.post(f"{address}/retry").status_code == 202
    with api.deps.database.transaction() as connection:
        job_queue.fail(connection, api.claim(), JobFailure.POISON, "It crashed.", Timings())
    error = _shown(guest, accepted)["steps"][0]["error"]
    assert error == {"code": "poison", "message": "It crashed."}
    assert guest.post(f"{address}/retry").status_code == 202
    _harden(api, Gate.COMPARE)
    assert len(_shown(guest, accepted)["steps"]) == 2


def test_a_step_is_never_refused_and_counts_in_no_quota(environment: pytest.MonkeyPatch, start: Start) -> None:
    environment.setenv("QUOTA_UNFINISHED_JOBS", "1")
    api = start()
    guest = api.guest()
    accepted = cut_out(guest)
    _cut(api)
    assert _shown(guest, accepted)["steps"][0]["status"] == "queued"
    second = cut_out(guest)
    assert second["status"] == "queued"
    refused(guest.get(f"/api/assets/{upload(guest)['id']}/print-check"), 429, "job_quota")


def test_deleted_print_edges_are_made_again_when_asked_for(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _cut(api)
    _harden(api, Gate.APPLY)
    result = _shown(guest, accepted)["result"]
    path = f"/api/assets/{result['assetId']}/print-edges"
    assert body(guest.get(path))["assetId"] == result["printAssetId"]
    assert guest.delete(f"/api/assets/{result['printAssetId']}").status_code == 204
    assert guest.get(path).status_code == 202
    with api.deps.database.transaction() as connection:
        assert assets.find(connection, None, UUID(result["assetId"])) is not None
