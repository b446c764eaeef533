"""Quotas: how much a caller may store and queue, and how far concurrent requests can exceed it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask.testing import FlaskClient

from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from services.worker.maintenance import Maintenance
from shared.db import api_keys
from shared.models.owner import Scope
from shared.settings import Retention
from tests.databases import Databases
from tests.services import pictures
from tests.services.api.client import bearer, cut_out, refused, send, upload
from tests.services.api.conftest import Api, Start

_MB = 1_000_000


@pytest.fixture
def api(start: Start, environment: pytest.MonkeyPatch) -> Api:
    environment.setenv("QUOTA_STORED_MB", "1")
    environment.setenv("QUOTA_UNFINISHED_JOBS", "2")
    return start()


@pytest.fixture
def guest(api: Api) -> FlaskClient:
    return api.guest()


def _fill(api: Api, used: int) -> None:
    """Set the size of the stored picture."""
    _say(api, "update assets set stored_bytes = %s", used)


def _say(api: Api, statement: str, *values: object) -> None:
    with api.deps.database.transaction() as connection:
        connection.execute(statement.encode(), values)


def _objects(api: Api) -> dict[str, int]:
    """The stored objects with their sizes."""
    root = api.deps.settings.storage.data_dir / "objects"
    return {path.name: path.stat().st_size for path in root.rglob("*") if path.is_file()}


def _remove_deleted(api: Api) -> None:
    """Let a week pass."""
    _say(api, "update assets set deleted_at = deleted_at - interval '8 days'")
    Maintenance(api.deps.database, api.deps.storage, Retention()).prune()


def _order(guest: FlaskClient, asset_id: str) -> int:
    return guest.post("/api/jobs", json={"assetId": asset_id, "type": "cutout"}).status_code


def test_a_caller_over_its_storage_quota_is_refused_until_its_deleted_pictures_are_removed(
    api: Api, guest: FlaskClient
) -> None:
    asset = upload(guest)
    _fill(api, _MB - 10)
    for path in ("/api/uploads", "/api/cutouts"):
        details = refused(send(guest, path, pictures.png()), 413, "storage_quota")
        assert details == {"quotaBytes": _MB, "usedBytes": _MB - 10}
    upload(api.guest(), pictures.png())  # another guest
    assert guest.delete(f"/api/assets/{asset['id']}").status_code == 204
    refused(send(guest, "/api/uploads", pictures.png()), 413, "storage_quota")
    _remove_deleted(api)
    upload(guest, pictures.png())


def test_a_refused_picture_is_not_stored(api: Api, guest: FlaskClient, environment: pytest.MonkeyPatch) -> None:
    upload(guest)
    _fill(api, _MB)
    before = _objects(api)
    refused(send(guest, "/api/cutouts", pictures.png()), 413, "storage_quota")
    assert _objects(api) == before


def test_an_object_with_several_rows_counts_once(api: Api, guest: FlaskClient) -> None:
    upload(guest)
    _fill(api, _MB // 2)
    with api.deps.database.transaction() as connection:
        connection.execute(
            """insert into assets (id, owner_type, owner_id, kind, key, sha256, content_type, width, height, bytes,
                stored_bytes)
            select gen_random_uuid(), owner_type, owner_id, 'cutout', key, sha256, content_type, width, height, bytes,
                stored_bytes
            from assets"""
        )
    upload(guest, pictures.png())


def test_a_caller_over_its_job_quota_is_refused_until_a_job_ends(api: Api, guest: FlaskClient) -> None:
    accepted, asset = cut_out(guest), upload(guest)
    assert _order(guest, asset["id"]) == 202
    for response in (
        send(guest, "/api/cutouts", pictures.jpeg()),
        guest.post("/api/jobs", json={"assetId": asset["id"], "type": "cutout"}),
    ):
        assert refused(response, 429, "job_quota") == {"quotaJobs": 2, "unfinishedJobs": 2}
        assert int(response.headers["Retry-After"]) > 1
    cut_out(api.guest())
    assert guest.delete(accepted["statusUrl"]).status_code == 200
    assert _order(guest, asset["id"]) == 202
    refused(guest.post(f"{accepted['statusUrl']}/retry"), 429, "job_quota")


def test_concurrent_requests_exceed_a_quota_by_at_most_their_number(api: Api, guest: FlaskClient) -> None:
    asset, token = upload(guest), bearer(guest)

    def order(_: int) -> int:
        payload = {"assetId": asset["id"], "type": "cutout"}
        return api.app.test_client().post("/api/jobs", json=payload, headers=token).status_code

    with ThreadPoolExecutor(4) as callers:
        statuses = Counter(callers.map(order, range(24)))
    assert 2 <= statuses[202] <= 2 + 3
    assert statuses[202] + statuses[429] == 24


def test_quotas_are_counted_from_indexes(databases: Databases) -> None:
    with psycopg.connect(databases.lasting()) as connection:  # a new database: plans depend on statistics
        connection.execute("set local enable_seqscan = off")
        connection.execute("set local enable_bitmapscan = off")
        rows = connection.execute(
            """explain select max(coalesce(stored_bytes, bytes)) from assets
            where owner_type = 'guest' and owner_id = 'x' group by key
            union all select sum(bytes) from incoming
            where owner_type = 'guest' and owner_id = 'x' and asset_id is null"""
        ).fetchall()
    for index in ("assets_stored", "incoming_open"):
        assert f"Index Only Scan using {index}" in str(rows)


def test_without_quotas_nothing_is_refused(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("QUOTA_STORED_MB", "0")
    environment.setenv("QUOTA_UNFINISHED_JOBS", "0")
    api = start()
    guest = api.guest()
    cut_out(guest)
    _fill(api, 10**12)
    cut_out(guest)


def test_a_key_has_a_storage_quota_of_its_own(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("QUOTA_STORED_MB", "1")
    environment.setenv("QUOTA_KEY_STORED_MB", "2")
    api, key = start(), make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "some shop", Scope.PREMIUM, digest(key))
    client, headers = api.app.test_client(use_cookies=False), {API_KEY: key}
    upload(client, headers=headers)
    _fill(api, _MB)
    upload(client, pictures.png(), headers=headers)
    _fill(api, _MB)  # of each
    details = refused(send(client, "/api/uploads", pictures.png(shade=9), headers=headers), 413, "storage_quota")
    assert details == {"quotaBytes": 2 * _MB, "usedBytes": 2 * _MB}
