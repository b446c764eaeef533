"""Idempotency-Key: a repeated request has one effect and gets the first response."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.assets.url_signing import ASSET_S
from services.api.middleware import idempotency
from services.api.shop_routes import SHOP
from services.api.webhook_routes import WEBHOOKS
from shared import errors, timeouts
from shared.db.pool import Database
from tests.services import pictures
from tests.services.api.client import body, refused, send, upload
from tests.services.api.conftest import Api

KEY = {"Idempotency-Key": "8a1f0c"}


def _execute(api: Api, statement: str) -> list[dict[str, Any]]:
    with api.deps.database.transaction() as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _jobs(api: Api) -> int:
    return int(_execute(api, "select count(*) as jobs from jobs")[0]["jobs"])


def _cut_out(guest: FlaskClient, data: bytes | None = None, token: dict[str, str] | None = None) -> TestResponse:
    return send(guest, "/api/cutouts", data or pictures.jpeg(), headers={**KEY, **(token or {})})


@pytest.fixture
def known(api: Api) -> FlaskClient:
    """A guest with a token; without one, keys have no effect."""
    guest = api.guest()
    upload(guest, pictures.png(shade=9))
    return guest


def _same(first: TestResponse, again: TestResponse) -> None:
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers.get("Location") == first.headers.get("Location")
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Cache-Control"] == "no-store"
    assert again.content_type == "application/json"


def test_a_cut_out_requested_twice_is_one_job_whatever_the_content_type(api: Api, known: FlaskClient) -> None:
    first = _cut_out(known)
    _same(first, _cut_out(known))
    wrapped = known.post("/api/cutouts", data=pictures.jpeg(), content_type="image/jpeg", headers=KEY)
    _same(first, wrapped)
    assert _jobs(api) == 1


def test_repeated_uploads_and_jobs_get_the_first_response(api: Api, known: FlaskClient) -> None:
    first = send(known, "/api/uploads", pictures.jpeg(), headers=KEY)
    assert first.status_code == 201
    _same(first, send(known, "/api/uploads", pictures.jpeg(), headers=KEY))
    payload = {"assetId": body(first)["id"], "type": "cutout"}
    made = known.post("/api/jobs", json=payload, headers={"Idempotency-Key": "another"})
    _same(made, known.post("/api/jobs", json=dict(reversed(payload.items())), headers={"Idempotency-Key": "another"}))
    assert _jobs(api) == 1


def test_a_repeated_upload_signs_its_address_afresh(
    api: Api, known: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = body(send(known, "/api/uploads", pictures.jpeg(), headers=KEY))
    later_s = time.time() + 3 * ASSET_S
    monkeypatch.setattr("services.api.assets.url_signing.time.time", lambda: later_s)
    again = body(send(known, "/api/uploads", pictures.jpeg(), headers=KEY))
    refused(known.get(first["url"]), 403, "forbidden")
    assert known.get(again["url"], buffered=True).status_code == 200
    assert {**again, "url": ""} == {**first, "url": ""}
    _execute(api, "update idempotency_keys set body = regexp_replace(body, '/[0-9]+-[0-9a-f]+\"', '\"')")
    assert body(send(known, "/api/uploads", pictures.jpeg(), headers=KEY)) == again  # recorded by an earlier release


def test_a_key_belongs_to_one_caller_and_one_request(api: Api, known: FlaskClient) -> None:
    first = _cut_out(known)
    refused(_cut_out(known, pictures.png()), 422, "key_reused")
    refused(send(known, "/api/uploads", pictures.jpeg(), headers=KEY), 422, "key_reused")
    other = api.guest()
    upload(other, pictures.png(shade=9))
    theirs = _cut_out(other)
    assert theirs.status_code == 202
    assert body(theirs)["id"] != body(first)["id"]
    assert "Idempotent-Replayed" not in theirs.headers
    _same(first, _cut_out(known))


def test_of_concurrent_requests_one_works_and_the_others_get_a_conflict(api: Api, known: FlaskClient) -> None:
    cookie = known.get_cookie("session")
    assert cookie
    token = {"Authorization": f"Bearer {cookie.value}"}
    with ThreadPoolExecutor(8) as pool:  # each thread with its own client: they are not thread-safe
        said = list(pool.map(lambda _: _cut_out(api.app.test_client(use_cookies=False), token=token), range(30)))
    assert _jobs(api) == 1
    assert {response.status_code for response in said} <= {202, 409}
    for response in said:
        if response.status_code == 409:
            refused(response, 409, "request_in_progress")
    assert len({response.data for response in said if response.status_code == 202}) == 1
    assert sum("Idempotent-Replayed" not in response.headers for response in said if response.status_code == 202) == 1


def test_a_failure_is_not_recorded_and_releases_the_key(
    api: Api, known: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(_cut_out(known, b"no picture"), 415, "unsupported_image")
    with monkeypatch.context() as broken:
        broken.setattr(type(api.deps.storage), "put", _refusing)
        refused(_cut_out(known), 503, "unavailable")
    assert _execute(api, "select key from idempotency_keys") == []
    assert _cut_out(known).status_code == 202


def _refusing(*_: object) -> None:
    raise errors.Unavailable


def test_a_key_is_released_when_the_database_comes_back(
    api: Api, known: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "RELEASE_EVERY_S", 0.05)
    put, pool = type(api.deps.storage).put, api.deps.database._pool

    def cut_off(*given: Any) -> None:
        put(*given)
        pool.close()  # as if Postgres had gone between the claim and the effect

    with monkeypatch.context() as away:
        away.setattr(type(api.deps.storage), "put", cut_off)
        refused(_cut_out(known), 503, "unavailable")
    reopened = Database(api.deps.settings.database.url.get_secret_value())
    reopened.open()
    monkeypatch.setattr(api.deps.database, "_pool", reopened._pool)
    until = time.monotonic() + 20
    while _execute(api, "select key from idempotency_keys") and time.monotonic() < until:
        time.sleep(0.02)
    assert _cut_out(known).status_code == 202
    assert _jobs(api) == 1
    reopened.close()


def test_presigning_and_retrying_honour_the_key(api: Api, known: FlaskClient) -> None:
    announced = {"contentType": "image/png", "bytes": 9}
    first = known.post("/api/uploads/presign", json=announced, headers=KEY)
    assert first.status_code == 201
    _same(first, known.post("/api/uploads/presign", json=announced, headers=KEY))
    assert _execute(api, "select count(*) as announced from incoming") == [{"announced": 1}]
    job = body(_cut_out(known, token={"Idempotency-Key": "cut"}))["id"]
    known.delete(f"/api/jobs/{job}")
    again = known.post(f"/api/jobs/{job}/retry", headers={"Idempotency-Key": "retry"})
    assert again.status_code == 202
    known.delete(f"/api/jobs/{job}")
    _same(again, known.post(f"/api/jobs/{job}/retry", headers={"Idempotency-Key": "retry"}))
    assert _execute(api, "select status from jobs") == [{"status": "cancelled"}]


def test_a_request_that_died_holds_its_key_for_a_minute(api: Api, known: FlaskClient) -> None:
    assert timeouts.REQUEST_S < timeouts.IDEMPOTENCY_LOCK_S <= 60
    _cut_out(known)
    _execute(
        api, "update idempotency_keys set status = null, body = null; delete from jobs"
    )  # as if it had died before its commit
    answer = _cut_out(known)
    refused(answer, 409, "request_in_progress")
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    _execute(api, "update idempotency_keys set locked_until = locked_until - interval '60 seconds'")
    refused(_cut_out(known, pictures.png()), 422, "key_reused")
    assert _cut_out(known).status_code == 202
    assert _jobs(api) == 1


def test_a_request_that_lost_its_key_has_no_effect(
    api: Api, known: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = type(api.deps.storage).put

    def slow(*given: Any) -> None:
        put(*given)
        _execute(api, "update idempotency_keys set claim = gen_random_uuid()")

    with monkeypatch.context() as late:
        late.setattr(type(api.deps.storage), "put", slow)
        refused(_cut_out(known), 409, "request_in_progress")
    assert _jobs(api) == 0


def test_an_invalid_key_is_refused(known: FlaskClient) -> None:
    for key in ("", " ", "x" * 256, "a b", "clé", "a\tb"):
        headers = {"Idempotency-Key": key}
        refused(send(known, "/api/cutouts", pictures.jpeg(), headers=headers), 400, "invalid_request")
        details = refused(send(known, "/api/uploads", pictures.jpeg(), headers=headers), 400, "invalid_request")
        assert set(details["fields"]) == {"Idempotency-Key"}
        refused(known.post("/api/jobs", json={}, headers=headers), 400, "invalid_request")


def test_the_longest_allowed_key_works(known: FlaskClient) -> None:
    headers = {"Idempotency-Key": "~" * 255}
    first = send(known, "/api/cutouts", pictures.jpeg(), headers=headers)
    _same(first, send(known, "/api/cutouts", pictures.jpeg(), headers=headers))


def test_every_post_with_an_effect_documents_the_key(guest: FlaskClient) -> None:
    paths = body(guest.get("/openapi.json"))["paths"]
    # None of the shop's routes and of webhooks takes one: a version, a token or a list shows what has arrived.
    listed = {route.name for routes in (*SHOP.values(), WEBHOOKS) for route in routes}
    posts = {path: item["post"] for path, item in paths.items() if "post" in item}
    posts = {path: post for path, post in posts.items() if post["operationId"] not in listed}
    without = {path for path, post in posts.items() if "Idempotency-Key" not in str(post.get("parameters"))}
    repeatable = {f"/api/batches/{{batch_id}}/{verb}" for verb in ("close", "cancel")}
    assert without == repeatable | {"/api/assets/{asset_id}/link"}  # which changes nothing
