"""Jobs: created, shown, listed, cancelled and retried."""

import base64
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.assets.url_signing import ASSET_S
from shared.db import job_queue
from shared.models.cutout import CutoutResult, Foreground, Provider
from shared.models.job import JobFailure, Outcome, Timings
from tests.services import pictures
from tests.services.api.client import body, cut_out, key_of, refused, send, upload
from tests.services.api.conftest import Api

_TIMINGS = Timings(queued_ms=1, fetch_ms=2, remove_ms=3, store_ms=4, total_ms=10)
_NO_TIMINGS = dict.fromkeys(("queuedMs", "fetchMs", "removeMs", "storeMs", "totalMs"))


def _finish(api: Api) -> UUID:
    """Finish the next job; returns the id of the cut-out."""
    job = api.claim()
    box = Foreground(top=1, left=2, width=3, height=4)
    cutout, preview, mask = (f"{digit * 64}.png" for digit in "abc")
    result = CutoutResult(uuid4(), cutout, preview, mask, 40, 30, 999, "compact", 0.0123, box, cost_microusd=2_500)
    with api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(result.json(), provider=Provider.SELF_HOSTED), _TIMINGS)
    return result.asset_id


def _fail(api: Api) -> None:
    job = api.claim()
    with api.deps.database.transaction() as connection:
        assert job_queue.fail(connection, job, JobFailure.UNKNOWN_FOREGROUND, "Nothing stands out.", _TIMINGS)


def _show(guest: FlaskClient, accepted: dict[str, Any]) -> dict[str, Any]:
    response = guest.get(accepted["statusUrl"])
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    return body(response)


def _make(guest: FlaskClient, **fields: Any) -> TestResponse:
    return guest.post("/api/jobs", json=fields)


