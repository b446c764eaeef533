"""Batches: sent in every way, filled in parts, followed, cancelled, deleted, and each caller's own."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from services.worker.maintenance import Maintenance
from shared.models.owner import Scope
from shared.settings import Retention
from tests.services import pictures
from tests.services.api.batches.sending import PATH, fail, finish, send, send_zip, some, taken_in, zipped
from tests.services.api.client import body, cut_out, key_of, refused, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import with_key


def _created(client: FlaskClient, **given: Any) -> dict[str, Any]:
    response = send(client, some(2), **given)
    assert response.status_code == 202, response.text
    return body(response)


def _names(batch: dict[str, Any]) -> list[str]:
    return [item["name"] for item in batch["items"]]


def test_the_files_of_a_form_become_jobs_with_the_options_and_the_paths_given(api: Api) -> None:
    guest, files = api.guest(), {"a/one.jpg": pictures.jpeg(), "two.png": pictures.png()}
    response = send(guest, files, f"{PATH}?format=jpg&bgColor=tomato")
    made = body(response)
    assert (response.status_code, made["status"], made["pictures"]) == (202, "running", 2)
    assert made["statusUrl"] == f"/api/batches/{made['id']}"
    batch = taken_in(guest, made)
    assert batch["counts"] == {"waiting": 0, "queued": 2, "running": 0, "done": 0, "failed": 0, "cancelled": 0}
    assert _names(batch) == ["a/one.jpg", "two.png"]
    assert [item["sha256"] for item in batch["items"]] == [hashlib.sha256(data).hexdigest() for data in files.values()]
    for item in batch["items"]:
        job = body(guest.get(f"/api/jobs/{item['jobId']}"))
        assert (job["options"], job["assetId"]) == (batch["options"], item["assetId"])
        assert job["priority"] == 6  # behind a picture that someone waits for
    assert batch["options"] == {"format": "jpg", "bgColor": "#ff6347ff"}


@pytest.mark.parametrize("in_form", [False, True])
def test_the_files_of_a_zip_file_become_jobs(api: Api, in_form: bool) -> None:
    guest = api.guest()
    data = zipped({"b/x.png": pictures.png(), "b/": b"", "__MACOSX/b/._x.png": b"?", "b/y.png": pictures.png(shade=9)})
    response = send(guest, {"all.zip": data}) if in_form else send_zip(guest, data)
    assert response.status_code == 202, response.text
    batch = taken_in(guest, body(response))
    assert _names(batch) == ["b/x.png", "b/y.png"]
    assert {item["status"] for item in batch["items"]} == {"queued"}


def test_stored_pictures_become_jobs_at_once(guest: FlaskClient) -> None:
    asset = upload(guest)
    response = guest.post(
        PATH, json={"items": [{"assetId": asset["id"]}, {"assetId": asset["id"], "name": "../b.jpg"}]}
    )
    batch = body(response)
    assert _names(batch) == ["photo.jpg", "b.jpg"]
    assert [(item["assetId"], item["sha256"]) for item in batch["items"]] == [(asset["id"], asset["sha256"])] * 2
    assert batch["counts"]["queued"] == 2


def test_a_picture_that_is_refused_fails_alone_with_its_code(api: Api) -> None:
    guest = api.guest()
    files = {"good.png": pictures.png(), "words.txt": b"no picture", "moves.png": pictures.animated(), "": b""}
    batch = taken_in(guest, body(send(guest, files)))
    assert [(item["status"], (item["error"] or {}).get("code")) for item in batch["items"]] == [
        ("queued", None),
        ("failed", "unsupported_image"),
        ("failed", "animated_image"),
        ("failed", "unreadable_image"),
    ]
    assert batch["items"][3]["name"] == "picture"
    failed = body(guest.get(f"{batch['statusUrl']}?status=failed&limit=2"))
    assert ([item["position"] for item in failed["items"]], failed["nextCursor"]) == ([1, 2], "2")
    last = body(guest.get(f"{batch['statusUrl']}?status=failed&cursor={failed['nextCursor']}"))
    assert ([item["position"] for item in last["items"]], last["nextCursor"]) == ([3], None)


def test_a_batch_is_done_when_all_have_ended_and_shows_each_result(api: Api) -> None:
    guest = api.guest()
    batch = taken_in(guest, _created(guest))
    data = finish(api, api.claim())
    fail(api, api.claim())
    done = body(guest.get(batch["statusUrl"]))
    assert (done["status"], done["counts"]["done"], done["counts"]["failed"]) == ("done", 1, 1)
    good, bad = sorted(done["items"], key=lambda item: item["status"])
    assert guest.get(good["result"]["url"], buffered=True).data == data
    assert (bad["result"], bad["error"]) == (None, {"code": "unknown_foreground", "message": "Nothing stands out."})
    assert key_of(good["result"]["url"])
    guest.post(f"/api/jobs/{bad['jobId']}/retry")
    assert body(guest.get(batch["statusUrl"]))["status"] == "running"


def test_pictures_are_added_to_an_open_batch_until_it_is_closed(api: Api) -> None:
    guest = api.guest()
    made = body(guest.post(f"{PATH}?pictures=3", json={"items": []}))
    assert (made["status"], made["pictures"], made["items"]) == ("open", 3, [])
    first = body(send(guest, {"a.png": pictures.png()}, f"{made['statusUrl']}/items"))
    again = body(send(guest, {"A.png": pictures.png(shade=1)}, f"{made['statusUrl']}/items"))
    assert (_names(first), _names(again), again["items"][0]["position"]) == (["a.png"], ["A (2).png"], 1)
    refused(send(guest, some(2), f"{made['statusUrl']}/items"), 422, "batch_too_large")
    closed = body(guest.post(f"{made['statusUrl']}/close"))
    assert (closed["status"], len(closed["items"])) == ("running", 2)
    refused(send(guest, some(1), f"{made['statusUrl']}/items"), 409, "batch_closed")
    assert body(guest.post(f"{made['statusUrl']}/close"))["closedAt"] == closed["closedAt"]


def test_a_request_that_is_repeated_with_its_key_has_one_effect(guest: FlaskClient) -> None:
    upload(guest)  # gives the guest a token
    headers = {"Idempotency-Key": "k"}
    first, again = send(guest, some(2), headers=headers), send(guest, some(2), headers=headers)
    assert body(first)["id"] == body(again)["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    refused(send(guest, some(3), headers=headers), 422, "key_reused")
    items = f"{body(guest.post(f'{PATH}?pictures=9', json={'items': []}))['statusUrl']}/items"
    assert [_names(body(send(guest, some(1), items, headers={"Idempotency-Key": "i"}))) for _ in "ab"] == [
        ["0.png"]
    ] * 2
    assert _names(body(guest.get(items.removesuffix("/items")))) == ["0.png"]


def test_cancelling_ends_what_has_not_ended(api: Api) -> None:
    guest = api.guest()
    batch = taken_in(guest, _created(guest))
    finish(api, api.claim())
    cancelled = body(guest.post(f"{batch['statusUrl']}/cancel"))
    assert cancelled["status"] == "cancelled"
    assert {item["status"] for item in cancelled["items"]} == {"done", "cancelled"}
    assert body(guest.post(f"{batch['statusUrl']}/cancel"))["counts"] == cancelled["counts"]


def test_deleting_takes_along_what_came_with_the_batch_and_nothing_else(api: Api) -> None:
    guest = api.guest()
    mine = upload(guest, pictures.png(shade=0))  # is in the batch as well
    batch = taken_in(guest, _created(guest))
    assert batch["items"][0]["assetId"] == mine["id"]
    finish(api, api.claim())
    assert len(body(guest.get("/api/assets"))["items"]) == 3
    assert guest.delete(batch["statusUrl"]).status_code == 204
    assert [asset["id"] for asset in body(guest.get("/api/assets"))["items"]] == [mine["id"]]
    refused(guest.get(batch["statusUrl"]), 404, "not_found")
    assert body(guest.get("/api/jobs"))["items"][0]["status"] == "cancelled"


def test_batches_are_their_owner_s(api: Api) -> None:
    owner, other = api.guest(), api.guest()
    batch = _created(owner)
    upload(other)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/close"), ("POST", "/cancel"), ("GET", "/zip")):
        refused(other.open(batch["statusUrl"] + path, method=method), 404, "not_found")
    refused(send(other, some(1), f"{batch['statusUrl']}/items"), 404, "not_found")
    assert body(other.get(PATH))["items"] == body(api.guest().get(PATH))["items"] == []
    assert [one["id"] for one in body(owner.get(PATH))["items"]] == [batch["id"]]
    assert with_key(api, Scope.ADMIN).get(batch["statusUrl"]).status_code == 200


def test_what_no_batch_can_be_made_of_is_refused_whole(guest: FlaskClient) -> None:
    upload(guest)
    refused(guest.post(PATH, json={"items": []}), 400, "missing_file")
    refused(guest.post(PATH, data=b"x", content_type="image/png"), 400, "missing_file")
    refused(guest.post(PATH, data=b"", content_type="application/zip"), 400, "missing_file")
    refused(send(guest, {}), 400, "missing_file")
    refused(guest.post(PATH, data={"file": "text"}, content_type="multipart/form-data"), 400, "invalid_request")
    refused(guest.post(PATH, json={"items": [{}]}), 400, "invalid_request")
    refused(
        guest.post(PATH, json={"items": [{"assetId": str(uuid4()), "imageUrl": "https://a.example"}]}),
        400,
        "invalid_request",
    )
    missing = refused(guest.post(PATH, json={"items": [{"assetId": str(uuid4())}]}), 404, "not_found")
    assert missing["fields"].keys() == {"items.0.assetId"}
    refused(guest.post(PATH, json={"items": [{"imageUrl": "https://a.example"}] * 501}), 400, "invalid_request")
    refused(send(guest, some(1), f"{PATH}?bgAsset={uuid4()}"), 404, "not_found")
    refused(send(guest, some(2), f"{PATH}?pictures=1"), 422, "batch_too_large")
    assert refused(send_zip(guest, b"PK\x05\x06"), 422, "archive_refused") == {"reason": "damaged"}
    assert body(guest.get(PATH))["items"] == []


def test_a_batch_counts_its_pictures_before_work_begins(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "3/h")
    environment.setenv("RATE_LIMIT_PREMIUM_UPLOADS", "3/h")
    environment.setenv("QUOTA_UNFINISHED_JOBS", "9")
    api = start()
    guest, key = api.guest(), with_key(api, Scope.PREMIUM)
    assert refused(send(guest, some(4)), 422, "batch_too_large") == {}
    assert send(guest, some(2)).status_code == 202
    refused(send(guest, some(2)), 429, "rate_limited")
    assert send(guest, some(1)).status_code == 202
    refused(send(guest, some(1)), 429, "rate_limited")
    refused(send(key, some(10)), 429, "job_quota")
    assert send(key, some(7)).status_code == 202  # more than the limit, which is used up for two hours more
    answer = send(key, some(1))
    refused(answer, 429, "rate_limited")
    assert 7100 < int(answer.headers["Retry-After"]) <= 7200


def test_pictures_that_wait_count_as_unfinished_jobs(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("QUOTA_UNFINISHED_JOBS", "2")
    api = start()
    guest = api.guest()
    api.deps.ingestion.stop()
    assert send(guest, some(2)).status_code == 202
    refused(send(guest, {"z.png": pictures.png()}, "/api/cutouts"), 429, "job_quota")
    assert body(guest.get(PATH))["items"][0]["counts"]["waiting"] == 2


def test_files_larger_than_a_request_may_carry_are_refused(guest: FlaskClient) -> None:
    refused(send_zip(guest, bytes(22 << 20)), 413, "body_too_large")


def test_a_batch_is_forgotten_with_its_owner_s_pictures(api: Api) -> None:
    guest = api.guest()
    kept, batch = cut_out(guest), taken_in(guest, _created(guest))
    maintenance = Maintenance(api.deps.database, api.deps.storage, Retention(GUEST_RETENTION_DAYS=30))
    assert maintenance.forget_batches() == 0
    with api.deps.database.transaction() as connection:
        connection.execute("update batches set created_at = now() - interval '31 days'")
    assert maintenance.forget_batches() == 1
    refused(guest.get(batch["statusUrl"]), 404, "not_found")
    assert guest.get(kept["statusUrl"]).status_code == 200
    assert UUID(batch["id"]).version == 7