def test_a_new_job_is_shown_as_in_the_contract(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    job = _show(guest, accepted)
    assert job.pop("createdAt").endswith("Z")
    assert job == {
        "id": accepted["id"],
        "type": "cutout",
        "assetId": accepted["assetId"],
        "status": "queued",
        "progress": 0,
        "attempts": 0,
        "priority": 5,
        "provider": None,
        "options": {},
        "startedAt": None,
        "finishedAt": None,
        "timings": _NO_TIMINGS,
        "result": None,
        "error": None,
        "steps": [],
    }


def test_a_finished_job_shows_its_result(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    asset_id = _finish(api)
    job = _show(guest, accepted)
    assert (job["status"], job["progress"], job["attempts"], job["provider"]) == ("done", 100, 1, "self_hosted")
    assert job["createdAt"] <= job["startedAt"] <= job["finishedAt"]
    assert job["timings"] == {"queuedMs": 1, "fetchMs": 2, "removeMs": 3, "storeMs": 4, "totalMs": 10}
    assert job["result"] == {
        "type": "cutout",
        "assetId": str(asset_id),
        "cutoutUrl": api.deps.urls.asset("a" * 64 + ".png"),
        "previewUrl": api.deps.urls.asset("b" * 64 + ".png"),
        "maskUrl": api.deps.urls.asset("c" * 64 + ".png"),
        "width": 40,
        "height": 30,
        "bytes": 999,
        "model": "compact",
        "uncertain": 0.0123,
        "foreground": {"top": 1, "left": 2, "width": 3, "height": 4},
        "costUsd": 0.0025,
        "passedThrough": False,
        "method": None,
        "precision": None,
        "print": None,
        "printUrl": None,
        "printAssetId": None,
        "printEdges": None,
    }


def test_a_job_and_its_events_sign_addresses_afresh(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _finish(api)
    first = _show(guest, accepted)["result"]["cutoutUrl"]
    later_s = time.time() + 3 * ASSET_S
    monkeypatch.setattr("services.api.assets.url_signing.time.time", lambda: later_s)
    renewed = _show(guest, accepted)["result"]["cutoutUrl"]
    assert renewed != first
    assert key_of(renewed) == key_of(first)
    assert body(guest.get("/api/jobs"))["items"][0]["result"]["cutoutUrl"] == renewed
    assert f'"{renewed}"' in guest.get(accepted["eventsUrl"], buffered=True).text


def test_a_failed_job_shows_its_error(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _fail(api)
    job = _show(guest, accepted)
    assert (job["status"], job["result"]) == ("failed", None)
    assert job["error"] == {"code": "unknown_foreground", "message": "Nothing stands out."}


def test_a_stored_picture_can_be_cut_out(guest: FlaskClient) -> None:
    asset = upload(guest)
    response = _make(guest, assetId=asset["id"], type="cutout")
    accepted = body(response)
    assert response.status_code == 202
    assert response.headers["Location"] == accepted["statusUrl"] == f"/api/jobs/{accepted['id']}"
    assert set(accepted) == {"id", "assetId", "status", "statusUrl", "eventsUrl"}
    assert (accepted["assetId"], accepted["status"]) == (asset["id"], "queued")
    assert _show(guest, accepted)["assetId"] == asset["id"]


def test_an_invalid_request_is_refused_field_by_field(guest: FlaskClient) -> None:
    some = str(UUID(int=1))
    for fields, wrong in (
        ({}, {"assetId", "type"}),
        ({"assetId": "x", "type": "cutout"}, {"assetId"}),
        ({"assetId": 7, "type": "cutout"}, {"assetId"}),
        ({"assetId": some, "type": "sticker"}, {"type"}),
        ({"assetId": some, "type": "cutout", "colour": "red"}, {"colour"}),
    ):
        details = refused(_make(guest, **fields), 400, "invalid_request")
        assert set(details["fields"]) == wrong


def test_a_body_that_is_not_an_object_is_refused(guest: FlaskClient) -> None:
    for text in ("{bad", "", "[]", '"text"', "7", "null", "\x00", "[" * 60_000):
        refused(guest.post("/api/jobs", data=text, content_type="application/json"), 400, "invalid_request")


def test_a_body_of_another_content_type_than_json_is_refused(guest: FlaskClient) -> None:
    asset = upload(guest)
    text = f'{{"assetId": "{asset["id"]}", "type": "cutout"}}'
    refused(guest.post("/api/jobs", data=text, content_type="text/plain"), 400, "invalid_request")


def test_a_job_for_another_caller_s_or_a_deleted_picture_is_refused(api: Api) -> None:
    owner, other = api.guest(), api.guest()
    asset = upload(owner)
    upload(other, pictures.png())
    refused(_make(other, assetId=asset["id"], type="cutout"), 404, "not_found")
    assert owner.delete(f"/api/assets/{asset['id']}").status_code == 204
    refused(_make(owner, assetId=asset["id"], type="cutout"), 404, "not_found")


def test_jobs_are_listed_newest_first_page_by_page(guest: FlaskClient) -> None:
    made = [cut_out(guest)["id"] for _ in range(5)]
    seen: list[list[str]] = []
    more: str | None = "/api/jobs?limit=2"
    while more:
        page = body(guest.get(more))
        seen.append([job["id"] for job in page["items"]])
        more = page["nextCursor"] and f"/api/jobs?limit=2&cursor={page['nextCursor']}"
        cut_out(guest)  # a new job shifts no page
    assert seen == [[made[4], made[3]], [made[2], made[1]], [made[0]]]


def test_a_listed_job_is_the_job_itself(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    assert body(guest.get("/api/jobs"))["items"] == [_show(guest, accepted)]


def test_jobs_are_listed_by_status(api: Api) -> None:
    guest = api.guest()
    done = cut_out(guest)
    _finish(api)
    queued = cut_out(guest)

    def listed(status: str) -> list[str]:
        return [job["id"] for job in body(guest.get(f"/api/jobs?status={status}"))["items"]]

    assert listed("done") == [done["id"]]
    assert listed("queued") == [queued["id"]]
    assert listed("failed") == []
    refused(guest.get("/api/jobs?status=lost"), 400, "invalid_request")


def test_an_invalid_query_is_refused(guest: FlaskClient) -> None:
    for query in ("limit=0", "limit=101", "limit=x", "limit=", "sort=age", "cursor=" + "x" * 201):
        refused(guest.get(f"/api/jobs?{query}"), 400, "invalid_request")
        refused(guest.get(f"/api/assets?{query}"), 400, "invalid_request")


def test_an_invalid_cursor_is_refused(guest: FlaskClient) -> None:
    upload(guest)
    nowhere = base64.urlsafe_b64encode(f"2026-01-01 {UUID(int=1)}".encode()).decode()  # a time without its zone
    for cursor in ("x", "AAAA", "%FF", "MjAyNi0wMS0wMSB4", nowhere):
        refused(guest.get(f"/api/jobs?cursor={cursor}"), 400, "invalid_cursor")
        refused(guest.get(f"/api/assets?cursor={cursor}"), 400, "invalid_cursor")


def test_a_waiting_job_can_be_cancelled_once(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    response = guest.delete(accepted["statusUrl"])
    job = body(response)
    assert response.status_code == 200
    assert job["status"] == "cancelled"
    assert job["finishedAt"] is not None
    assert job == _show(guest, accepted)
    refused(guest.delete(accepted["statusUrl"]), 409, "job_finished")


def test_a_running_job_can_be_cancelled_and_its_worker_is_fenced_off(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    job = api.claim()
    assert body(guest.delete(accepted["statusUrl"]))["status"] == "cancelled"
    with api.deps.database.transaction() as connection:
        assert not job_queue.fail(connection, job, JobFailure.POISON, "too late", _TIMINGS)
    assert _show(guest, accepted)["status"] == "cancelled"


@pytest.mark.parametrize("end", [_finish, _fail])
def test_a_finished_job_cannot_be_cancelled(api: Api, end: Any) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    end(api)
    refused(guest.delete(accepted["statusUrl"]), 409, "job_finished")


def test_a_failed_job_is_retried_under_its_id(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _fail(api)
    response = guest.post(f"{accepted['statusUrl']}/retry")
    assert response.status_code == 202
    assert response.headers["Location"] == accepted["statusUrl"]
    assert body(response) == accepted
    job = _show(guest, accepted)
    assert (job["status"], job["attempts"], job["progress"], job["error"]) == ("queued", 0, 0, None)
    assert (job["startedAt"], job["finishedAt"], job["timings"]) == (None, None, _NO_TIMINGS)
    assert str(api.claim().id) == accepted["id"]


def test_a_cancelled_job_is_retried(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    guest.delete(accepted["statusUrl"])
    assert guest.post(f"{accepted['statusUrl']}/retry").status_code == 202
    assert _show(guest, accepted)["status"] == "queued"


def test_a_job_of_a_deleted_picture_is_not_retried(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    _fail(api)
    assert guest.delete(f"/api/assets/{accepted['assetId']}").status_code == 204
    refused(guest.post(f"{accepted['statusUrl']}/retry"), 409, "source_missing")
    assert _show(guest, accepted)["status"] == "failed"
    cut_out(guest)  # the same bytes again are another picture
    refused(guest.post(f"{accepted['statusUrl']}/retry"), 409, "source_missing")


def test_a_job_whose_background_is_deleted_is_not_retried(api: Api) -> None:
    guest = api.guest()
    background = upload(guest, pictures.jpeg(shade=5))["id"]
    accepted = body(send(guest, f"/api/cutouts?bgAsset={background}", pictures.jpeg()))
    _fail(api)
    assert guest.delete(f"/api/assets/{background}").status_code == 204
    refused(guest.post(f"{accepted['statusUrl']}/retry"), 409, "source_missing")
    assert _show(guest, accepted)["status"] == "failed"


def test_only_a_failed_or_cancelled_job_is_retried(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    again = f"{accepted['statusUrl']}/retry"
    refused(guest.post(again), 409, "job_not_failed")
    job = api.claim()
    refused(guest.post(again), 409, "job_not_failed")
    with api.deps.database.transaction() as connection:
        job_queue.release(connection, job, 0, counts=False)
    _finish(api)
    refused(guest.post(again), 409, "job_not_failed")
